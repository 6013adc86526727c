"""What others would do with the same targets: schedules that do not look at evidence.

For comparison only: bakes as in Amazon's Builders' Library, one region per wave as Stackery had it, and everything at
once, each watched by an alarm on a share of failing requests. Their timelines are fixed, so what a bad release costs
under them is plain arithmetic: it goes on until the first target's alarm has fired, and then everything goes back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from shoreward.domain import Target

ALARM = 0.01
"""Share of a target's requests above which the alarm fires."""

ALARM_PERIODS = 3
"""One-minute periods in a row that it takes."""

ALARM_DELAY = ALARM_PERIODS * 60.0 + 120.0 + 10.0
"""Seconds from an error rate above the threshold until all traffic is back: periods, metrics' delay, rollback."""

HOUR = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A schedule that time alone moves.

    Attributes:
        steps: of each target: the share of its traffic (0 to 1) that is new from a time on, seconds.
        total: seconds until a good release is over.
    """

    name: str
    steps: tuple[tuple[Target, tuple[tuple[float, float], ...]], ...]
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a bad release costs: failed requests, targets that had it, share of the customers; whether it was found."""

    harm: float
    targets: int
    customers: float
    found: bool


def _domains(targets: Sequence[Target]) -> list[list[Target]]:
    by_domain = sorted(targets, key=lambda target: target.domain)
    domains = [list(group) for _, group in groupby(by_domain, key=lambda target: target.domain)]
    return sorted(domains, key=lambda group: (sum(target.weight for target in group), group[0].domain))


def builders_library(targets: Sequence[Target]) -> Fixed:
    """One region with few customers, one with many, then groups that grow; 10 % first in each.

    An hour at 10 % in one target, an hour in the others, then 12 h after the first wave and 2 h after each later one.
    """
    domains = _domains(targets)
    waves = [domains[:1]]
    if len(domains) > 1:
        waves.append(domains[-1:])
    rest, size = domains[1:-1], 3
    while rest:
        waves.append(rest[:size])
        rest, size = rest[size:], 2 * size
        if len(rest) <= size // 2:
            waves[-1].extend(rest)
            rest = []
    now, steps = 0.0, list[tuple[Target, tuple[tuple[float, float], ...]]]()
    for number, wave in enumerate(waves):
        flat = [target for group in wave for target in group]
        steps.append((flat[0], ((now, 0.1), (now + HOUR, 1.0))))
        steps.extend((target, ((now + HOUR, 0.1), (now + 2 * HOUR, 1.0))) for target in flat[1:])
        now += (HOUR if len(flat) == 1 else 2 * HOUR) + (12 * HOUR if number == 0 else 2 * HOUR)
    return Fixed(name="Builders' Library bakes, 1 % alarm", steps=tuple(steps), total=now)


def one_region_per_wave(targets: Sequence[Target]) -> Fixed:
    """One region after the other, all of its traffic at once, an hour each."""
    domains = _domains(targets)
    steps = tuple((target, ((HOUR * at, 1.0),)) for at, group in enumerate(domains) for target in group)
    return Fixed(name="one region per wave, 1 % alarm", steps=steps, total=HOUR * len(domains))


def everything_at_once(targets: Sequence[Target]) -> Fixed:
    """All traffic of all targets, and then an hour of watching."""
    return Fixed(
        name="everything at once, 1 % alarm", steps=tuple((target, ((0.0, 1.0),)) for target in targets), total=HOUR
    )


def alone_costs(schedule: Fixed, excess: float, error_rate: float) -> Cost:
    """What a release costs that fails so much more often everywhere, from the beginning."""
    over = [since for _, steps in schedule.steps for since, share in steps if error_rate + share * excess > ALARM]
    # An alarm that is on before anything was released says nothing of the release.
    found = bool(over) and error_rate <= ALARM
    end = min(min(over, default=math.inf) + ALARM_DELAY if found else math.inf, schedule.total)
    harm, reached, met = 0.0, 0, 0.0
    for target, steps in schedule.steps:
        shares = [(since, share) for since, share in steps if since < end]
        for (since, share), (until, _) in pairwise([*shares, (end, 0.0)]):
            harm += excess * share * (target.traffic or 0.0) * (until - since)
        reached += bool(shares)
        met += target.weight * max((share for _, share in shares), default=0.0)
    everybody = sum(target.weight for target, _ in schedule.steps) or 1.0
    return Cost(harm=harm, targets=reached, customers=met / everybody, found=found and end < schedule.total)
