"""How often the metrics that both revisions share send a harmless release back, and how soon a harmful one.

    python -m benchmarks.metrics [--runs 300] [--world NAME]

The judge's real code looks at drawn regions (`worlds`) at the end of a bake of an hour: a failure at any earlier look
would still be one then, for every look judges all that came before it in the same way.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from benchmarks.metrics.worlds import REGIONS, WORLDS, Days, Seen, live
from numpy.typing import NDArray

from shoreward.adapters.aws.survey import api, dead_letters, oldest_message, throttles
from shoreward.app.judging.shared import Control, shared_evidence
from shoreward.app.judging.weighing import HISTORY
from shoreward.app.judging.window import Window
from shoreward.app.world import World
from shoreward.core import Phase, Release
from shoreward.core.events import ReleaseOpened
from shoreward.core.state import opened
from shoreward.domain import (
    CloudWatchQuery,
    JudgePolicy,
    Metric,
    Pipeline,
    Query,
    Staged,
    StagedFunction,
    Target,
    Verdict,
    Wave,
)
from shoreward.testing.simulated import SimulatedCloud

BAKE = 60
DAY = 1440
TARGETS = tuple(Target(account="111111111111", region=f"r{number}", stack="shop") for number in range(REGIONS))
METRICS: tuple[Metric, ...] = (
    throttles("Function", "f"),
    *api("Api", {"ApiId": "a"}, "5xx"),
    oldest_message("Queue", "q"),
    dead_letters("Dead", "d"),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series source and a survey over drawn regions; minutes of `seen` end with the bake's end."""

    seen: Seen

    def shared(self, target: Target) -> Sequence[Metric]:
        return METRICS

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, NDArray[np.float64]]:
        region, minutes = TARGETS.index(target), self.seen.requests.shape[1]
        span = slice(minutes + round(start / 60), minutes + round(end / 60) or None)
        return {query: self._of(query)[region, span] for query in queries}

    def _of(self, query: Query) -> NDArray[np.float64]:
        assert isinstance(query, CloudWatchQuery)
        seen = self.seen
        return {
            "Invocations": seen.requests - seen.throttled,
            "Throttles": seen.throttled,
            "Count": seen.requests,
            "5xx": seen.failed,
            "Latency": seen.latency,
            "ApproximateAgeOfOldestMessage": seen.age,
            "ApproximateNumberOfMessagesVisible": seen.depth,
        }[query.metric]


def release() -> Release:
    """One of five waves, a region each, whose first bakes."""
    bakes = tuple(Wave(name=each.region, targets=(each,)) for each in TARGETS)
    pipeline = Pipeline(application="shop", template="template.yaml", waves=bakes, judge=JudgePolicy())
    state = opened("r", ReleaseOpened(at=0, pipeline=pipeline, commit="c", subject="", by=""))
    function = StagedFunction(logical_id="Function", name="f", alias="live", baseline="1", candidate="2")
    deployment = replace(
        state.deployments[TARGETS[0].key], phase=Phase.BAKING, percent=10.0, staged=Staged(functions=(function,))
    )
    return replace(state, deployments={**state.deployments, deployment.target.key: deployment})


@dataclass(frozen=True, slots=True)
class Bake:
    """An hour of a target, with what its world looked like before."""

    source: Drawn
    state: Release
    world: World
    controls: Sequence[Control]

    @classmethod
    def drawn(cls, days: Days, seed: int, controls: Sequence[Control], harm: str = "") -> Bake:
        """The same for the same seed."""
        rng = np.random.default_rng([seed, 4])
        seen = live(days, 8 * DAY if any(each.earlier for each in controls) else HISTORY + BAKE, rng)
        harmed(seen, harm, rng)
        source = Drawn(seen)
        return cls(source, release(), replace(SimulatedCloud().world(), series=source, survey=source), controls)

    def failed(self, minutes: int = BAKE) -> list[str]:
        """Names of the metrics that a look so many minutes after the first shift sees fail."""
        window = Window(start=-BAKE * 60.0, end=(minutes - BAKE) * 60.0, step=0, period=60)
        target, asked = TARGETS[0], [query for each in METRICS for query in each.queries]
        read = self.source.series(target, asked, start=window.start - HISTORY * 60, end=window.end, period=60)
        deployment = self.state.deployments[target.key]
        evidence = shared_evidence(self.world, self.state, deployment, METRICS, self.controls, read, window)
        return [each.metric for each in evidence if each.verdict is Verdict.FAIL]

    def found_after(self) -> float:
        """Minutes until a look fails, inf when none does; what has failed once fails in every later look."""
        if not self.failed():
            return np.inf
        low, high = 0, BAKE
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.failed(middle) else (middle, high)
        return float(high)


def harmed(seen: Seen, harm: str, rng: np.random.Generator) -> None:
    """A tenth of the target's traffic goes to a bad canary."""
    last, target = slice(-BAKE, None), 0
    match harm:
        case "half of the canary's answers fail":
            more = rng.binomial(seen.requests[target, last].astype(int), 0.05)
            seen.failed[target, last] = np.minimum(seen.failed[target, last] + more, seen.requests[target, last])
        case "the API is half as slow again":
            seen.latency[target, last] *= 1.5
        case "the queue is not emptied any more":
            seen.age[target, last] += 60.0 * np.arange(BAKE)
        case "a tenth of messages die":
            seen.depth[target, last] += np.cumsum(rng.poisson(5.0, BAKE))
        case "a tenth is throttled":
            seen.throttled[target, last] += rng.binomial(seen.requests[target, last].astype(int), 0.1)
        case _:
            assert not harm


HARMS = (
    "half of the canary's answers fail",
    "the API is half as slow again",
    "the queue is not emptied any more",
    "a tenth of messages die",
    "a tenth is throttled",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--world", choices=list(WORLDS), action="append")
    asked = parser.parse_args()
    runs, worlds = asked.runs, {name: WORLDS[name] for name in asked.world or WORLDS}
    beside = {
        "regions without the change": [Control(target=each) for each in TARGETS[1:]],
        "the own past": [Control(target=TARGETS[0], earlier=day * 86_400) for day in (1, 2, 3, 7)],
    }
    names = list(dict.fromkeys(each.name for each in METRICS))
    for what, controls in beside.items():
        print(f"\nHarmless, beside {what}, {runs} bakes: share rolled back\n")
        print("| world | any | " + " | ".join(names) + " |\n|---|" + "---|" * (len(names) + 1))
        for name, days in worlds.items():
            seeds = range(runs if what.startswith("regions") else max(1, runs // 4))
            failed = [Bake.drawn(days, seed, controls).failed() for seed in seeds]
            rates = [sum(bool(each) for each in failed), *(sum(one in each for each in failed) for one in names)]
            print(f"| {name} | " + " | ".join(f"{100 * rate / len(failed):.3g} %" for rate in rates) + " |", flush=True)
    print("\nHarmful, beside regions without the change: share found within the hour (median minute)\n")
    print("| world | " + " | ".join(HARMS) + " |\n|---|" + "---|" * len(HARMS))
    for name, days in worlds.items():
        cells = [_found(days, beside["regions without the change"], harm, max(1, runs // 20)) for harm in HARMS]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def _found(days: Days, controls: Sequence[Control], harm: str, runs: int) -> str:
    after = np.array([Bake.drawn(days, seed, controls, harm).found_after() for seed in range(runs)])
    found = np.isfinite(after)
    minute = f" ({np.median(after[found]):.0f})" if found.any() else ""
    return f"{100 * found.mean():.3g} %{minute}"


if __name__ == "__main__":
    main()
