"""Advisories that become known while a release is under way."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shoreward.core import Phase, decide
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.domain import Bake, Outcome, Pipeline, Retryable, Terminal, Verdict
from shoreward.testing.builders import a_pipeline, some_checks
from shoreward.testing.gate import an_advisory

from .support import Scene

POLL = 60.0


def busy(pipeline: Pipeline) -> Scene:
    """One with so many customers that a step passes as soon as its minimum time is over."""
    scene = Scene(pipeline)
    scene.cloud.traffic = {target.key: 100.0 for target in pipeline.targets}
    return scene


@pytest.fixture
def scene() -> Scene:
    return busy(a_pipeline(checks=some_checks(poll=POLL)))


def publish(scene: Scene, rule: str = "GHSA-1", after: float = 0.0) -> float:
    """An advisory becomes known after so many seconds; returns when."""
    at = scene.cloud.clock.now() + after
    scene.cloud.gate.published.append((at, an_advisory(rule)))
    return at


def mid_wave(scene: Scene) -> None:
    """Carry the release until its first canary has customers."""
    scene.release("new", until=scene.cloud.clock.now() + 30)
    assert scene.serving()[0] == {"old": 0.9, "new": 0.1}


def test_advisories_are_looked_up_every_poll_until_the_release_ends(scene: Scene):
    scene.release("new")
    asked = [event.at for event in scene.events(e.AdvisoriesReviewed)]
    began, ended = scene.events(e.RevisionChecked)[0].at, scene.events(e.ReleaseEnded)[0].at
    assert asked == [began + POLL * count for count in range(1, int((ended - began) // POLL) + 1)]


def test_an_advisory_that_is_published_in_the_middle_of_a_wave_holds_the_release_within_one_poll(scene: Scene):
    mid_wave(scene)
    known = publish(scene, after=40)
    state = scene.go_on(200)
    assert state.hold is not None
    assert state.hold.by == "shoreward"
    assert "GHSA-1 requests 2.31.0" in state.hold.why
    assert known <= state.hold.at <= known + POLL
    assert not state.ended


def test_nothing_moves_behind_the_look_that_found_it(scene: Scene):
    mid_wave(scene)
    publish(scene)
    scene.go_on(200)
    seen = [each.event for each in scene.journal.events(scene.id)]
    (hold,) = [index for index, event in enumerate(seen) if isinstance(event, e.HoldPlaced)]
    assert isinstance(seen[hold - 1], e.AdvisoriesReviewed)
    assert not [event for event in seen[hold:] if isinstance(event, e.TrafficShifted | e.TargetStaged)]


def test_a_person_who_resumes_is_not_stopped_by_the_same_advisory_again(scene: Scene):
    mid_wave(scene)
    publish(scene)
    scene.go_on(200)
    scene.resume()
    assert scene.go_on().outcome is Outcome.SUCCEEDED
    assert len(scene.events(e.HoldPlaced)) == 1


def test_an_advisory_in_other_words_is_the_same_advisory(scene: Scene):
    mid_wave(scene)
    publish(scene)
    scene.go_on(200)
    scene.resume()
    ((at, finding),) = scene.cloud.gate.published
    reworded = type(finding)(rule=finding.rule, subject=finding.subject, severity=finding.severity, what="Once more.")
    scene.cloud.gate.published = [(at, reworded)]
    assert scene.go_on().outcome is Outcome.SUCCEEDED


def test_another_advisory_stops_it_again(scene: Scene):
    mid_wave(scene)
    publish(scene)
    scene.go_on(100)
    scene.resume()
    publish(scene, "GHSA-2")
    state = scene.go_on(100)
    assert state.hold is not None
    assert state.hold.advisories == ("GHSA-2 requests 2.31.0",)


def test_who_holds_a_release_is_told_of_the_advisory_too(scene: Scene):
    mid_wave(scene)
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="lunch"))
    publish(scene)
    state = scene.go_on(100)
    assert state.hold is not None
    assert "GHSA-1" in state.hold.why
    assert "held before by kim: lunch" in state.hold.why
    scene.resume()
    assert scene.go_on().outcome is Outcome.SUCCEEDED


def test_a_held_canary_that_harms_goes_back_all_the_same(scene: Scene):
    mid_wave(scene)
    publish(scene)
    scene.go_on(100)
    scene.cloud.errors = lambda commit, target, at: 0.2 if commit == "new" else 0.0
    assert scene.go_on().outcome is Outcome.ROLLED_BACK


def test_a_pipeline_may_choose_to_go_back():
    scene = busy(a_pipeline(checks=some_checks(poll=POLL, on_new="rollback")))
    mid_wave(scene)
    publish(scene)
    state = scene.go_on()
    assert state.outcome is Outcome.ROLLED_BACK
    assert state.rollback is not None
    assert state.rollback.cause == "advisory"
    assert scene.serving() == [{"old": 1.0}] * 3


def test_many_advisories_are_one_hold_that_names_the_first_ones(scene: Scene):
    mid_wave(scene)
    for number in range(5):
        publish(scene, f"GHSA-{number}")
    state = scene.go_on(100)
    assert state.hold is not None
    assert len(state.hold.advisories) == 5
    assert state.hold.why.endswith("and 2 more")


def test_whoever_skips_the_check_is_not_told_either():
    scene = busy(a_pipeline(checks=some_checks(poll=POLL, skip=["vulnerabilities"])))
    publish(scene)
    assert scene.release("new").outcome is Outcome.SUCCEEDED
    assert not scene.cloud.gate.reviewed


def test_a_kept_verdict_is_looked_up_again_when_its_time_comes(scene: Scene):
    """Given a verdict from 50 seconds ago, when polls are 60 seconds apart, the first look comes 10 seconds later."""
    scene.cloud.gate.advised = scene.cloud.clock.now() - 50
    began = scene.cloud.clock.now()
    scene.release("new")
    assert scene.events(e.AdvisoriesReviewed)[0].at == began + 10
    assert scene.events(e.TargetStaged)[0].at == began


@pytest.mark.parametrize("age", [121.0, 1e9])
def test_a_kept_verdict_that_is_too_old_is_looked_up_before_anything_is_touched(scene: Scene, age: float):
    scene.cloud.gate.advised = scene.cloud.clock.now() - age
    publish(scene)
    state = scene.release("new", until=scene.cloud.clock.now() + 1_000)
    assert state.hold is not None
    assert state.wave == -1
    assert not scene.events(e.TargetInspected)


def test_a_verdict_from_the_future_is_not_believed(scene: Scene):
    scene.cloud.gate.advised = scene.cloud.clock.now() + 1e6
    began = scene.cloud.clock.now()
    scene.release("new")
    assert scene.events(e.AdvisoriesReviewed)[0].at == began + POLL


# Nobody answers


def test_a_look_that_failed_is_shown_and_tried_again_and_changes_nothing(scene: Scene):
    mid_wave(scene)
    scene.cloud.gate.dark = Retryable
    scene.go_on(POLL)
    (failed, *_) = scene.events(e.EffectFailed)
    assert (failed.effect, failed.code) == ("review/new", "ADVISORIES_UNREACHABLE")
    scene.cloud.gate.dark = None
    state = scene.go_on()
    assert state.outcome is Outcome.SUCCEEDED
    assert not scene.events(e.HoldPlaced)


def test_when_nobody_answers_for_two_polls_nothing_moves_forward_and_nothing_back(scene: Scene):
    mid_wave(scene)
    scene.cloud.gate.dark = Retryable
    last = (scene.events(e.AdvisoriesReviewed) or scene.events(e.RevisionChecked))[-1].at
    state = scene.go_on(400)
    assert not state.ended
    assert state.rollback is None
    assert state.hold is None
    assert not [event for event in scene.events(e.TrafficShifted) if event.at > last + 2 * POLL]
    blockers = [each.what for each in decide(state, scene.cloud.clock.now()).blockers]
    assert any("advisories" in what and "Nobody answers." in what for what in blockers)


def test_when_they_answer_again_it_goes_on_by_itself(scene: Scene):
    mid_wave(scene)
    scene.cloud.gate.dark = Retryable
    scene.go_on(400)
    scene.cloud.gate.dark = None
    assert scene.go_on().outcome is Outcome.SUCCEEDED
    assert not scene.events(e.HoldPlaced)


def test_an_advisory_that_was_published_in_the_dark_holds_it_then(scene: Scene):
    mid_wave(scene)
    scene.cloud.gate.dark = Retryable
    publish(scene)
    scene.go_on(400)
    scene.cloud.gate.dark = None
    state = scene.go_on(POLL)
    assert state.hold is not None


def test_a_canary_that_harms_in_the_dark_goes_back(scene: Scene):
    mid_wave(scene)
    scene.cloud.gate.dark = Retryable
    scene.go_on(200)
    scene.cloud.errors = lambda commit, target, at: 0.2 if commit == "new" else 0.0
    assert scene.go_on().outcome is Outcome.ROLLED_BACK


def impatient(deadline: float) -> Pipeline:
    bake = Bake(minimum=60, requests=50, deadline=deadline, on_deadline="rollback")
    return a_pipeline(bake=bake, checks=some_checks(poll=POLL))


def test_a_canary_with_its_pass_does_not_go_back_because_advisories_are_not_to_be_had():
    scene = busy(impatient(deadline=100))
    mid_wave(scene)
    scene.cloud.gate.dark = Retryable
    state = scene.go_on(400)
    canary = state.deployments[scene.pipeline.targets[0].key]
    assert (canary.percent, canary.judgement.verdict) == (50, Verdict.PASS)
    assert state.rollback is None
    scene.cloud.gate.dark = None
    assert scene.go_on().outcome is Outcome.SUCCEEDED


def test_a_canary_without_a_pass_meets_its_deadline_in_the_dark_as_well():
    scene = busy(impatient(deadline=100))
    mid_wave(scene)
    scene.cloud.traffic = {target.key: 0.0 for target in scene.pipeline.targets}
    scene.cloud.gate.dark = Retryable
    state = scene.go_on()
    assert state.outcome is Outcome.ROLLED_BACK
    assert state.rollback is not None
    assert state.rollback.cause == "deadline"


def test_what_trying_again_does_not_mend_sends_nothing_back_either(scene: Scene):
    mid_wave(scene)
    scene.cloud.gate.dark = Terminal
    state = scene.go_on(400)
    assert not state.ended
    assert state.rollback is None
    scene.cloud.gate.dark = None
    assert scene.go_on().outcome is Outcome.SUCCEEDED


def test_a_poll_may_be_shorter_than_the_wait_behind_a_failure():
    scene = busy(a_pipeline(checks=some_checks(poll=5)))
    mid_wave(scene)
    scene.cloud.gate.dark = Retryable
    scene.go_on(100)
    asked = scene.cloud.gate.reviewed
    assert max(later - earlier for earlier, later in pairwise(asked)) <= 5


def test_nobody_looks_anything_up_on_the_way_back_or_behind_the_end(scene: Scene):
    mid_wave(scene)
    scene.say(e.RollbackBegan(at=scene.cloud.clock.now(), cause="person", reason="no", by="kim"))
    effects = decide(scene.state(), scene.cloud.clock.now() + 10 * POLL).effects
    assert effects
    assert not [each for each in effects if isinstance(each, do.ReviewAdvisories)]
    state = scene.go_on()
    assert state.ended
    assert not decide(state, scene.cloud.clock.now() + 10 * POLL).effects


def test_a_finished_wave_is_held_as_well(scene: Scene):
    scene.release("new", until=scene.cloud.clock.now())
    while not scene.events(e.WaveBaked):
        scene.go_on(10)
    assert scene.state().deployments[scene.pipeline.targets[0].key].phase is Phase.FINISHED
    publish(scene)
    state = scene.go_on(200)
    assert state.hold is not None
    assert scene.serving()[0] == {"new": 1.0}
