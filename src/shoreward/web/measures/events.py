"""From the journal's events to counts: what happened since somebody last asked is counted when they ask again.

Nothing runs meanwhile. What happened before this process began is not counted: Prometheus takes a counter that begins
anew for what it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from shoreward.app.ports import Happened
from shoreward.core import Phase
from shoreward.core import events as e
from shoreward.web.measures.metrics import Metrics
from shoreward.web.views.under_way import waits
from shoreward.web.watch import Sight, Watch

_STEPS = (Phase.BAKING, Phase.MOVED)


class Measures:
    """Metrics that are brought up to date with what a watch has seen.

    Args:
        journal: the journal's file, whose size is told; None where there is none.
    """

    def __init__(self, journal: Path | None = None) -> None:
        self.metrics = Metrics()
        self.journal = journal
        self._heard = 0
        self._lock = threading.Lock()

    def begin(self, watch: Watch) -> None:
        """What happens from now on counts."""
        self._heard = watch.sight.heard

    def text(self, watch: Watch, now: float) -> bytes:
        """All that was measured, up to now, in Prometheus' text format."""
        with self._lock:
            while news := watch.since(self._heard):
                for each in news:
                    self._count(watch, each)
                self._heard = news[-1].id
        self._measure(watch.sight, now)
        return self.metrics.text()

    def _count(self, watch: Watch, happened: Happened) -> None:
        metrics = self.metrics
        match happened.event:
            case e.ReleaseOpened():
                metrics.opened.inc()
            case e.ReleaseEnded(outcome=outcome):
                metrics.ended.labels(outcome.value).inc()
            case e.WaveBaked():
                metrics.waves.inc()
            case e.RollbackBegan(cause=cause):
                metrics.rollbacks.labels(cause).inc()
            case e.EffectFailed(effect=effect, code=code):
                metrics.failures.labels(effect.partition("/")[0], code).inc()
            case e.TargetJudged(at=at, judgement=judgement):
                metrics.looks.labels(judgement.verdict.value).inc()
                metrics.delay.observe(max(0.0, at - judgement.until))
            case _:
                return
        for stage, seconds in _stages(watch, happened):
            metrics.stages.labels(stage).observe(seconds)

    def _measure(self, sight: Sight, now: float) -> None:
        states = [carried.state for carried in sight.under_way.values()]
        self.metrics.under_way.set(len(states))
        self.metrics.shifting.set(sum(each.phase in _STEPS for state in states for each in state.deployments.values()))
        waiting = [blocker.person for carried in sight.under_way.values() for blocker in waits(sight, carried, now)]
        self.metrics.blockers.labels("yes").set(sum(waiting))
        self.metrics.blockers.labels("no").set(len(waiting) - sum(waiting))
        self.metrics.readable.set(not sight.trouble)
        if self.journal:
            self.metrics.size.set(_size(self.journal))


def _stages(watch: Watch, happened: Happened) -> Iterator[tuple[str, float]]:
    """What came to its end with an event: how long a wave took, a release, a rollback."""
    if not isinstance(happened.event, e.WaveBaked | e.ReleaseEnded):
        return
    recorded = [each.event for each in watch.carried(happened.release).recorded[: happened.seq]]
    match happened.event:
        case e.WaveBaked(at=at, wave=wave):
            entered = [each.at for each in recorded if isinstance(each, e.WaveEntered) and each.wave == wave]
            yield from (("wave", at - began) for began in entered[-1:])
        case e.ReleaseEnded(at=at):
            back = [each.at for each in recorded if isinstance(each, e.RollbackBegan)]
            yield ("rollback", at - back[-1]) if back else ("release", at - recorded[0].at)


def _size(journal: Path) -> int:
    """Bytes of a journal's file, and of what SQLite has not yet put into it."""
    files = (journal, journal.with_name(f"{journal.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
