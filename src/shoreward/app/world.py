"""The world that effects are performed in: one adapter for each port."""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.app.ports import AlarmSource, Builder, Clock, MetricSource, Prober, StackManager, TrafficRouter
from shoreward.app.quarantine import Quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What `perform` needs; `bootstrap` makes the real one, `shoreward.testing` a simulated one."""

    clock: Clock
    builder: Builder
    stacks: StackManager
    traffic: TrafficRouter
    prober: Prober
    metrics: MetricSource
    alarms: AlarmSource
    quarantine: Quarantine
