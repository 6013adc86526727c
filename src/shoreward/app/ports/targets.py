"""What is done on a target: its stack or its values, its traffic, and the first answers of a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shoreward.domain import Difference, Pipeline, Probe, Revision, Snapshot, Staged, StagedFunction, Target


class StackManager(Protocol):
    """The stack of a target."""

    def inspect(self, pipeline: Pipeline, target: Target, revision: Revision) -> Snapshot:
        """Look at a target before touching it; changes nothing."""
        ...

    def preview(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot) -> Staged:
        """What `stage` would change: a change set that is created, read and deleted. Candidates are unknown ('')."""
        ...

    def stage(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Staged:
        """Publish the revision's versions while every alias stays at the version in the snapshot.

        Uploads artifacts that the target's region does not have. Refuses (Terminal, STATEFUL_REPLACEMENT) a change
        set that replaces or deletes a stateful resource that the pipeline does not allow. `key` is the effect's
        idempotency key.
        """
        ...

    def finish(self, pipeline: Pipeline, target: Target, revision: Revision, staged: Staged, key: str) -> None:
        """Apply the stack's own template (aliases unpinned), so that stack and reality agree."""
        ...

    def restore(
        self,
        pipeline: Pipeline,
        target: Target,
        snapshot: Snapshot,
        staged: Staged | None,
        key: str,
        *,
        revision: Revision | None = None,
    ) -> tuple[Difference, ...]:
        """Bring the stack back to its snapshot; a stack that did not exist is deleted, if the release made it.

        Ends without drift. Returns what somebody else had made of it meanwhile, as far as `revision`, what the release
        brought, tells: it was gone over, or is left where nothing of the release is.
        """
        ...


class ValueWriter(Protocol):
    """The values of a target's configuration, which its customers' functions read."""

    def write(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> None:
        """Write the revision's values over those of the snapshot, and delete what the revision has no more.

        What cannot be split is written at once; AppConfig may hand it out to more and more clients, and goes on with
        that afterwards. Raises `Terminal` (CONFIGURATION_CHANGED), before anything is written, when a value is neither
        as it was nor as it should be. `key` is the effect's idempotency key.
        """
        ...


class TrafficRouter(Protocol):
    """The aliases of a target's functions, moved together."""

    def shift(self, target: Target, functions: Sequence[StagedFunction], percent: float, expected: float) -> None:
        """Send `percent` of the traffic to the candidates (100: the alias itself moves to them).

        Raises `Terminal` (ALIAS_MOVED) when an alias is neither at `expected` percent nor already at `percent`.
        """
        ...

    def restore(self, target: Target, functions: Sequence[StagedFunction]) -> tuple[Difference, ...]:
        """All traffic back to the baselines, at once, whatever the aliases say now.

        Returns where they were, of those that somebody else had moved.
        """
        ...


class Prober(Protocol):
    """Synthetic requests to versions that have no traffic."""

    def probe(self, target: Target, function: StagedFunction, probe: Probe | None) -> str | None:
        """Invoke the candidate directly; None when it answered as expected, else what was wrong.

        With no probe defined the version is only asked to start (it must be Active and import without an error).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a function answered a synthetic request.

    Attributes:
        version: the version that answered; "" when nobody can tell.
        wrong: what was wrong with an answer that the platform takes for a good one, or None.
    """

    version: str
    wrong: str | None = None


class Asker(Protocol):
    """Synthetic requests through an alias, as customers come."""

    def ask(self, target: Target, function: StagedFunction, probe: Probe) -> Answered:
        """Send the probe through the function's alias, once. Raises when it could not be sent."""
        ...


class Synthesizer(Protocol):
    """Keeps synthetic requests going."""

    def keep_up(
        self, target: Target, functions: Sequence[StagedFunction], probes: Sequence[Probe], lasting: float
    ) -> None:
        """Send the probes that ask for it (`Probe.every`) on for `lasting` seconds; asking again prolongs."""
        ...
