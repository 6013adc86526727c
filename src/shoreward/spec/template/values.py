"""What reading and rendering a template yields: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shoreward.domain import LambdaFunction, Place
from shoreward.spec.template.plain import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that rendering decided, or that a person should know before deploying.

    Attributes:
        code: upper-case words joined by underscores, stable over releases.
        text: one or two sentences.
        resource: logical id of the resource it is about, if it is about one.
    """

    code: str
    text: str
    resource: str | None = None
    where: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Local code that a function or a layer is made of.

    Attributes:
        source: the file or folder, relative to the repository's root ('' is the root itself).
        runtime: Lambda's name of the runtime, such as python3.12; '' for a layer that names none.
        handler: as the template has it; '' for a layer.
        architecture: x86_64 or arm64.
        method: the template's BuildMethod, 'skip' where it has SkipBuild, or '' where it says nothing.
        properties: the template's BuildProperties.
        layered: whether the function uses layers, in which its handler may be.
        where, handler_where: places in the template to blame.
    """

    logical_id: str
    kind: Literal["function", "layer"]
    source: str
    runtime: str
    handler: str
    architecture: str
    method: str
    properties: dict[str, Json] = field(default_factory=dict[str, Json])
    layered: bool = False
    where: Place
    handler_where: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A CloudFormation template that needs no transform any more.

    Attributes:
        template: the template; artifacts are at {domain.BUCKET, "<digest>.zip"}.
        functions: those with an alias, whose traffic can be split, sorted by logical id.
        assets: what was built for it.
        notes: what was changed or decided, in the order of the resources.
    """

    template: dict[str, Json]
    functions: tuple[LambdaFunction, ...]
    assets: tuple[Asset, ...]
    notes: tuple[Note, ...]
