"""The ports: what the use cases ask of the outside world.

Each is a role with the smallest face that serves it. Every method that acts looks at the world first, so that asking
twice is harmless: a crash between an act and its record costs nothing but the second look.
All may raise `Retryable` or `Terminal`; nothing else that is expected to happen is an exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from shoreward.app.interruption import Interruption
from shoreward.core import Event
from shoreward.core.control import Order
from shoreward.core.events import ReleaseOpened
from shoreward.core.header import Header
from shoreward.domain import (
    Checked,
    Difference,
    Finding,
    GateAnswer,
    Hook,
    Judged,
    Metric,
    Pipeline,
    Probe,
    Query,
    Revision,
    Snapshot,
    Staged,
    StagedFunction,
    Target,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """UNIX seconds, UTC."""
        ...


class Blobs(Protocol):
    """Content-addressed bytes that must outlive a crash: templates, reports, manifests."""

    def put(self, content: bytes) -> str:
        """Keep the content; returns its sha256, hexadecimal."""
        ...

    def get(self, digest: str) -> bytes:
        """The content; raises `Terminal` when it is not there."""
        ...


class Builder(Protocol):
    """Makes a revision of a commit."""

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        """Render the template and build the artifacts of a commit.

        The same commit gives the same digests, byte for byte. Raises `SpecError` when the template or the code
        cannot be built. It may be interrupted as a `Checker` may.
        """
        ...


class ArtifactStore(Protocol):
    """Finished artifacts on this machine."""

    def open(self, digest: str) -> bytes:
        """The zip; raises `Terminal` (ARTIFACT_MISSING) when it is not there, or is not what its digest says."""
        ...


class Checker(Protocol):
    """Finds out, before a customer is touched, whether a change may go to production."""

    def check(
        self, pipeline: Pipeline, revision: Revision, commit: str, base: str | None, interruption: Interruption
    ) -> Checked:
        """Come to a verdict on a revision.

        Args:
            base: the commit that was live when the release was opened, which the change is compared with.
            interruption: used when nobody waits for the verdict any more. Then all that was begun for it is ended at
                once, and `Abandoned` is raised.

        A mistake in the change is a FAIL. A check that could not look makes the verdict an ERROR, with why in its
        result; so does raising `Retryable`. Verdicts that are kept are taken. `Checked.revision` is what the checks
        built and tried, not what they were told; the whole report is kept as a blob; `Checked.manifest` is left empty.
        """
        ...


class Advisor(Protocol):
    """Knows the advisories of the day."""

    def revoked(
        self, pipeline: Pipeline, revision: Revision, checked: Checked, interruption: Interruption
    ) -> tuple[Finding, ...]:
        """What revokes a pass: findings about vulnerabilities that would fail the checks now, waived ones left out.

        It may be interrupted as a `Checker` may.
        The same advisory on the same package has the same `rule` and `subject` whenever it is asked for. Raises
        `Retryable` or `Terminal` when it cannot tell, a database that is too old included; never answers in doubt.
        """
        ...


class Signer(Protocol):
    """Signs statements about revisions, and knows whose signatures count."""

    def sign(self, payload: bytes) -> bytes:
        """A DSSE envelope (JSON) around an in-toto statement.

        Raises `Terminal` (SIGNING_KEY_EXPOSED, SIGNING_KEY_INVALID).
        """
        ...

    def verify(self, envelope: bytes, commit: str) -> bytes:
        """The payload, when whoever signed it is trusted: this machine, and those whose keys the commit names.

        The commit is asked, and not what a journal says of its pipeline: who writes to a journal could name himself.
        Raises `Terminal`: SIGNER_UNKNOWN when nobody who is trusted signed it, MANIFEST_INVALID when it is not what
        they signed.
        """
        ...


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


@dataclass(frozen=True, slots=True)
class Stream:
    """A function's version behind an alias, whose requests are counted; "" is whatever version served them."""

    function: str
    alias: str
    version: str


@dataclass(frozen=True, slots=True)
class Samples:
    """Counts per interval: arrays of shape (intervals,), zero where the source reported nothing."""

    requests: NDArray[np.float64]
    errors: NDArray[np.float64]
    throttles: NDArray[np.float64]


class MetricSource(Protocol):
    """Counts of requests and failures, and how long requests took; [start, end) in intervals of `period` seconds."""

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        """Counts for [start, end) in intervals of `period` seconds; both ends are multiples of it."""
        ...

    def latencies(
        self,
        target: Target,
        streams: Sequence[Stream],
        levels: Sequence[float],
        *,
        start: float,
        end: float,
        period: int,
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """Quantiles of each interval's latencies in milliseconds: (levels, intervals), NaN where nothing is known."""
        ...

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """Requests that took longer than each of a stream's limits, in milliseconds: (limits, intervals)."""
        ...


class SeriesSource(Protocol):
    """Values of metrics beside those that Lambda counts: a team's own, and what both revisions of a target share."""

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, NDArray[np.float64]]:
        """Values in [start, end) by intervals of `period` seconds: (intervals,), NaN where there is none.

        Nothing is left to be filled in in the queries, and each is read once, however often it is named. Values that
        came late, or were corrected, are what they are now. Raises `Retryable` (METRICS_INCOMPLETE) when only a part
        could be read: a hole is no value.
        """
        ...


class Survey(Protocol):
    """Finds metrics that both revisions of a target share."""

    def shared(self, target: Target) -> Sequence[Metric]:
        """Those of the resources that its stack has now; none when there is no stack.

        The same resource has the same `name` and `function` on every target. Nothing is left to be filled in.
        """
        ...

    def judged(self, target: Target, judged: Judged) -> Sequence[Metric]:
        """Those of a stack, or a function, that reads a configuration; errors and latency of functions are among them.

        Raises `Terminal` (JUDGED_MISSING) when there is no such thing on the target.
        """
        ...


class AlarmSource(Protocol):
    """Alarms that a team named."""

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        """The names that are in ALARM now. Raises `Terminal` (ALARM_MISSING) for one that does not exist."""
        ...

    def firing_like(self, target: Target, prefix: str) -> tuple[str, ...]:
        """Names that begin so and are in ALARM now. Raises `Terminal` (ALARM_MISSING) when no alarm's name does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a hook is asked.

    Attributes:
        target: where a function is called; the wave's one-box when the question is about all of a wave.
        body: a JSON object: which release, which gate, where, and what is new there.
        key: the same for the same gate of the same release, however often it is asked.
    """

    target: Target
    body: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a hook says; `why` is in its own words."""

    answer: GateAnswer
    why: str = ""


class Hooks(Protocol):
    """Somebody outside who is asked whether a gate is open."""

    def ask(self, hook: Hook, question: Question) -> Reply:
        """Ask once, for `hook.timeout` seconds at most.

        An answer that is none is never taken for one: it raises `Retryable` (HOOK_UNCLEAR), as silence does
        (HOOK_SILENT). Raises `Terminal` (HOOK_REFUSED, HOOK_SECRET_MISSING, and what AWS says of a function) when
        asking again changes nothing.
        """
        ...


class Conflict(Exception):
    """Somebody else appended to the release in between: load again and think again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event in its place: `seq` counts from 1 within its release."""

    seq: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of any release, in the order in which a journal got to know of all of them.

    Attributes:
        id: grows from event to event, with gaps.
    """

    id: int
    release: str
    seq: int
    event: Event


Addition = tuple[int, Sequence[Event]]
"""Events to append, and the number of the one that they are to follow."""

NO_ADDITIONS: Mapping[str, Addition] = MappingProxyType({})


class Reader(Protocol):
    """What is in a journal, wherever it is."""

    def events(self, release: str, after: int = 0) -> Sequence[Recorded]:
        """The events behind number `after`, in order; raises `Refused` (RELEASE_UNKNOWN) for a release it never saw."""
        ...

    def releases(self, application: str | None = None, *, open: bool | None = None) -> Sequence[Header]:
        """Releases, oldest first; only those that are open, or that are not, when `open` says so."""
        ...

    def harmed(self) -> Sequence[Header]:
        """Releases that were sent back because they harmed, oldest first: few of many, whoever asks often asks this."""
        ...

    def live(self, application: str | None = None) -> Sequence[Header]:
        """Of each application, or of one, the newest release that succeeded and stayed; newest first."""
        ...

    def page(self, application: str | None = None, *, before: str = "", limit: int = 50) -> Sequence[Header]:
        """Releases, newest first, behind the one with the id `before` when there is one; at most `limit`."""
        ...

    def header(self, release: str) -> Header:
        """One release's header; raises `Refused` (RELEASE_UNKNOWN)."""
        ...

    def orders(self, after: int = 0) -> Sequence[Order]:
        """What people said, behind the first `after` words."""
        ...


class Journal(Reader, Blobs, Protocol):
    """Append-only events of releases, and of what people say of more than one; the truth."""

    def open(self, event: ReleaseOpened) -> str:
        """Begin a release; returns its id.

        Raises `Refused` (RELEASE_UNDER_WAY) while another release of the same commit of the application is open.
        """
        ...

    def open_all(
        self, events: Sequence[ReleaseOpened], additions: Mapping[str, Addition] = NO_ADDITIONS
    ) -> tuple[str, ...]:
        """Append to releases, as `append_all` does, and begin others, as `open` does: all of it or nothing."""
        ...

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        """Append events behind the one with number `after`, all or none.

        Raises `Conflict` when that is no longer the last one.
        """
        ...

    def append_all(self, additions: Mapping[str, Addition]) -> None:
        """Append to several releases, by id, all or none; see `append`."""
        ...

    def steer(self, after: int, orders: Sequence[Order]) -> None:
        """Append what people say of more than one release, as `append` does."""
        ...

    def happened(self, after: int = 0, *, limit: int = 1000) -> Sequence[Happened]:
        """Events of all releases behind the one with the id `after`, in the order of their coming; at most `limit`."""
        ...

    def newest(self) -> int:
        """The id of the newest event of all releases; 0 before there was any."""
        ...

    def changes(self) -> int:
        """A number that is another one after anybody appended: cheap enough to ask many times a second."""
        ...

    def lease(self) -> AbstractContextManager[None]:
        """The right to carry releases; one process at a time, given back by the operating system when it dies.

        Raises `Refused` (CONTROLLER_RUNNING) while another process has it.
        """
        ...
