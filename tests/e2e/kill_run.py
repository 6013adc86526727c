"""Certification under kill -9: a history of releases whose controllers are killed again and again.

    PYTHONPATH=tests python -m e2e.kill_run [SEED]

Five releases, of which two harm in a region of the last wave and go back, run on a cloud with six targets in three
waves: once undisturbed, and once through about sixty SIGKILLs, at any moment or within milliseconds after something
was changed. Then both clouds must be the same: stacks, templates, the code that aliases serve, weights, the number of
versions, and no drift; and the log of calls must show nothing that took hold twice. Prints a line for each release,
where the kills hit, and what was not equal. Takes about five minutes.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from shoreward.core import Release
from shoreward.core import events as e

from .support.application import Application
from .support.customers import Customers
from .support.ground import Ground, Standing, ground
from .support.storm import Kill, Storm


@dataclass(frozen=True, slots=True)
class Chapter:
    """A release of the history: what is committed, and how many kills its controllers suffer."""

    commit: Callable[[Application], str]
    kills: int
    back: int = 0


HISTORY = (
    Chapter(lambda application: application.greets("ahoy"), kills=9),
    Chapter(lambda application: application.greets("hello"), kills=14),
    Chapter(lambda application: application.harms("oho"), kills=9, back=6),
    Chapter(lambda application: application.greets("good day"), kills=12),
    Chapter(lambda application: application.harms("aha"), kills=6, back=6),
)


@dataclass(frozen=True, slots=True)
class Past:
    """What a history left: how its releases ended, and what was on the targets after each."""

    outcomes: tuple[str, ...]
    reality: tuple[dict[str, Standing], ...]


def main(seed: int = 1) -> int:
    """Run, print, and answer with an exit code: 0 when everything was as it should be."""
    chance = random.Random(seed)
    kills: list[Kill] = []
    findings: list[str] = []
    with ThreadPoolExecutor(1) as aside:
        peace = aside.submit(_history, lambda harbor, chapter: harbor.carry(chapter.commit(harbor.application)))
        stormy = _history(lambda harbor, chapter: _through_the_storm(harbor, chapter, chance, kills, findings))
        undisturbed = peace.result()
    findings += _differences(undisturbed, stormy)
    _print_kills(kills)
    print(f"outcomes undisturbed: {', '.join(undisturbed.outcomes)}")
    print(f"outcomes with {len(kills)} kills: {', '.join(stormy.outcomes)}")
    print(f"{len(findings)} findings", *findings, sep="\n  ")
    return int(bool(findings))


def _history(carry: Callable[[Ground, Chapter], Release]) -> Past:
    outcomes: list[str] = []
    reality: list[dict[str, Standing]] = []
    with ground() as harbor, ExitStack() as afterwards:
        for number, chapter in enumerate(HISTORY):
            release = carry(harbor, chapter)
            outcomes.append(str(release.outcome))
            reality.append(harbor.reality())
            if number == 0:  # customers come once there is something to visit
                afterwards.enter_context(Customers(harbor.cloud.endpoint, harbor.targets))
    return Past(tuple(outcomes), tuple(reality))


def _through_the_storm(
    harbor: Ground, chapter: Chapter, chance: random.Random, kills: list[Kill], findings: list[str]
) -> Release:
    suffered = Storm(harbor, chance).carry(
        chapter.commit(harbor.application), kills=chapter.kills, back=chapter.back, limit=600.0
    )
    kills += suffered
    release, audit = harbor.latest(), harbor.audit(harbor.latest())
    findings += [f"{release.id}: {finding}" for finding in audit.findings()]
    back = sum(kill.back for kill in suffered)
    failed = Counter(
        f"{one.effect.split('/')[0]} {one.code}" for one in audit.events if isinstance(one, e.EffectFailed)
    )
    took = release.ended_at - release.opened.at
    late = [f"{move.at - release.rollback.at:.3f} s" for move in audit.late()] if release.rollback else []
    print(
        f"{release.id} {release.outcome} in {took:.1f} s through {len(suffered)} kills ({back} on the way back); "
        f"{len(audit.diary)} effects begun; begun before the rollback and arrived after it: {late}; "
        f"effects that failed: {dict(failed)}",
        flush=True,
    )
    return release


def _differences(peace: Past, storm: Past) -> list[str]:
    found = [] if peace.outcomes == storm.outcomes else ["the outcomes differ"]
    for number, (calm, stormy) in enumerate(zip(peace.reality, storm.reality, strict=True), 1):
        for target, standing in stormy.items():
            if standing != calm[target]:
                found.append(f"after release {number} {target} is {standing} instead of {calm[target]}")
            if standing.drift != "IN_SYNC":
                found.append(f"after release {number} {target} is {standing.drift}")
    return found


def _print_kills(kills: list[Kill]) -> None:
    print("killed after the event, on the way there / on the way back")
    there = Counter(kill.after for kill in kills if not kill.back)
    back = Counter(kill.after for kill in kills if kill.back)
    for name in sorted({*there, *back}):
        print(f"  {name:18} {there[name]:3} / {back[name]:3}")
    lived = sorted(kill.lived for kill in kills)
    print(f"processes lived {lived[0]:.2f} to {lived[-1]:.2f} s, median {lived[len(lived) // 2]:.2f} s")


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
