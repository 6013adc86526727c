"""A release, carried under simulated time: what users see happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shoreward.core import Phase, decide
from shoreward.core import events as e
from shoreward.core.decision import retry_at
from shoreward.core.state import Failure
from shoreward.domain import Bake, Outcome, Retryable, Target
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import carry, state_of, step

from .support import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def failing(commit: str, rate: float, region: str | None = None):
    def model(code: str, target: Target, at: float) -> float:
        return rate if code == commit and region in (None, target.region) else 0.0

    return model


def test_a_good_release_reaches_every_target_wave_by_wave(scene: Scene):
    state = scene.release("new")
    assert state.outcome is Outcome.SUCCEEDED
    assert scene.serving() == [{"new": 1.0}] * 3
    assert [event.wave for event in scene.events(e.WaveEntered)] == [0, 1]
    assert [event.percent for event in scene.events(e.TrafficShifted)][:3] == [10, 50, 100]


def test_the_rest_of_a_wave_follows_its_one_box(scene: Scene):
    scene.release("new")
    shifts = [(event.target.split("/")[1], event.step) for event in scene.events(e.TrafficShifted)]
    assert shifts.index(("eu-west-1", 1)) < shifts.index(("us-east-1", 0))


def test_a_release_that_fails_is_rolled_back_in_the_first_wave(scene: Scene):
    scene.cloud.errors = failing("new", 0.2)
    state = scene.release("new")
    assert state.outcome is Outcome.ROLLED_BACK
    assert state.rollback is not None
    assert "errors on the canary" in state.rollback.reason
    assert scene.serving() == [{"old": 1.0}] * 3
    assert [event.wave for event in scene.events(e.WaveEntered)] == [0]


def test_a_release_that_fails_in_a_later_wave_is_rolled_back_everywhere(scene: Scene):
    scene.cloud.errors = failing("new", 0.2, "us-east-1")
    state = scene.release("new")
    assert state.outcome is Outcome.ROLLED_BACK
    assert scene.serving() == [{"old": 1.0}] * 3
    assert len(scene.events(e.TrafficRestored)) == 3
    assert all(not scene.cloud.target(target).pinned for target in scene.pipeline.targets)


def test_an_incident_that_hits_both_arms_rolls_nothing_back(scene: Scene):
    begin = scene.cloud.clock.now()

    def incident(code: str, target: Target, at: float) -> float:
        return 0.3 if begin + 100 < at < begin + 300 else 0.0

    scene.cloud.errors = incident
    assert scene.release("new").outcome is Outcome.SUCCEEDED


def test_without_traffic_nothing_advances_and_the_pipelines_choice_is_obeyed():
    scene = Scene(a_pipeline(bake=Bake(minimum=60, requests=10, deadline=600, on_deadline="hold")))
    scene.cloud.traffic = {target.key: 0.0 for target in scene.pipeline.targets}
    state = scene.release("new", until=scene.cloud.clock.now() + 1_000)
    assert state.hold is not None
    assert "no requests on the canary" in state.hold.why
    assert scene.serving()[0] == {"old": 0.9, "new": 0.1}


def test_an_alarm_rolls_back_at_once():
    scene = Scene(a_pipeline(alarms=["high-errors"]))
    scene.release("new", until=scene.cloud.clock.now() + 1)
    assert scene.serving()[0] == {"old": 0.9, "new": 0.1}
    scene.cloud.firing_alarms = {scene.pipeline.targets[0].key: ("high-errors",)}
    state = carry(scene.journal, scene.cloud, scene.id)
    assert state.outcome is Outcome.ROLLED_BACK
    assert state.rollback is not None
    assert state.rollback.cause == "alarm"


def test_an_alarm_on_a_completed_wave_rolls_back_the_whole_release():
    scene = Scene(a_pipeline(alarms=["high-errors"]))
    first = scene.pipeline.targets[0]
    scene.id = scene.open("new")
    while not scene.events(e.WaveBaked):
        carry(scene.journal, scene.cloud, scene.id, until=scene.cloud.clock.now())
        scene.cloud.clock.advance(5)
    assert state_of(scene.journal, scene.id).deployments[first.key].phase is Phase.FINISHED
    scene.cloud.firing_alarms = {first.key: ("high-errors",)}
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.ROLLED_BACK
    assert scene.serving() == [{"old": 1.0}] * 3


def test_a_held_release_stays_where_it_is_but_is_still_watched(scene: Scene):
    scene.release("new", until=scene.cloud.clock.now() + 30)
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="lunch"))
    carry(scene.journal, scene.cloud, scene.id, until=scene.cloud.clock.now() + 600)
    assert scene.serving()[0] == {"old": 0.9, "new": 0.1}
    scene.say(e.HoldLifted(at=scene.cloud.clock.now(), by="kim", why="back"))
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.SUCCEEDED


def test_harm_rolls_a_held_release_back(scene: Scene):
    scene.release("new", until=scene.cloud.clock.now() + 30)
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="lunch"))
    scene.cloud.errors = failing("new", 0.5)
    assert carry(scene.journal, scene.cloud, scene.id, until=scene.cloud.clock.now() + 600).outcome is (
        Outcome.ROLLED_BACK
    )


def test_a_person_aborts(scene: Scene):
    scene.release("new", until=scene.cloud.clock.now() + 30)
    scene.say(e.RollbackBegan(at=scene.cloud.clock.now(), cause="person", reason="a mistake", by="kim"))
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.ABORTED
    assert scene.serving() == [{"old": 1.0}] * 3


def test_a_finished_release_can_be_taken_back(scene: Scene):
    scene.release("new")
    scene.say(e.RollbackBegan(at=scene.cloud.clock.now(), cause="person", reason="regret", by="kim"))
    assert carry(scene.journal, scene.cloud, scene.id).outcome is Outcome.ABORTED
    assert scene.serving() == [{"old": 1.0}] * 3


def test_code_that_cannot_answer_a_probe_never_gets_traffic(scene: Scene):
    scene.cloud.errors = failing("new", 1.0)
    state = scene.release("new")
    assert state.outcome is Outcome.ROLLED_BACK
    assert not scene.events(e.TrafficShifted)


def test_a_first_deployment_that_fails_leaves_nothing_behind():
    journal, cloud = MemoryJournal(), SimulatedCloud()
    cloud.errors = failing("new", 0.5)
    pipeline = a_pipeline()
    state = carry(journal, cloud, journal.open(an_opening("new", pipeline, at=cloud.clock.now())))
    assert state.outcome is Outcome.ROLLED_BACK
    assert [cloud.target(target).applied for target in pipeline.targets] == ["", "", ""]


class Unseen:
    """A world whose alarms cannot be read on one target while `dark` is true."""

    def __init__(self, cloud: SimulatedCloud, target: Target) -> None:
        self.cloud, self.key, self.dark = cloud, target.key, False

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        if self.dark and target.key == self.key:
            raise Retryable("AWS_UNREACHABLE", "The region does not answer.")
        return self.cloud.firing(target, names)


def in_the_dark(scene: Scene, target: Target, phase: Phase) -> None:
    """Carry the release until the target is in a phase; from then on its alarms cannot be read."""
    unseen = Unseen(scene.cloud, target)
    world = replace(scene.cloud.world(), alarms=unseen)
    scene.id = scene.open("new")
    for _ in range(500):
        state = state_of(scene.journal, scene.id)
        unseen.dark = unseen.dark or state.deployments[target.key].phase is phase
        if state.ended:
            return
        again = step(scene.journal, scene.cloud, scene.id, world)
        assert again is not None
        scene.cloud.clock.time = max(scene.cloud.clock.time, again)


def test_a_finished_target_that_nobody_can_see_stops_the_release_but_does_not_end_it():
    scene = Scene(a_pipeline(alarms=["high-errors"]))
    in_the_dark(scene, scene.pipeline.targets[0], Phase.FINISHED)
    state = state_of(scene.journal, scene.id)
    assert not state.ended
    assert state.wave == 0
    assert state.deployments[scene.pipeline.targets[0].key].percent == 100
    (failure,) = state.failures.values()
    waiting = decide(state, failure.event.at)
    assert not waiting.effects
    assert "does not answer" in waiting.blockers[0].what


def test_a_canary_that_nobody_can_see_goes_back():
    scene = Scene(a_pipeline(alarms=["high-errors"]))
    in_the_dark(scene, scene.pipeline.targets[0], Phase.BAKING)
    state = state_of(scene.journal, scene.id)
    assert state.outcome is Outcome.ERRORED
    assert scene.serving() == [{"old": 1.0}] * 3


def test_an_alarm_that_fires_beforehand_lets_nobody_be_exposed():
    scene = Scene(a_pipeline(alarms=["high-errors"]))
    scene.cloud.firing_alarms = {scene.pipeline.targets[0].key: ("high-errors",)}
    state = scene.release("new")
    assert state.outcome is Outcome.ERRORED
    assert not scene.events(e.TrafficShifted)


@pytest.mark.parametrize("attempts", [1, 8, 1_025, 1_000_000])
def test_what_fails_for_days_is_tried_again_within_a_minute(attempts: int):
    failed = e.EffectFailed(
        at=100.0, effect="restore-traffic/a", target="a", code="X", what="x", next="", retryable=True
    )
    assert 100 < retry_at(Failure(attempts=attempts, event=failed)) <= 160
