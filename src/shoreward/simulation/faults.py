"""Faults: what may be wrong with a revision, and what may go wrong beside it.

A catalogue of kinds, and what one of them comes to in one release, drawn from its seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shoreward.domain import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A kind of release.

    Attributes:
        name: a word or two for tables; `about`: a sentence for people.
        excess: share of requests that the new revision fails at, beyond the baseline; a pair: drawn between the two,
            evenly on a logarithmic scale.
        late: seconds after the release was opened at which it begins, drawn between the two.
        one_target: whether it hits one target only, drawn.
        incident: how many times as many requests fail in both arms, for `lasting` seconds from a time in `late` on.
        traffic: share of the usual traffic.
        slower: how many times as long as the baseline's the new revision's requests take.
    """

    name: str
    about: str
    excess: float | tuple[float, float] = 0.0
    late: tuple[float, float] = (0.0, 0.0)
    one_target: bool = False
    incident: float = 1.0
    lasting: float = 600.0
    traffic: float = 1.0
    slower: float = 1.0

    @property
    def harmful(self) -> bool:
        """Whether the release ought to come back."""
        return self.excess != 0.0 or self.slow

    @property
    def slow(self) -> bool:
        """Whether it is about durations, which are simulated only then."""
        return self.slower != 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Affliction:
    """A fault as one release has it; times are UNIX seconds.

    Attributes:
        targets: keys of those that it hits.
        since: when it begins, -inf where the revision has it from the first; `until` is when an incident ends.
    """

    fault: Fault
    excess: float
    targets: frozenset[str]
    since: float
    until: float

    def excess_at(self, target: Target, starts: np.ndarray, period: float) -> np.ndarray:
        """The excess rate, averaged over intervals that begin then."""
        part = np.clip((starts + period - self.since) / period, 0.0, 1.0)
        return part * (self.excess if target.key in self.targets else 0.0)

    def slower_at(self, target: Target, starts: np.ndarray) -> np.ndarray:
        """How many times as long requests of the new revision take."""
        return np.where((starts >= self.since) & (target.key in self.targets), self.fault.slower, 1.0)

    def failing_at(self, starts: np.ndarray) -> np.ndarray:
        """How many times as many requests as usual fail in both arms."""
        return np.where((starts >= self.since) & (starts < self.until), self.fault.incident, 1.0)


def afflict(fault: Fault, targets: Sequence[Target], opened: float, seed: int) -> Affliction:
    """What a fault comes to in a release of that seed."""
    chance = np.random.default_rng((seed, 1))
    where, when, size = chance.random(3)
    hit = (targets[int(where * len(targets))],) if fault.one_target else targets
    since = opened + fault.late[0] + when * (fault.late[1] - fault.late[0])
    low, high = fault.excess if isinstance(fault.excess, tuple) else (fault.excess, fault.excess)
    return Affliction(
        fault=fault,
        excess=float(low * (high / low) ** size) if high > low else low,
        targets=frozenset(target.key for target in hit),
        since=since if fault.late != (0.0, 0.0) else -math.inf,
        until=since + fault.lasting,
    )


HARMLESS = Fault(name="harmless", about="As good as what is live.")

CATALOGUE: tuple[Fault, ...] = (
    HARMLESS,
    Fault(
        name="incident",
        about="Harmless, while for ten minutes both revisions fail twenty times as often as usual.",
        incident=20.0,
        late=(60.0, 3_600.0),
    ),
    Fault(name="+0.5 points", about="One request in 200 fails.", excess=0.005),
    Fault(name="+5 points", about="One request in 20 fails.", excess=0.05),
    Fault(name="all fail", about="Every request fails.", excess=1.0),
    Fault(name="late", about="One request in 20 fails, but only 10 min to 2 h later.", excess=0.05, late=(600, 7200)),
    Fault(name="one target", about="One request in 20 fails, on one target only.", excess=0.05, one_target=True),
    Fault(name="slower", about="Every request takes 1.4 times as long.", slower=1.4),
    Fault(name="low traffic", about="One request in 20 fails, at a tenth of the traffic.", excess=0.05, traffic=0.1),
)

SIZES = tuple(float(size) for size in np.geomspace(0.002, 1.0, 12))
"""Excess failure rates that stand for a bad release of unknown size: 0.2 % to 100 %, evenly on a logarithmic scale."""


def of_size(excess: float) -> Fault:
    """A release that fails so often, everywhere and from the beginning."""
    return replace(HARMLESS, name=f"+{100 * excess:.3g} points", about="", excess=excess)
