"""Releases that a controller carries: to success, back, side by side, and as people say meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.ports import Journal
from shoreward.core import events as e
from shoreward.core import replay
from shoreward.domain import Outcome, Refused
from shoreward.testing.builders import some_checks
from shoreward.testing.gate import an_advisory
from shoreward.testing.memory import MemoryJournal

from .support import Onlooker, Scene, at_work, pipeline, run, staying, wait


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        yield journal


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest) -> Journal:
    return MemoryJournal() if request.param == "memory" else request.getfixturevalue("sqlite")


@pytest.fixture(params=["the same connection", "another connection"])
def elsewhere(request: pytest.FixtureRequest, sqlite: SqliteJournal, tmp_path: Path) -> Iterator[Journal]:
    """The journal as somebody else has it open."""
    if request.param == "the same connection":
        yield sqlite
        return
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        yield journal


def test_a_good_release_reaches_every_target(journal: Journal):
    scene = Scene(journal)
    run(scene.controller())
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert scene.serving() == [{"new": 1.0}] * 3
    assert not journal.releases()[0].open


def test_a_bad_release_goes_back_everywhere(journal: Journal):
    scene = Scene(journal)
    scene.bad(region="us-east-1")
    run(scene.controller())
    assert scene.state().outcome is Outcome.ROLLED_BACK
    assert scene.serving() == [{"old": 1.0}] * 3
    assert len(scene.events(e.StackRestored)) == 3


def test_nothing_to_carry_is_no_work(journal: Journal):
    scene = Scene(journal)
    run(scene.controller())
    calls = len(scene.log.lines)
    run(scene.controller())
    assert len(scene.log.lines) == calls


def test_applications_do_not_wait_for_each_other(journal: Journal):
    one, two = (
        replace(made, application=made.waves[0].targets[0].stack)
        for made in (
            pipeline([["eu-north-1"]]),
            replace_stack(pipeline([["eu-west-1"]]), "other"),
        )
    )
    scene = Scene(journal, one, two)
    slow = scene.barrier("stage eu-north-1")
    other = scene.open("new", two)
    with at_work(scene.controller()):
        assert slow.reached.wait(60)
        wait(lambda: scene.state(other).outcome)
        assert not scene.events(e.TargetStaged)
        slow.open.set()
    assert [scene.state(release).outcome for release in (scene.release, other)] == [Outcome.SUCCEEDED] * 2
    assert scene.serving(one) == scene.serving(two) == [{"new": 1.0}]


def replace_stack(made, stack: str):
    waves = tuple(
        replace(wave, targets=tuple(replace(target, stack=stack) for target in wave.targets)) for wave in made.waves
    )
    return replace(made, waves=waves)


def test_a_hold_by_somebody_else_stops_the_release_until_it_is_lifted(sqlite: SqliteJournal, elsewhere: Journal):
    scene, onlooker = Scene(sqlite), Onlooker()
    with at_work(scene.controller(observe=onlooker)):
        wait(lambda: onlooker.saw(e.TrafficShifted))
        scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="lunch"), elsewhere)
        wait(lambda: onlooker.saw(e.HoldPlaced))
        shifts, looks = shifts_begun(scene), onlooker.saw(e.TargetJudged)
        wait(lambda: onlooker.saw(e.TargetJudged) > looks + 8)
        assert shifts_begun(scene) == shifts, "watched, but not moved"
        scene.say(e.HoldLifted(at=scene.cloud.clock.now(), by="kim", why="back"), elsewhere)
    assert scene.state().outcome is Outcome.SUCCEEDED


def shifts_begun(scene: Scene) -> int:
    return sum(line.startswith("shift") and line.endswith("begins") for line in scene.log.lines)


def test_an_abort_by_somebody_else_sends_the_release_back(sqlite: SqliteJournal, elsewhere: Journal):
    scene, onlooker = Scene(sqlite), Onlooker()
    with at_work(scene.controller(observe=onlooker)):
        wait(lambda: onlooker.saw(e.WaveBaked))
        scene.say(a_return(scene), elsewhere)
    assert scene.state().outcome is Outcome.ABORTED
    assert scene.serving() == [{"old": 1.0}] * 3


def a_return(scene: Scene) -> e.RollbackBegan:
    return e.RollbackBegan(at=scene.cloud.clock.now(), cause="person", reason="regret", by="kim")


def test_a_release_that_succeeded_is_taken_back_by_the_next_controller(journal: Journal):
    scene = Scene(journal)
    run(scene.controller())
    scene.say(a_return(scene))
    run(scene.controller())
    assert scene.state().outcome is Outcome.ABORTED
    assert scene.serving() == [{"old": 1.0}] * 3


def test_a_release_that_is_opened_meanwhile_is_carried_too(journal: Journal):
    one, two = pipeline([["eu-north-1"]]), replace(pipeline([["eu-west-1"]]), application="two")
    scene = Scene(journal, one, two)
    slow = scene.barrier("stage eu-north-1")
    with at_work(scene.controller()):
        assert slow.reached.wait(60)
        second = scene.open("new", two)
        wait(lambda: scene.state(second).outcome)
        slow.open.set()
    assert scene.state(second).outcome is Outcome.SUCCEEDED


def test_one_controller_carries_a_journal_at_a_time(journal: Journal):
    scene = Scene(journal)
    slow = scene.barrier("stage eu-north-1")
    with at_work(scene.controller()):
        assert slow.reached.wait(60)
        with pytest.raises(Refused) as refused:
            run(scene.controller())
        assert refused.value.code == "CONTROLLER_RUNNING"
        slow.open.set()
    assert scene.state().outcome is Outcome.SUCCEEDED


def test_a_controller_that_is_interrupted_leaves_the_rest_to_the_next(journal: Journal):
    scene = Scene(journal)

    def ctrl_c(state: object, recorded: object) -> None:
        if scene.events(e.TrafficShifted):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scene.controller(observe=ctrl_c))
    assert not scene.state().ended
    run(scene.controller())
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert scene.log.count("stage eu-north-1 begins") == 1


def test_what_is_under_way_at_an_interruption_is_recorded(journal: Journal):
    scene = Scene(journal, pipeline([["eu-north-1", "eu-west-1"]]))
    slow = scene.barrier("stage eu-west-1")

    def ctrl_c(state: object, recorded: object) -> None:
        if slow.reached.is_set() and not slow.open.is_set():
            slow.open.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scene.controller(observe=ctrl_c))
    assert [event.target.split("/")[1] for event in scene.events(e.TargetStaged)] == ["eu-north-1", "eu-west-1"]
    run(scene.controller())
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert scene.log.count("stage eu-west-1 begins") == 1


def test_the_onlooker_is_told_everything_once_and_in_order(journal: Journal):
    scene, onlooker = Scene(journal), Onlooker()
    scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="before anybody carried it"))
    controller = scene.controller(observe=onlooker)
    with at_work(controller):
        wait(lambda: onlooker.saw(e.HoldPlaced))
        scene.say(e.HoldLifted(at=scene.cloud.clock.now(), by="kim", why="go"))
    scene.say(a_return(scene))
    run(controller)
    recorded = journal.events(scene.release)
    assert [each for _, each in onlooker.told] == list(recorded)
    state, last = onlooker.told[len(recorded) // 2]
    assert state == replay(scene.release, (each.event for each in recorded[: last.seq]))


def test_an_onlooker_who_stumbles_stops_nothing(journal: Journal):
    scene = Scene(journal)

    def stumble(state: object, recorded: object) -> None:
        raise BrokenPipeError("nobody reads this any more")

    run(scene.controller(observe=stumble))
    assert scene.state().outcome is Outcome.SUCCEEDED


# What is live


def test_a_controller_that_stays_looks_out_for_advisories_about_what_is_live(journal: Journal):
    # Given a release that has succeeded
    scene = Scene(journal, replace(pipeline(), checks=some_checks(poll=60)))
    run(scene.controller())
    assert scene.state().outcome is Outcome.SUCCEEDED
    looks = len(scene.events(e.AdvisoriesReviewed))

    # When an advisory is published, while a controller stays
    scene.cloud.gate.published.append((scene.cloud.clock.now(), an_advisory()))
    with staying(lambda kept: scene.controller(journal=kept, glance=0.01), journal):
        wait(lambda: len(scene.events(e.AdvisoriesReviewed)) >= looks + 2)

    # Then the journal knows of it, and nothing else has come of it
    assert scene.events(e.AdvisoriesReviewed)[-1].findings == (an_advisory(),)
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert scene.serving() == [{"new": 1.0}] * 3
