"""A controller that is killed (-9) again and again ends where one that lives does, and nothing is done twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.ports import Recorded
from shoreward.core import events as e
from shoreward.core import replay
from shoreward.domain import Outcome

from .mortal import DeathAfter, DeathAtAnyInstant, Immortal, Mortal
from .support import Hook

RELEASE = "app-1"

FORWARD = ["stage", "shift 10", "shift 50", "shift 100", "finish"]


def recorded(mortal: Mortal) -> tuple[Recorded, ...]:
    with closing(SqliteJournal(mortal.folder / "journal.db")) as journal:
        return tuple(journal.events(RELEASE))


def carry_over_deaths(mortal: Mortal, hook: Callable[[], Hook]) -> int:
    """Start a controller whenever the one before has died, until one ends; returns the number of deaths."""
    deaths, before = 0, recorded(mortal)
    while True:
        final = mortal.live(hook())
        after = recorded(mortal)
        assert after[: len(before)] == before, "what was recorded stays"
        assert [each.seq for each in after] == list(range(1, len(after) + 1))
        before = after
        if final is not None:
            assert final == replay(RELEASE, (each.event for each in after))
            return deaths
        deaths += 1


def check(mortal: Mortal, outcome: Outcome) -> None:
    """The end is the one that the release has without a death."""
    events = [each.event for each in recorded(mortal)]
    assert replay(RELEASE, events).outcome is outcome
    assert not [event for event in events if isinstance(event, e.EffectFailed)]
    serves = {Outcome.SUCCEEDED: "good", Outcome.ROLLED_BACK: "old"}[outcome]
    for target in mortal.targets():
        assert dict(target.serving()) == {serves: 1.0}
        assert (target.applied, target.pinned, target.canary) == (serves, False, None)
        assert set(Counter(target.acts).values()) == {1}, "an act took hold twice"
        forward = [act for act in target.acts if act in FORWARD]
        assert forward == FORWARD[: len(forward)]
        back = [act for act in target.acts if act not in FORWARD]
        assert set(back) <= {"restore traffic", "restore"}
        assert target.acts == forward + back, "nothing moved forward after the way back had begun"
        assert outcome is Outcome.ROLLED_BACK or target.acts == FORWARD


ENDS = pytest.mark.parametrize(
    ("commit", "outcome"), [("good", Outcome.SUCCEEDED), ("bad", Outcome.ROLLED_BACK)], ids=["success", "rollback"]
)


@ENDS
def test_without_a_death(tmp_path: Path, commit: str, outcome: Outcome):
    mortal = Mortal.begin(tmp_path, commit)
    assert carry_over_deaths(mortal, Immortal) == 0
    check(mortal, outcome)


@ENDS
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_instant(tmp_path: Path, commit: str, outcome: Outcome, seed: int):
    chance = Random(seed)
    mortal = Mortal.begin(tmp_path, commit)
    # Lives become longer, so that one of them is long enough for whatever has to be done in one.
    calls = itertools.count(12)
    deaths = carry_over_deaths(
        mortal, lambda: DeathAtAnyInstant(chance.randint(1, next(calls)), chance.uniform(0, 0.01))
    )
    assert deaths > 1
    check(mortal, outcome)


@ENDS
def test_killed_after_every_act_before_it_is_recorded(tmp_path: Path, commit: str, outcome: Outcome):
    mortal = Mortal.begin(tmp_path, commit)
    deaths = carry_over_deaths(mortal, lambda: DeathAfter(mortal))
    acts = sum(len(target.acts) for target in mortal.targets())
    assert deaths >= acts
    check(mortal, outcome)
