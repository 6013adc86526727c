"""What is counted and timed, in a registry of its own; names, units and labels are in docs/observability.md.

What happens to releases is counted from the journal's events (`events`), so it does not matter which process carries
them. What a controller does is measured where it does it (`controller.meter`). Labels take few values: no release, no
target and no pipeline is one.
"""

from __future__ import annotations

import threading
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, 604_800.0)
_EFFECT = (0.05, 0.25, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0)


class Metrics:
    """Implements `controller.meter.Meter`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._turn_at = 0.0
        self._lock = threading.Lock()
        self._of_releases()
        self._of_the_controller()
        self._of_the_server()

    def _of_releases(self) -> None:
        registry = self.registry
        self.opened = Counter("shoreward_releases_opened", "Releases that were opened.", registry=registry)
        self.ended = Counter("shoreward_releases_ended", "Releases that ended.", ["outcome"], registry=registry)
        self.waves = Counter("shoreward_waves_baked", "Waves that releases have behind them.", registry=registry)
        self.rollbacks = Counter("shoreward_rollbacks", "Rollbacks that began.", ["cause"], registry=registry)
        self.looks = Counter("shoreward_judge_looks", "Looks of the judge.", ["verdict"], registry=registry)
        self.failures = Counter(
            "shoreward_effect_failures", "Effects that failed, as recorded.", ["effect", "code"], registry=registry
        )
        self.delay = Histogram(
            "shoreward_metrics_delay_seconds",
            "How old the newest metrics were when the judge looked at them.",
            buckets=(5, 15, 30, 60, 120, 180, 300, 600, 1_800, 3_600),
            registry=registry,
        )
        self.stages = Histogram(
            "shoreward_stage_seconds",
            "How long stages of releases took.",
            ["stage"],
            buckets=_SLOW,
            registry=registry,
        )
        self.under_way = Gauge("shoreward_releases_under_way", "Releases that have not ended.", registry=registry)
        self.shifting = Gauge("shoreward_targets_shifting", "Targets that bake, or move.", registry=registry)
        self.blockers = Gauge("shoreward_blockers", "What releases wait for.", ["person"], registry=registry)

    def _of_the_controller(self) -> None:
        registry = self.registry
        self.turns = Histogram(
            "shoreward_controller_turn_seconds",
            "How long the controller took to look at everything once.",
            buckets=_QUICK,
            registry=registry,
        )
        self.effects = Histogram(
            "shoreward_effect_seconds",
            "How long effects took; judge is a look.",
            ["effect", "outcome"],
            buckets=_EFFECT,
            registry=registry,
        )
        self.appends = Histogram(
            "shoreward_journal_append_seconds",
            "How long writing to the journal took.",
            buckets=_QUICK,
            registry=registry,
        )

    def _of_the_server(self) -> None:
        registry = self.registry
        self.size = Gauge(
            "shoreward_journal_size_bytes", "The journal's file, and what is not in it yet.", registry=registry
        )
        self.readable = Gauge("shoreward_journal_readable", "1 while the journal can be read.", registry=registry)
        self.readers = Gauge(
            "shoreward_stream_readers", "Who reads a stream now: of events, or of a page.", registry=registry
        )
        self.requests = Histogram(
            "shoreward_http_request_seconds",
            "Requests by the route that answered; streams are not among them.",
            ["method", "route", "status"],
            buckets=_QUICK,
            registry=registry,
        )

    def turned(self, seconds: float) -> None:
        """See `Meter.turned`."""
        self.turns.observe(seconds)
        with self._lock:
            self._turn_at = time.monotonic()

    @property
    def since_turn(self) -> float | None:
        """Seconds since a controller of this process looked at everything; None when none has."""
        with self._lock:
            return time.monotonic() - self._turn_at if self._turn_at else None

    def performed(self, effect: str, seconds: float, *, failed: bool) -> None:
        """See `Meter.performed`."""
        self.effects.labels(effect, "failed" if failed else "done").observe(seconds)

    def appended(self, seconds: float) -> None:
        """See `Meter.appended`."""
        self.appends.observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
