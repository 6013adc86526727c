"""Revisions and what they become on a target."""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.domain.target import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A deterministic zip, named by its content.

    Attributes:
        digest: sha256 of the zip, hexadecimal; `{digest}.zip` is its key in every artifact bucket.
        size: bytes.
        used_by: logical ids of the resources (functions, layers) that carry it.
    """

    digest: str
    size: int
    used_by: tuple[str, ...]

    @property
    def key(self) -> str:
        """The object's key in an artifact bucket."""
        return f"{self.digest}.zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunction:
    """A function of a revision, as its rendered template names it (logical ids)."""

    logical_id: str
    alias: str
    alias_id: str
    version_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Immutable digest of rendered template and artifacts, with the commit it was made from.

    Attributes:
        digest: sha256 over template, artifacts and parameters, hexadecimal.
        template: blob digest of the rendered CloudFormation template (JSON). Where it names an artifact, its bucket
            is the placeholder `domain.revision.BUCKET`, filled in per target.
    """

    digest: str
    commit: str
    template: str
    functions: tuple[LambdaFunction, ...]
    artifacts: tuple[Artifact, ...]


BUCKET = "shoreward-artifact-bucket"
"""Stands for a target's artifact bucket in a revision's template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingFunction:
    """What an alias served when a target was inspected.

    Attributes:
        logical_id: the function's logical id in the template.
        name: the function's physical name.
        version: the version that the alias points to.
        code: sha256 of that version's code as Lambda reports it (base64): what identifies it, since versions are
            renumbered.
    """

    logical_id: str
    name: str
    alias: str
    version: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A target as it was before the release touched it: what a rollback returns to.

    Attributes:
        exists: whether the stack was there.
        template: blob digest of the template that the stack was made from, or None when it did not exist.
        tags: the stack's tags.
    """

    exists: bool
    template: str | None = None
    parameters: Parameters = ()
    tags: Parameters = ()
    functions: tuple[ServingFunction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a change set.

    Attributes:
        action: Add, Modify, Remove, Retain (it leaves the stack but is kept) or Dynamic (not known before).
        replacement: True, False or Conditional, as CloudFormation says it.
    """

    action: str
    logical_id: str
    type: str
    replacement: str = "False"


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFunction:
    """A function whose new version is published beside the one that serves.

    Attributes:
        baseline: the serving version, or None when the function is new on this target.
        candidate: the version that the revision published; equal to baseline when the release does not change it.
    """

    logical_id: str
    name: str
    alias: str
    baseline: str | None
    candidate: str

    @property
    def shifts(self) -> bool:
        """Whether traffic can be split between the two."""
        return self.baseline is not None and self.baseline != self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What staging left on a target."""

    functions: tuple[StagedFunction, ...]
    changes: tuple[Change, ...] = ()

    @property
    def shifting(self) -> tuple[StagedFunction, ...]:
        """The functions whose traffic is split."""
        return tuple(function for function in self.functions if function.shifts)
