"""What targets serve, and what that costs their customers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from shoreward.domain import Target
from shoreward.simulation.fleet.history import EXCESS, Commit, History

QUICK = 300.0
"""Seconds until an alarm fires when all customers are harmed."""


@dataclass(slots=True)
class Served:
    """A target: the commit that its stack has, the canary beside it, and its share, 0 to 1.

    Attributes:
        since: when that last changed; `first` is when each commit had its first customer.
    """

    target: Target
    commit: str
    canary: str = ""
    share: float = 0.0
    since: float = 0.0
    first: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(slots=True)
class Cloud:
    """All targets, and failed requests by the commit that is to blame."""

    histories: Mapping[str, History]
    traffic: float
    targets: dict[str, Served] = field(default_factory=dict[str, Served])
    harm: dict[str, float] = field(default_factory=lambda: defaultdict[str, float](float))

    def add(self, target: Target, commit: str, at: float) -> None:
        """A target that serves a commit from the beginning."""
        self.targets[target.key] = Served(target=target, commit=commit, since=at)

    def change(self, key: str, at: float, *, commit: str, canary: str = "", share: float = 0.0) -> None:
        """Serve something else from now on."""
        served = self.targets[key]
        self.settle(served, at)
        served.commit, served.canary, served.share = commit, canary, share
        served.first.setdefault(canary or commit, at)

    def settle(self, served: Served, at: float) -> None:
        """Count what customers met until now."""
        for commit, share in ((served.commit, 1 - served.share), (served.canary, served.share)):
            if share > 0:
                for each in self._faults(served, commit):
                    seconds = at - max(served.since, self._onset(served, commit, each))
                    if seconds > 0:
                        self.harm[each.id] += self.traffic * share * seconds * EXCESS[each.kind or "stage"]
        served.since = at

    def fault(self, key: str, commit: str) -> tuple[Commit, float] | None:
        """The worst that a commit has here and what serves has not, and when it begins, its first customer being now
        at the latest; None when there is none.
        """
        served = self.targets[key]
        lasting = self._faults(served, served.commit) if served.commit != commit else []
        beneath = {each.place for each in lasting}
        own = [each for each in self._faults(served, commit) if each.place not in beneath]
        worst = max(own, key=lambda each: EXCESS[each.kind or "stage"], default=None)
        return (worst, self._onset(served, commit, worst)) if worst else None

    def alarm_at(self, key: str) -> float:
        """When an alarm fires of what serves all customers; inf while nothing is wrong."""
        served = self.targets[key]
        found = [
            max(served.since, self._onset(served, served.commit, each)) + QUICK
            for each in self._faults(served, served.commit)
            if EXCESS[each.kind or "stage"] >= 0.01
        ]
        return min(found, default=math.inf)

    def _faults(self, served: Served, commit: str) -> list[Commit]:
        if not commit:
            return []
        history = self.histories[served.target.stack]
        return [each for each in history.active(commit) if each.region in ("", served.target.region)]

    @staticmethod
    def _onset(served: Served, commit: str, fault: Commit) -> float:
        return served.first.get(commit, served.since) + fault.late
