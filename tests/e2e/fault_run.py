"""Certification under faults: releases, rollbacks and a person's rollback with a fifth of all AWS calls failing.

    PYTHONPATH=tests python -m e2e.fault_run [RUNS] [SEED]

Each run carries, on a fresh cloud with six targets in three waves: a first release in fair weather; then, in foul
weather, a good release, one that harms in a region of the last wave, and a person's rollback of the good one. Prints
a line for each release and, at the end, how long customers met the new revision after the verdict, or after a person's
word to a controller that stands by. Takes about 90 s a run.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable

from shoreward.app import releases
from shoreward.app.people import levers
from shoreward.bootstrap import wish
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.domain import Outcome

from .support.customers import Customers
from .support.ground import Ground, Standing, ground
from .support.weather import FOUL

_EXPECTED = (Outcome.SUCCEEDED, Outcome.ROLLED_BACK, Outcome.ABORTED)


def main(runs: int = 10, seed: int = 1) -> int:
    """Run, print, and answer with an exit code: 0 when everything was as it should be."""
    unequal: list[str] = []
    seconds: dict[Outcome, list[float]] = {Outcome.ROLLED_BACK: [], Outcome.ABORTED: []}
    for run in range(seed, seed + runs):
        with ground() as harbor:
            unequal += _run(harbor, run, seconds)
    for outcome, found in seconds.items():
        print(f"{outcome}: seconds from verdict to weight 0: {_spread(found)}")
    print(f"{runs} runs, {len(unequal)} findings", *unequal, sep="\n  ")
    return int(bool(unequal))


def _run(harbor: Ground, run: int, seconds: dict[Outcome, list[float]]) -> Iterable[str]:
    application, faults = harbor.application, harbor.cloud.faults
    harbor.carry(application.greets("ahoy"))
    first = harbor.reality()
    with Customers(harbor.cloud.endpoint, harbor.targets) as customers:
        faults.set(FOUL, seed=run)
        good = harbor.carry(application.greets("hello"))
        yield from _told(harbor, run, good, Outcome.SUCCEEDED)
        second = harbor.reality()
        faults.set(FOUL, seed=run + 1000)
        harmful = harbor.carry(application.harms("oho"))
        yield from _told(harbor, run, harmful, Outcome.ROLLED_BACK)
        yield from _differences(run, "after the harmful release", second, harbor.reality())
        if good.outcome is Outcome.SUCCEEDED:
            faults.set(FOUL, seed=run + 2000)
            back = _taken_back(harbor, good)
            yield from _told(harbor, run, back, Outcome.ABORTED)
            yield from _differences(run, "after a person's rollback", first, harbor.reality())
            seconds[Outcome.ABORTED] += harbor.audit(back).seconds_to_zero().values()
        seconds[Outcome.ROLLED_BACK] += harbor.audit(harmful).seconds_to_zero().values()
    faulty = Counter(call.fault for call in harbor.calls() if call.fault)
    print(f"{run:4} customers {dict(customers.served)}, faults of changing calls {dict(faulty)}", flush=True)


def _taken_back(harbor: Ground, release: Release) -> Release:
    """The release once a person has taken it back, with a controller that stands by."""
    with harbor.standing():
        levers.roll_back(harbor.project.journal, release.id, wish("I want the old greeting"))
        until = time.monotonic() + 180
        while not (state := releases.load(harbor.project.journal, release.id)).ended:
            assert time.monotonic() < until, harbor.events(release)[-5:]
            time.sleep(0.05)
        return state


def _told(harbor: Ground, run: int, release: Release, expected: Outcome) -> Iterable[str]:
    harbor.cloud.faults.clear()
    failed = Counter(
        f"{one.effect.split('/')[0]} {one.code}" for one in harbor.events(release) if isinstance(one, e.EffectFailed)
    )
    why = f": {release.rollback.reason}"[:300] if release.rollback else ""
    took = release.ended_at - (
        release.rollback.at if release.outcome is Outcome.ABORTED and release.rollback else release.opened.at
    )
    print(
        f"{run:4} {release.id} {release.outcome} in {took:.1f} s, effects that failed: {dict(failed)}{why}", flush=True
    )
    if release.outcome is not expected:
        yield f"run {run}: {release.id} ended as {release.outcome} instead of {expected}{why}"
    for finding in harbor.audit(release).findings(answers_lost=True):
        yield f"run {run}: {release.id}: {finding}"


def _differences(run: int, when: str, before: dict[str, Standing], after: dict[str, Standing]) -> Iterable[str]:
    """What is not as it was, numbers of versions and the stack's last kind of operation aside."""
    for target, standing in after.items():
        if standing.drift != "IN_SYNC" or not standing.status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
            yield f"run {run}: {when} {target} is {standing.status}, {standing.drift}"
        if standing.template != before[target].template:
            yield f"run {run}: {when} {target} has another template"
        if [one[:3] for one in standing.functions] != [one[:3] for one in before[target].functions]:
            yield f"run {run}: {when} {target} serves {standing.functions} instead of {before[target].functions}"


def _spread(found: list[float]) -> str:
    if not found:
        return "nothing to measure"
    ordered = sorted(found)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    figures = f"min {ordered[0]:.3f}, median {statistics.median(ordered):.3f}, p95 {p95:.3f}, max {ordered[-1]:.3f}"
    return f"{len(ordered)} targets, {figures}; {sum(each > 2 for each in ordered)} above 2 s"


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
