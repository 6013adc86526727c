"""Gates: what is closed keeps a release out, by name and until when; what goes back has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.app.ports import Reply
from shoreward.core import Decision, Release, decide
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.control import FreezePlaced, VariableSet
from shoreward.core.gating import at_target, at_wave
from shoreward.core.outside import Elsewhere, Outside
from shoreward.domain import (
    After,
    Age,
    Alarms,
    Approval,
    Bake,
    Freeze,
    Gate,
    Hook,
    Hours,
    Outcome,
    Retryable,
    RollbackCause,
    Terminal,
    Variable,
    Window,
)
from shoreward.testing.builders import a_pipeline
from shoreward.testing.simulator import carry

from .support import Scene

NOON = datetime(2023, 11, 22, 11, 0, tzinfo=UTC).timestamp()
"""A Wednesday, noon in Stockholm."""
OFFICE = Window(name="office", hours=(Hours(days=(0, 1, 2, 3, 4), start=9 * 3600, end=16 * 3600),))
WAVES = (("eu-north-1",), ("eu-west-1", "us-east-1"))


class Gated(Scene):
    """A release that waits before its first wave, whose pipeline has gates."""

    def __init__(self, *gates: Gate, waves: Any = WAVES, now: float = NOON, **more: Any) -> None:
        super().__init__(a_pipeline(waves, bake=Bake(minimum=20, requests=10, deadline=9e6), **more))
        self.pipeline = replace(self.pipeline, gates=gates)
        self.cloud.clock.time = now
        self.id = self.open("new")

    def waits(self, outside: Outside | None = None) -> Decision:
        """What it decides once it has nothing to record or to do."""
        self.go_on(0)
        return decide(self.state(), self.cloud.clock.now(), outside or Outside())

    def entered(self) -> list[str]:
        return [event.target.split("/")[1] for event in self.events(e.TargetEntered)]

    def unlock(self, gate: str, wave: str = "wave 1") -> None:
        self.say(e.GateOpened(at=self.cloud.clock.now(), gate=gate, wave=wave, by="kim", why="we watch it"))


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def only(decision: Decision) -> tuple[str, float | None]:
    [blocker] = decision.blockers
    assert not decision.effects
    return blocker.gate, blocker.until


def test_a_closed_window_keeps_a_release_before_its_wave_and_says_when_it_opens():
    scene = Gated(OFFICE, now=at("2023-11-24T16:00:00+01:00"))
    waits = scene.waits()
    assert only(waits) == ("office", at("2023-11-27T09:00:00+01:00"))
    assert waits.wake_at == at("2023-11-27T09:00:00+01:00")
    assert waits.blockers[0].zone == "Europe/Stockholm"
    assert not scene.events(e.WaveEntered)

    scene.cloud.clock.time = at("2023-11-27T09:00:00+01:00")
    scene.go_on(0)
    assert scene.entered() == ["eu-north-1"]


def test_a_window_goes_by_the_clock_of_each_target():
    """Given half past nine in Dublin, where New York still sleeps."""
    scene = Gated(OFFICE, waves=[["eu-west-1", "us-east-1"]], now=at("2023-11-22T09:30:00+00:00"))
    scene.go_on(3_600)
    assert scene.entered() == ["eu-west-1"]
    [blocker] = [each for each in decide(scene.state(), scene.cloud.clock.now()).blockers if each.gate]
    assert "us-east-1" in blocker.what
    assert (blocker.until, blocker.zone) == (at("2023-11-22T09:00:00-05:00"), "America/New_York")

    state = carry(scene.journal, scene.cloud, scene.id)
    assert state.outcome is Outcome.SUCCEEDED
    [entered] = [event for event in scene.events(e.TargetEntered) if "us-east-1" in event.target]
    assert entered.at >= at("2023-11-22T09:00:00-05:00")


def test_what_is_under_way_goes_on_when_the_window_closes():
    scene = Gated(OFFICE, waves=[["eu-north-1"]], now=at("2023-11-24T15:59:00+01:00"))
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.SUCCEEDED
    assert scene.state().ended_at > at("2023-11-24T16:00:00+01:00")
    assert scene.state().ended_at < at("2023-11-25T00:00:00+01:00")


@cache
def exposed() -> Release:
    """A release with some traffic, which then closes every gate that there is."""
    scene = Gated(OFFICE, waves=[["eu-north-1"]])
    scene.go_on(60)
    assert scene.serving()[0].get("new")
    state = scene.state()
    gates = (
        Window(name="never", hours=(Hours(days=(0,), start=0, end=60),)),
        Freeze(name="f", start="2000-01-01", end="2100-01-01"),
        Approval(name="a", of="x"),
    )
    return replace(state, opened=replace(state.opened, pipeline=replace(state.pipeline, gates=gates)))


@given(st.floats(0, 14 * 86_400), st.sampled_from(["person", "judged", "alarm", "gate"]))
def test_gates_never_delay_a_rollback(later: float, cause: RollbackCause):
    now = NOON + 60 + later
    began = e.RollbackBegan(at=now, cause=cause, reason="no", by="kim")
    decision = decide(replace(exposed(), rollback=began), now, frozen())
    assert [type(effect) for effect in decision.effects] == [do.RestoreTraffic]


def test_a_release_that_brings_a_revision_back_has_no_gates():
    scene = Gated(OFFICE, Approval(name="manager", of="all"), now=at("2023-11-25T12:00:00+01:00"))
    state = scene.state()
    back = replace(state, opened=replace(state.opened, back_to="app-1"))
    assert at_wave(back, 0, scene.cloud.clock.now(), Outside()) == ()
    assert at_target(back, back.in_wave(0)[0], scene.cloud.clock.now(), Outside()) == ()


def test_a_freeze_in_the_pipeline_ends_by_itself():
    freeze = Freeze(name="holiday", start="2023-11-22T00:00", end="2023-11-23T00:00", zone="Europe/Stockholm")
    assert only(Gated(freeze).waits()) == ("holiday", at("2023-11-23T00:00:00+01:00"))
    scene = Gated(freeze, now=at("2023-11-23T00:00:00+01:00"))
    scene.go_on(0)
    assert scene.entered() == ["eu-north-1"]


def frozen(**more: Any) -> Outside:
    freeze = FreezePlaced(at=NOON, by="kim", why="the launch", name="launch", start=NOON - 10, end=NOON + 500, **more)
    return Outside(freezes={"launch": freeze})


def test_a_persons_freeze_keeps_out_until_it_is_over():
    scene = Gated()
    decision = decide(scene.state(), NOON)
    assert not decision.blockers
    scene.say(e.RevisionBuilt(at=NOON, revision=scene.cloud.build(scene.pipeline, "new")))
    state = scene.state()
    assert only(decide(state, NOON, frozen())) == ("freeze/launch", NOON + 500)
    assert "kim: the launch" in decide(state, NOON, frozen()).blockers[0].what
    assert decide(state, NOON + 500, frozen()).records
    assert decide(state, NOON - 20, frozen()).records, "it had not begun"


def test_a_freeze_keeps_further_targets_of_a_wave_out():
    """Given one that begins when the one-box has been entered."""
    freeze = Freeze(name="talk", start="2023-11-22T12:00:05", end="2023-11-22T14:00:00", zone="Europe/Stockholm")
    scene = Gated(freeze, waves=[["eu-north-1", "eu-west-1"]])
    scene.go_on(7_000)
    assert scene.entered() == ["eu-north-1"]
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.SUCCEEDED
    assert scene.events(e.TargetEntered)[1].at == at("2023-11-22T14:00:00+01:00")


def test_a_person_opens_a_gate_for_one_wave():
    scene = Gated(OFFICE, now=at("2023-11-25T12:00:00+01:00"))
    assert scene.waits().blockers
    scene.unlock("office")
    scene.go_on(3_600)
    assert scene.entered() == ["eu-north-1"]
    [waits] = [each for each in decide(scene.state(), scene.cloud.clock.now()).blockers if each.gate]
    assert "wave 2" in waits.what


def test_an_approval_waits_for_a_person():
    scene = Gated(Approval(name="manager", of="the figures"))
    [blocker] = scene.waits().blockers
    assert blocker.person
    assert "the figures" in blocker.what
    scene.unlock("manager", "wave 2")
    assert scene.waits().blockers, "another wave's approval opened this one"
    scene.unlock("manager")
    assert scene.waits().effects or scene.entered() == ["eu-north-1"]


def test_a_wave_must_have_baked_for_a_while():
    scene = Gated(Age(name="a day", seconds=86_400))
    scene.go_on(20_000)
    [baked] = scene.events(e.WaveBaked)
    assert only(decide(scene.state(), scene.cloud.clock.now())) == ("a day", baked.at + 86_400)
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.SUCCEEDED


def test_a_variable_opens_with_its_value_alone():
    scene = Gated(Variable(name="campaign", variable="ads", value="off"))
    [blocker] = scene.waits().blockers
    assert blocker.person
    for value, opens in (("on", False), ("off", True)):
        said = VariableSet(at=NOON, by="kim", why="", name="ads", value=value)
        decision = decide(scene.state(), NOON, Outside(variables={"ads": said}))
        assert bool(decision.records) == opens


HERE = "111111111111/eu-north-1"


@pytest.mark.parametrize(
    ("other", "opens"),
    [
        (Elsewhere(id="harbour-1", opened_at=NOON - 9, targets=frozenset([HERE]), ahead=frozenset([HERE])), False),
        (Elsewhere(id="harbour-1", opened_at=NOON - 9, targets=frozenset([HERE]), ahead=frozenset()), True),
        (Elsewhere(id="harbour-1", opened_at=NOON + 9, targets=frozenset([HERE]), ahead=frozenset([HERE])), True),
        (Elsewhere(id="harbour-1", opened_at=NOON + 9, targets=frozenset([HERE]), back=True), False),
        (Elsewhere(id="harbour-1", opened_at=NOON - 9, ahead=frozenset(["222222222222/eu-north-1"])), False),
        (Elsewhere(id="harbour-1", opened_at=NOON - 9, ahead=frozenset(["222222222222/eu-west-1"])), True),
    ],
)
def test_a_consumer_comes_after_its_provider(other: Elsewhere, opens: bool):
    scene = Gated(After(name="provider", application="harbour"))
    scene.say(e.RevisionBuilt(at=NOON, revision=scene.cloud.build(scene.pipeline, "new")))
    decision = decide(scene.state(), NOON, Outside(others={"harbour": (other,), "pier": (other,)}))
    assert bool(decision.records) == opens
    assert [each.gate for each in decision.blockers] == ([] if opens else ["provider"])


ALARMS = Alarms(name="quiet", alarms=("sev2",), prefix="team-", every=60)


@pytest.mark.parametrize("alarm", ["sev2", "team-errors"])
def test_a_firing_alarm_keeps_a_wave_closed_until_it_is_quiet(alarm: str):
    scene = Gated(ALARMS)
    key = scene.pipeline.targets[0].key
    scene.cloud.firing_alarms = {key: (alarm,)}
    waits = scene.waits()
    assert only(waits) == ("quiet", None)
    assert f"alarm {alarm} is firing" in waits.blockers[0].what
    assert waits.wake_at == NOON + 60

    scene.cloud.firing_alarms.clear()
    scene.go_on(59)
    assert not scene.entered()
    scene.go_on(2)
    assert scene.entered() == ["eu-north-1"]


def test_alarms_are_looked_at_again_before_each_further_target():
    scene = Gated(ALARMS, waves=[["eu-north-1", "eu-west-1"]])
    scene.cloud.traffic = {}  # little, so that the first target takes longer than an answer holds
    scene.go_on(1)
    assert scene.entered() == ["eu-north-1"]
    scene.cloud.firing_alarms = {scene.pipeline.targets[1].key: ("sev2",)}
    scene.go_on(2_000)
    assert scene.entered() == ["eu-north-1"]
    scene.cloud.firing_alarms.clear()
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.SUCCEEDED
    assert scene.entered() == ["eu-north-1", "eu-west-1"]


def test_nobody_is_asked_while_the_window_is_closed():
    scene = Gated(OFFICE, ALARMS, now=at("2023-11-25T12:00:00+01:00"))
    assert only(scene.waits())[0] == "office"
    assert not scene.events(e.GateAsked)


def test_an_answer_that_is_too_old_is_asked_for_again():
    scene = Gated(ALARMS, Approval(name="manager", of="all"))
    asked = e.GateAsked(at=NOON - 61, gate="quiet", wave="wave 1", target="", answer="open", why="")
    scene.go_on(0)
    scene.say(asked)
    scene.unlock("manager")
    [effect] = decide(scene.state(), NOON).effects
    assert effect == do.AskGate(gate="quiet", wave="wave 1")
    assert effect.forward, "it would be asked under a hold"


HOOK = Hook(name="desk", function="desk", when="start", every=60)


@pytest.mark.parametrize("error", [Retryable("HOOK_SILENT", "It says nothing."), Terminal("HOOK_REFUSED", "No.")])
def test_a_hook_that_cannot_be_asked_keeps_closed_for_ever_and_sends_nobody_back(error: Retryable | Terminal):
    scene = Gated(HOOK)
    scene.cloud.traffic = {}  # little, so that the first wave is under way when it is looked at
    scene.cloud.hooks.replies = {"desk": error}
    scene.go_on(7_200)
    state = scene.state()
    assert state.rollback is None
    assert not scene.entered()
    blockers = decide(state, scene.cloud.clock.now()).blockers
    assert [each.gate for each in blockers] == ["desk"]

    scene.cloud.hooks.replies.clear()
    scene.go_on(120)
    assert scene.entered() == ["eu-north-1"]


def test_a_hook_that_says_no_is_asked_again_in_a_while():
    scene = Gated(HOOK)
    scene.cloud.hooks.replies = {"desk": Reply(answer="closed", why="the desk is empty")}
    waits = scene.waits()
    assert waits.wake_at == NOON + 60
    assert "the desk is empty" in waits.blockers[0].what
    scene.go_on(200)
    assert len(scene.cloud.hooks.asked) == 4
    scene.unlock("desk")
    scene.go_on(1)
    assert scene.entered() == ["eu-north-1"]


def test_a_hook_before_traffic_is_told_of_the_new_version_before_any_customer_meets_it():
    scene = Gated(replace(HOOK, when="before"))
    scene.cloud.hooks.replies = {"desk": Reply(answer="closed", why="wait")}
    scene.go_on(500)
    assert scene.entered() == ["eu-north-1"]
    assert scene.serving()[0] == {"old": 1.0}
    asked = scene.cloud.hooks.asked[-1]
    assert asked["target"]["region"] == "eu-north-1"
    assert [each["candidate"] for each in asked["functions"]] == ["2"]
    scene.cloud.hooks.replies.clear()
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hook_that_finds_the_change_bad_sends_it_back(when: Any):
    scene = Gated(replace(HOOK, when=when))
    scene.cloud.hooks.replies = {"desk": Reply(answer="failed", why="prices are wrong")}
    state = carry(scene.journal, scene.cloud, scene.id)
    assert state.outcome is Outcome.ROLLED_BACK
    assert state.rollback
    assert (state.rollback.cause, state.rollback.reason) == ("gate", "gate desk: prices are wrong")
    assert scene.serving() == [{"old": 1.0}] * 3


def test_a_wave_bakes_when_its_last_hook_has_said_so():
    scene = Gated(replace(HOOK, when="after"), waves=[["eu-north-1"]])
    scene.cloud.hooks.replies = {"desk": Reply(answer="closed", why="still counting")}
    scene.go_on(5_000)
    assert scene.serving() == [{"new": 1.0}]
    assert not scene.events(e.WaveBaked)
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="wait", wave="wave 1"))
    asked = len(scene.cloud.hooks.asked)
    scene.go_on(500)
    assert len(scene.cloud.hooks.asked) == asked, "asked under a hold"
    scene.say(e.HoldLifted(at=scene.cloud.clock.now(), by="kim", why="go", wave="wave 1"))
    scene.cloud.hooks.replies.clear()
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.SUCCEEDED


def test_gates_of_one_wave_bind_that_wave_alone():
    scene = Gated()
    first, second = scene.pipeline.waves
    gated = replace(scene.pipeline, waves=(first, replace(second, gates=(Approval(name="manager", of="all"),))))
    state = scene.state()
    state = replace(state, opened=replace(state.opened, pipeline=gated))
    assert at_wave(state, 0, NOON, Outside()) == ()
    assert [each.gate for each in at_wave(state, 1, NOON, Outside())] == ["manager"]


def test_a_zone_that_this_machine_does_not_know_keeps_closed():
    scene = Gated(replace(OFFICE, zone="Europe/Atlantis"))
    [blocker] = scene.waits().blockers
    assert blocker.person
    assert "Europe/Atlantis" in blocker.what
