"""What is sent to the API, and what it answers to commands; shared with the client, so that the two cannot differ."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Why = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1_000,
        pattern=r"\S",
        description="Why; the journal keeps it.",
        examples=["the database is being moved"],
    ),
]
Wave = Annotated[str, Field(max_length=200, description="A wave, by name.", examples=["one box"])]
Target = Annotated[
    str, Field(max_length=400, description="account/region/stack, account/region, or region.", examples=["eu-north-1"])
]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Rev = Annotated[
    str,
    Field(min_length=1, max_length=400, pattern=r"^[^-]", description="A branch, tag or commit.", examples=["main"]),
]
Application = Annotated[str, Field(max_length=200, description="A pipeline; every one when it is empty.")]
Moment = Annotated[float, Field(description="UNIX seconds.", examples=[1_798_070_400.0])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Reason(_Body):
    """Why somebody steps in."""

    why: Why


class Part(Reason):
    """What of a release is meant: a wave or a target; all of it when neither is named."""

    wave: Wave = ""
    target: Target = ""


class OnTarget(Reason):
    """The target that is meant."""

    target: Annotated[Target, Field(min_length=1)]


class AtGate(Reason):
    """The gate that is meant, of a wave: the one that the release is in, or comes to next, when none is named."""

    gate: Annotated[Name, Field(description="By name; a person's freeze is `freeze/NAME`.", examples=["approval"])]
    wave: Wave = ""


class OfCommit(Reason):
    """The commit that is meant."""

    commit: Rev


class About(Reason):
    """The pipeline that is meant."""

    application: Application = ""


class Freeze(About):
    """A time in which nothing enters a wave or a target."""

    name: Name
    start: Moment
    end: Moment


class Value(Reason):
    """A variable's value."""

    value: Annotated[str, Field(max_length=1_000)]


class OfPerson(Reason):
    """The person that is meant, as the journal calls them."""

    who: Annotated[Name, Field(examples=["ada@example.com"])]


class Ended(BaseModel):
    """How many sessions were ended."""

    sessions: int


class Begin(_Body):
    """What is to be released, and why it may go although it is in quarantine."""

    rev: Rev
    despite: Annotated[str, Field(max_length=1_000)] = ""


class Opened(BaseModel):
    """The release that was opened, or is under way with the same commit already."""

    id: Annotated[str, Field(examples=["sandcastles-12"])]


class Problem(BaseModel):
    """What is wrong, and what to do about it (`application/problem+json`)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    where: str = ""
    next: str = ""
