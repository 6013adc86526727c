"""The gate: nothing reaches a wave without a pass of the checks."""

from __future__ import annotations

import pytest

from shoreward.app.interruption import Interruption
from shoreward.core import decide
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.domain import Outcome, Verdict
from shoreward.testing.builders import a_pipeline, some_checks

from .support import Scene

PASS, FAIL, ERROR, NO_DATA = Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.NO_DATA


@pytest.fixture
def scene() -> Scene:
    """One whose pipeline has checks, on which `old` has passed them."""
    return Scene(a_pipeline(checks=some_checks()))


def kinds(scene: Scene) -> list[type]:
    return [type(each.event) for each in scene.journal.events(scene.id)]


def untouched(scene: Scene) -> bool:
    """Whether no target has been so much as looked at."""
    return scene.serving() == [{"old": 1.0}] * 3 and not scene.events(e.TargetInspected)


def test_checks_run_first_and_once(scene: Scene):
    state = scene.release("new")
    assert state.outcome is Outcome.SUCCEEDED
    assert kinds(scene)[:4] == [e.ReleaseOpened, e.RevisionBuilt, e.RevisionChecked, e.WaveEntered]
    assert scene.cloud.gate.checked == ["old", "new"]


def test_a_pass_is_kept_with_its_signed_manifest(scene: Scene):
    checked = scene.release("new").checked
    assert checked is not None
    assert checked.verdict is PASS
    assert b"this machine" in scene.cloud.journal.get(checked.manifest)


def test_a_verdict_that_is_there_already_costs_no_time(scene: Scene):
    began = scene.cloud.clock.now()
    scene.release("new", until=began)
    assert scene.events(e.TargetStaged)[0].at == began


def test_a_change_that_fails_ends_before_anybody_is_touched(scene: Scene):
    scene.cloud.gate.verdicts["new"] = [FAIL]
    state = scene.release("new")
    assert state.outcome is Outcome.FAILED
    assert state.rollback is None
    assert untouched(scene)
    assert state.checked is not None
    assert not state.checked.manifest, "nobody signs what failed"


def test_a_failed_change_may_be_tried_again(scene: Scene):
    scene.cloud.gate.verdicts["new"] = [FAIL, PASS]
    assert scene.release("new").outcome is Outcome.FAILED
    assert scene.release("new").outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("verdict", [ERROR, NO_DATA, Verdict.NOT_ENOUGH_EVIDENCE])
def test_checks_that_cannot_tell_are_asked_again_and_then_the_release_errors(scene: Scene, verdict: Verdict):
    scene.cloud.gate.verdicts["new"] = [verdict]
    began = scene.cloud.clock.now()
    state = scene.release("new")
    assert state.outcome is Outcome.ERRORED
    assert scene.cloud.gate.checked.count("new") == 8
    assert 60 < scene.cloud.clock.now() - began < 600, "with some time in between"
    assert untouched(scene)
    assert state.rollback is not None
    assert "CHECKS_ERRORED" in state.rollback.reason


def test_one_error_is_no_end(scene: Scene):
    scene.cloud.gate.verdicts["new"] = [ERROR, ERROR, PASS]
    assert scene.release("new").outcome is Outcome.SUCCEEDED
    assert scene.cloud.gate.checked.count("new") == 3


def test_an_error_before_a_failure_does_not_hide_it(scene: Scene):
    scene.cloud.gate.verdicts["new"] = [ERROR, FAIL]
    assert scene.release("new").outcome is Outcome.FAILED


def checking(scene: Scene) -> None:
    """Begin a release, and stop when its checks are to be begun."""
    scene.id = scene.open("new")
    built = scene.cloud.build(scene.pipeline, "new")
    scene.say(e.RevisionBuilt(at=scene.cloud.clock.now(), revision=built))
    assert decide(scene.state(), scene.cloud.clock.now()).effects == (do.CheckRevision(commit="new"),)


def test_the_release_says_that_it_waits_for_its_checks(scene: Scene):
    checking(scene)
    (waits,) = decide(scene.state(), scene.cloud.clock.now()).blockers
    assert "checks" in waits.what


def test_an_abort_while_checks_run_ends_at_once(scene: Scene):
    checking(scene)
    scene.say(e.RollbackBegan(at=scene.cloud.clock.now(), cause="person", reason="no", by="kim"))
    assert scene.go_on().outcome is Outcome.ABORTED
    assert untouched(scene)


def test_a_pass_that_comes_after_the_abort_changes_nothing(scene: Scene):
    checking(scene)
    checked = scene.cloud.world().checker.check(scene.pipeline, scene.state().revision, "new", "old", Interruption())
    scene.say(e.RollbackBegan(at=scene.cloud.clock.now(), cause="person", reason="no", by="kim"))
    scene.go_on()
    scene.say(e.RevisionChecked(at=scene.cloud.clock.now(), checked=checked))
    assert scene.go_on().outcome is Outcome.ABORTED
    assert untouched(scene)


def test_a_release_that_is_held_while_checks_run_waits_behind_the_gate(scene: Scene):
    checking(scene)
    checked = scene.cloud.world().checker.check(scene.pipeline, scene.state().revision, "new", "old", Interruption())
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="lunch"))
    assert not decide(scene.state(), scene.cloud.clock.now()).effects
    scene.say(e.RevisionChecked(at=scene.cloud.clock.now(), checked=checked))
    assert scene.go_on(600).wave == -1


def test_a_release_that_is_held_ends_when_its_checks_fail(scene: Scene):
    checking(scene)
    scene.cloud.gate.verdicts["new"] = [FAIL]
    checked = scene.cloud.world().checker.check(scene.pipeline, scene.state().revision, "new", "old", Interruption())
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="lunch"))
    scene.say(e.RevisionChecked(at=scene.cloud.clock.now(), checked=checked))
    assert scene.go_on().outcome is Outcome.FAILED


def test_a_pipeline_from_before_there_were_checks_has_no_gate():
    scene = Scene(a_pipeline())
    assert scene.release("new").outcome is Outcome.SUCCEEDED
    assert not scene.cloud.gate.checked
    assert not scene.events(e.AdvisoriesReviewed)
