"""The world that effects are performed in: one adapter for each port."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from shoreward.app.drift import UNWATCHED, DriftSource, History
from shoreward.app.interruption import Interruption
from shoreward.app.ports import (
    Advisor,
    AlarmSource,
    ArtifactStore,
    Blobs,
    Builder,
    Checker,
    Clock,
    Hooks,
    MetricSource,
    Prober,
    Question,
    Reply,
    SeriesSource,
    Signer,
    StackManager,
    Survey,
    Synthesizer,
    TrafficRouter,
    ValueWriter,
)
from shoreward.app.quarantine import Quarantine
from shoreward.domain import (
    Checked,
    Finding,
    Hook,
    Judged,
    Metric,
    Pipeline,
    Probe,
    Query,
    Revision,
    Snapshot,
    StagedFunction,
    Target,
    Terminal,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shoreward.app.blame.inquest import Investigator


@dataclass(frozen=True, slots=True)
class Nobody:
    """Stands for whoever checks, advises, signs and keeps in a world that has no such thing: nothing passes."""

    def check(
        self, pipeline: Pipeline, revision: Revision, commit: str, base: str | None, interruption: Interruption
    ) -> Checked:
        """Nobody checks."""
        _nobody("check")

    def revoked(
        self, pipeline: Pipeline, revision: Revision, checked: Checked, interruption: Interruption
    ) -> tuple[Finding, ...]:
        """Nobody knows of advisories."""
        _nobody("look advisories up")

    def sign(self, payload: bytes) -> bytes:
        """Nobody signs."""
        _nobody("sign")

    def verify(self, envelope: bytes, commit: str) -> bytes:
        """Nobody is trusted."""
        _nobody("verify a signature")

    def put(self, content: bytes) -> str:
        """Nobody keeps."""
        _nobody("keep a manifest")

    def get(self, digest: str) -> bytes:
        """Nobody has kept."""
        _nobody("find a manifest")

    def open(self, digest: str) -> bytes:
        """Nobody has kept."""
        _nobody("find an artifact")

    def keep_up(
        self, target: Target, functions: Sequence[StagedFunction], probes: Sequence[Probe], lasting: float
    ) -> None:
        """Nobody sends; nothing is missed where no probe asks to be sent again."""
        if any(probe.every for probe in probes):
            _nobody("send probes")

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, NDArray[np.float64]]:
        """Nobody measures."""
        raise Terminal(
            "METRICS_UNAVAILABLE",
            "The pipeline names metrics of its own, and there is nobody here to read them.",
            next="This is a mistake in how Shoreward was put together; please report it.",
        )

    def shared(self, target: Target) -> Sequence[Metric]:
        """Nobody knows of any."""
        return ()

    def judged(self, target: Target, judged: Judged) -> Sequence[Metric]:
        """Nobody looks."""
        raise Terminal(
            "METRICS_UNAVAILABLE",
            f"The pipeline is judged by {judged.name}, and there is nobody here to look at that.",
            next="This is a mistake in how Shoreward was put together; please report it.",
        )

    def write(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> None:
        """Nobody writes."""
        raise Terminal(
            "CONFIGURATION_UNAVAILABLE",
            "The pipeline carries values, and there is nobody here to write them.",
            next="This is a mistake in how Shoreward was put together; please report it.",
        )

    def ask(self, hook: Hook, question: Question) -> Reply:
        """Nobody answers."""
        raise Terminal(
            "HOOKS_UNAVAILABLE",
            f"The pipeline asks {hook.function or hook.url}, and there is nobody here to do that.",
            next="This is a mistake in how Shoreward was put together; please report it.",
        )


def _nobody(act: str) -> NoReturn:
    raise Terminal(
        "CHECKS_UNAVAILABLE",
        f"The pipeline asks for it, and there is nobody here to {act}.",
        next="This is a mistake in how Shoreward was put together; please report it.",
    )


NOBODY = Nobody()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What `perform` needs; `bootstrap` makes the real one, `shoreward.testing` a simulated one.

    What only pipelines with checks need may be left out; such a pipeline gets nowhere then. Where nobody changes
    anything by hand, drift and past may be, too.
    """

    clock: Clock
    builder: Builder
    stacks: StackManager
    traffic: TrafficRouter
    prober: Prober
    metrics: MetricSource
    alarms: AlarmSource
    quarantine: Quarantine
    checker: Checker = NOBODY
    advisor: Advisor = NOBODY
    signer: Signer = NOBODY
    blobs: Blobs = NOBODY
    artifacts: ArtifactStore = NOBODY
    synthetics: Synthesizer = NOBODY
    series: SeriesSource = NOBODY
    survey: Survey = NOBODY
    hooks: Hooks = NOBODY
    values: ValueWriter = NOBODY
    investigator: Investigator | None = None
    drift: DriftSource = UNWATCHED
    past: History = UNWATCHED


Worlds = Callable[[str], World | None]
"""The world of an application, by its name; None for one that is somebody else's to carry."""
