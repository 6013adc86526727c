"""Opening a gate: by a person who is named, with a reason, for one wave, and only where there is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.people.gates import approve, override, standings
from shoreward.app.people.orders import freeze
from shoreward.app.words.story import tell
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.core.outside import Outside
from shoreward.domain import Approval, Hours, Refused, Window
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulator import state_of

from .support import wish

NIGHT = Window(name="night", hours=(Hours(days=(0,), start=0, end=60),))
MANAGER = Approval(name="manager", of="the figures")


@pytest.fixture
def journal() -> MemoryJournal:
    journal = MemoryJournal()
    first, second = a_pipeline().waves
    pipeline = replace(a_pipeline(), gates=(NIGHT,), waves=(first, replace(second, gates=(MANAGER,))))
    journal.open(an_opening("new", pipeline))
    return journal


def state(journal: MemoryJournal) -> Release:
    return state_of(journal, "app-1")


def test_an_override_is_kept_with_who_and_why_and_said_once(journal: MemoryJournal):
    override(journal, "app-1", "night", wish("it mends an outage"))
    found = override(journal, "app-1", "night", wish("again"))
    [opened] = found.unlocked.values()
    assert (opened.by, opened.why, opened.wave) == ("kim", "it mends an outage", "wave 1")
    assert len(journal.events("app-1")) == 2


def test_an_approval_is_given_ahead_for_the_wave_that_asks_for_it(journal: MemoryJournal):
    found = approve(journal, "app-1", "manager", wish("good figures"), wave="wave 2")
    assert set(found.unlocked) == {("manager", "wave 2")}


@pytest.mark.parametrize(
    ("act", "gate", "wave", "code"),
    [
        (override, "nigth", "", "GATE_UNKNOWN"),
        (override, "manager", "", "GATE_UNKNOWN"),
        (override, "night", "wave 9", "WAVE_UNKNOWN"),
        (approve, "night", "", "GATE_NO_APPROVAL"),
        (override, "freeze/launch", "", "GATE_UNKNOWN"),
    ],
)
def test_only_a_gate_that_is_there_is_opened(journal: MemoryJournal, act: object, gate: str, wave: str, code: str):
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act(journal, "app-1", gate, wish(), wave=wave)
    assert refused.value.code == code
    assert len(journal.events("app-1")) == 1


def test_a_persons_freeze_is_overridden_by_its_name(journal: MemoryJournal):
    freeze(journal, "launch", 1.7e9, 1.8e9, wish("the launch"))
    found = override(journal, "app-1", "freeze/launch", wish("it mends an outage"))
    assert set(found.unlocked) == {("freeze/launch", "wave 1")}


def test_a_release_that_goes_back_waits_for_no_gate(journal: MemoryJournal):
    back = e.RollbackBegan(at=1.7e9, cause="person", reason="no", by="kim")
    journal.append("app-1", 1, (back,))
    assert standings(state(journal), 1.7e9, Outside()) == ()
    with pytest.raises(Refused) as refused:
        override(journal, "app-1", "night", wish())
    assert refused.value.code == "RELEASE_ENDED"


def test_how_gates_stand_is_told_of_the_wave_that_comes_next(journal: MemoryJournal):
    [before] = standings(state(journal), 1.7e9, Outside())
    assert (before.wave, before.target, before.standing.gate, before.standing.open) == ("wave 1", None, "night", False)
    override(journal, "app-1", "night", wish("it mends an outage"))
    [after] = standings(state(journal), 1.7e9, Outside())
    assert after.standing.open
    assert after.standing.unlocked


def test_a_gate_that_nobody_answers_for_days_is_told_once(journal: MemoryJournal):
    what = {"effect": "ask/desk/wave 1", "target": "", "code": "HOOK_SILENT", "what": "It says nothing.", "next": ""}
    failed = [e.EffectFailed(at=1.7e9 + 60 * minute, retryable=True, **what) for minute in range(50)]
    asked = [
        e.GateAsked(at=1.71e9 + minute, gate="desk", wave="wave 1", target="", answer="closed", why="lunch")
        for minute in range(50)
    ]
    journal.append("app-1", 1, (*failed, *asked))
    told = [line.text for line in tell(journal.events("app-1")) if line.weighty]
    assert told[1:] == ["ask failed: It says nothing. [HOOK_SILENT]", "gate desk: closed, lunch"]
