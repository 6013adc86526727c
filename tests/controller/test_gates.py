"""Gates under a controller: who is asked in a thread of his own, and never under a hold."""

from __future__ import annotations

from dataclasses import replace

from shoreward.app.ports import Reply
from shoreward.core import events as e
from shoreward.domain import Alarms, Approval, Hook, Outcome, Pipeline
from shoreward.testing.memory import MemoryJournal

from .support import Scene, at_work, pipeline, run, wait


def gated(*gates: Approval | Hook | Alarms) -> Scene:
    """A scene in which `new` is opened with gates; `old` had none."""
    scene = Scene(MemoryJournal(), pipeline())
    opened = scene.state()
    asked: Pipeline = replace(opened.pipeline, gates=gates)
    scene.journal = scene.cloud.journal = MemoryJournal()
    scene.release = scene.open("new", asked)
    return scene


HOOK = Hook(name="desk", function="desk", when="start", every=30)


def test_a_release_waits_until_its_gates_are_open():
    scene = gated(Approval(name="manager", of="all"), HOOK, Alarms(name="quiet", prefix="sev2"))
    scene.cloud.hooks.replies = {"desk": Reply(answer="closed", why="lunch")}
    with at_work(scene.controller()):
        wait(lambda: scene.state().revision)
        for wave in ("wave 1", "wave 2"):
            scene.say(e.GateOpened(at=scene.cloud.clock.now(), gate="manager", wave=wave, by="kim", why="good"))
        wait(lambda: len(scene.cloud.hooks.asked) > 2)
        assert not scene.events(e.WaveEntered)
        scene.cloud.hooks.replies.clear()
    assert scene.state().outcome is Outcome.SUCCEEDED
    answers = [event.answer for event in scene.events(e.GateAsked) if event.gate == "desk"]
    assert answers[0] == "closed"
    assert answers[-1] == "open"


def test_nobody_is_asked_under_a_hold():
    scene = gated(HOOK)
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="wait"))
    with at_work(scene.controller()):
        begun = scene.cloud.clock.now()
        wait(lambda: scene.cloud.clock.now() > begun + 300)
        assert not scene.cloud.hooks.asked
        scene.say(e.HoldLifted(at=scene.cloud.clock.now(), by="kim", why="go"))
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert scene.cloud.hooks.asked


def test_a_hook_that_finds_the_change_bad_sends_it_back_everywhere():
    scene = gated(replace(HOOK, when="after"))
    scene.cloud.hooks.replies = {"desk": Reply(answer="failed", why="prices are wrong")}
    run(scene.controller())
    state = scene.state()
    assert state.outcome is Outcome.ROLLED_BACK
    assert state.rollback
    assert state.rollback.reason == "gate desk: prices are wrong"
    assert scene.serving() == [{"old": 1.0}] * 3
