"""The values that pages of the record are drawn from: history, audit, sandboxes, how we do.

Times are UNIX seconds, as in `shapes`.
"""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.web.views.shapes import Headline


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxShown:
    """A sandbox, as the server's own ledger knows it; costs in US dollars, None where nobody knows the price.

    Attributes:
        target: account/region/name, which no other sandbox has.
    """

    target: str
    name: str
    application: str
    account: str
    region: str
    owner: str
    branch: str
    commit: str
    state: str
    fresh: bool
    created: float
    used: float
    expires: float
    over: bool
    cost_so_far: float | None
    cost_to_come: float | None
    hourly: float | None
    unpriced: tuple[str, ...]
    faults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandboxes:
    """All sandboxes that are not gone, those whose lease has ended first; `trouble` says why there are none to tell."""

    all: tuple[SandboxShown, ...]
    hourly: float
    so_far: float
    unknown: bool
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something that a person, or a program with a token, said or did.

    Attributes:
        via: command line, page, token; "" where the journal alone tells, which does not know it.
        refused: the code of what came of it where it was not done.
    """

    at: float
    by: str
    what: str
    why: str
    application: str
    release: str
    via: str
    refused: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StayShown:
    """A revision that was all there was on a target, for a while; `until` is None while it is live."""

    release: str
    commit: str
    subject: str
    by: str
    since: float
    until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What was live on a target, oldest first."""

    target: str
    place: str
    stays: tuple[StayShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhereShown:
    """Where a commit is: targets whose live revision contains it, and those whose does not."""

    application: str
    live: tuple[Lane, ...]
    away: tuple[Lane, ...]
    carried_by: tuple[Headline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of how a team delivers, with what it means.

    Attributes:
        value: in words; "" when there is nothing to tell it from.
        note: of how many it is, and what it leaves out.
        trend: for equal parts of the time, oldest first; None where there is nothing to tell it from.
        marks: the trend's values in words.
        less: whether less is better.
    """

    name: str
    value: str
    meaning: str
    note: str
    trend: tuple[float | None, ...]
    marks: tuple[str, ...]
    less: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """A pipeline's figures in a line."""

    application: str
    deployments: int
    lead: str
    failures: int
    rate: str
    recovery: str
    trend: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HowWeDo:
    """How a pipeline, or all of them (""), delivered over some days."""

    application: str
    days: int
    start: float
    end: float
    figures: tuple[Figure, ...]
    pipelines: tuple[Delivering, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmShown:
    """What releases that were sent back for harm did over some days, and did not do; see `app.past.spared.Harm`.

    Attributes:
        releases: how many reached customers and were sent back; `mistaken` of them harmed nobody.
        looked: how many, the newest, the rest is told from; somebody counted requests of `counted` of them.
        most: median of the largest share of customers that one served; None where there is none.
        done, spared: requests that failed or were slow, and further ones that would have; None where nobody counted.
    """

    start: float
    end: float
    releases: int
    mistaken: int
    looked: int
    counted: int
    most: float | None
    done: float | None
    spared: float | None
