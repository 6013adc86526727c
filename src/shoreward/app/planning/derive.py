"""Deriving: `waves: auto` becomes an ordinary set of waves, each figure with its why.

Few customers first, one fault domain at a time in the first two waves, then as many as have proven it already times a
factor; last come those whose traffic is too thin to be judged. In each wave a one-box goes first, and inside every
target a certified ramp.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from shoreward.app.planning.delays import seconds_to_detect, seconds_to_pass
from shoreward.app.planning.schedule import forecast
from shoreward.domain import Auto, Pipeline, Ramp, SpecError, Target, Wave
from shoreward.domain.ramp import LEVELS, entry, reaction

_ALONE = 2
"""Waves that have one fault domain only, however small it is."""

_SLACK = 4.0
"""How many times as long as a harmless release needs for a pass the deadline of a step is, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A figure of a wave, and why it is that."""

    figure: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Waves, and the reasons of each; `relaxed` says what had to give way to the longest duration."""

    waves: tuple[Wave, ...]
    reasons: tuple[tuple[Reason, ...], ...]
    relaxed: str = ""


@dataclass(frozen=True, slots=True)
class _Care:
    """How careful to be: the factor between waves, the share of the minimum bake; and what that gives up, in words."""

    growth: float
    minimum: float
    words: str = ""


def settle(pipeline: Pipeline) -> Pipeline:
    """The pipeline with its waves, derived where that was left to Shoreward.

    Raises:
        SpecError: WAVES_TOO_SLOW when no waves are quick enough.
    """
    if pipeline.auto is None or pipeline.waves:
        return pipeline
    return replace(pipeline, waves=derive(pipeline).waves)


def derive(pipeline: Pipeline) -> Derived:
    """The waves of a pipeline that leaves them to Shoreward, with the most care that its longest duration allows."""
    auto = pipeline.auto
    assert auto is not None
    shortest = math.inf
    for care in _cares(auto):
        derived = _derive(pipeline, auto, care)
        told = forecast(replace(pipeline, waves=derived.waves))
        lasting = told.total if told else math.inf
        if auto.max_duration is None or lasting <= auto.max_duration:
            return derived
        shortest = min(shortest, lasting)
    raise SpecError(
        "WAVES_TOO_SLOW",
        f"No waves are that quick: a good release takes {_span(shortest)} at the least.",
        where=auto.where,
        next="Give it more time, a larger harm budget, or metrics that arrive sooner.",
    )


def _cares(auto: Auto) -> tuple[_Care, ...]:
    return (
        _Care(auto.growth, 1.0),
        _Care(2 * auto.growth, 1.0, "waves grow twice as fast"),
        _Care(auto.growth, 0.5, "bakes are half as long"),
        _Care(2 * auto.growth, 0.5, "waves grow twice as fast, and bakes are half as long"),
        _Care(math.inf, 0.5, "all that follows the second wave goes at once, and bakes are half as long"),
        _Care(math.inf, 0.0, "all that follows the second wave goes at once, and bakes end on evidence alone"),
    )


def _derive(pipeline: Pipeline, auto: Auto, care: _Care) -> Derived:
    batches = _batches(pipeline, auto, care.growth)
    everybody = sum(target.weight for target in auto.targets) or 1.0
    waves: list[Wave] = []
    reasons: list[tuple[Reason, ...]] = []
    for number, (targets, why) in enumerate(batches, start=1):
        wave, because = _wave(pipeline, auto, care, number, targets)
        share = sum(target.weight for target in targets) / everybody
        waves.append(wave)
        reasons.append((Reason(figure=f"{_percent(share)} of the customers", why=why), *because))
    return Derived(waves=tuple(waves), reasons=tuple(reasons), relaxed=care.words)


def _batches(pipeline: Pipeline, auto: Auto, growth: float) -> list[tuple[list[Target], str]]:
    """The targets of each wave, one-box first, and why they are these."""
    by_domain = sorted(auto.targets, key=lambda target: target.domain)
    domains = [list(targets) for _, targets in groupby(by_domain, key=lambda target: target.domain)]
    domains.sort(key=lambda targets: (_weight(targets), targets[0].domain))
    able = [targets for targets in domains if any(_judgeable(pipeline, auto, target) for target in targets)]
    thin = [targets for targets in domains if targets not in able] if able else []
    first, *rest = able or domains
    why = "the fewest customers whose traffic suffices for a verdict before the deadline"
    if not able:
        why = "the fewest customers; nowhere does the traffic suffice for a verdict before the deadline"
    batches = [(_ordered(pipeline, auto, first), why)]
    done, weight = 1, _weight(first)
    while rest:
        taken = [rest.pop(0)]
        why = "one fault domain alone, to see that the first was no accident"
        if len(batches) >= _ALONE:
            while rest and done * growth > len(taken) and _fits([*taken, rest[0]], weight * growth):
                taken.append(rest.pop(0))
            why = f"no more than {growth:g} times the customers and fault domains that have it already"
            if math.isinf(growth):
                why = "all that is left, for the longest duration's sake"
        flat = [target for targets in taken for target in targets]
        batches.append((_ordered(pipeline, auto, flat), why))
        done, weight = done + len(taken), weight + _weight(flat)
    if thin:
        why = "last, since their traffic is too thin for a verdict before the deadline: all others have proven it then"
        batches.append((_ordered(pipeline, auto, [target for targets in thin for target in targets]), why))
    return batches


def _fits(domains: Iterable[Sequence[Target]], limit: float) -> bool:
    return sum(_weight(targets) for targets in domains) <= limit


def _weight(targets: Iterable[Target]) -> float:
    return sum(target.weight for target in targets)


def _ordered(pipeline: Pipeline, auto: Auto, targets: Sequence[Target]) -> list[Target]:
    """Fewest customers first; the one-box is the first of them that can be judged."""

    def rank(target: Target) -> tuple[bool, float, str]:
        return not _judgeable(pipeline, auto, target), target.weight, target.key

    one_box = min(targets, key=rank)
    rest = sorted((each for each in targets if each is not one_box), key=lambda each: (each.weight, each.key))
    return [one_box, *rest]


def _judgeable(pipeline: Pipeline, auto: Auto, target: Target) -> bool:
    """Whether a harmless release passes there before the deadline."""
    needed = seconds_to_pass(pipeline, target, LEVELS[-1] / 100, auto.error_rate, auto.bake.requests)
    return needed + pipeline.judge.delay <= auto.bake.deadline


def _wave(
    pipeline: Pipeline, auto: Auto, care: _Care, number: int, targets: Sequence[Target]
) -> tuple[Wave, tuple[Reason, ...]]:
    last = LEVELS[-1] / 100
    policy = pipeline.judge
    found = seconds_to_detect(pipeline, targets, last, auto.error_rate, auto.detect)
    passes = max(seconds_to_pass(pipeline, each, last, auto.error_rate, auto.bake.requests) for each in targets)
    finds = max((seconds for seconds in found if math.isfinite(seconds)), default=0.0)
    minimum = math.ceil(max(auto.bake.minimum * care.minimum, finds, policy.interval) / policy.interval)
    minimum = float(minimum * policy.interval)
    slack = _SLACK * passes if math.isfinite(passes) else 0.0
    deadline = float(math.ceil(max(auto.bake.deadline, slack, 2 * minimum)))
    wave = Wave(
        name=f"wave-{number}",
        targets=tuple(targets),
        steps=LEVELS,
        bake=replace(auto.bake, minimum=minimum, deadline=deadline),
        soak=auto.soak,
        ramp=Ramp(budget=auto.budget, first=auto.one_box),
    )
    return wave, _reasons(pipeline, auto, wave, finds, passes)


def _reasons(pipeline: Pipeline, auto: Auto, wave: Wave, finds: float, passes: float) -> tuple[Reason, ...]:
    policy = pipeline.judge
    first = [wave.steps[entry(wave, target, policy)] for target in wave.targets]
    begins = f"{min(first):g} %" if min(first) == max(first) else f"{min(first):g} to {max(first):g} %"
    told = [
        Reason(
            figure=f"begins at {begins} of the traffic",
            why=f"even if every request failed for the {_span(reaction(wave, policy))} until it is back, that would "
            f"cost no more than the target's part of {auto.budget:,.0f} failed requests",
        ),
        Reason(
            figure=f"bakes {_span(wave.bake.minimum)} at the last step",
            why=f"the judge finds {_percent(auto.detect)} more failures there in {_span(finds)}"
            + ("" if wave.bake.minimum <= finds else ", and bugs that show late want the minimum"),
        ),
    ]
    if not math.isfinite(passes) or passes + policy.delay > auto.bake.deadline:
        told.append(
            Reason(
                figure=f"waits up to {_span(wave.bake.deadline)}",
                why="the traffic of a target is too thin for a verdict sooner; probes with `every` would help",
            )
        )
    return tuple(told)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _span(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "for ever"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
