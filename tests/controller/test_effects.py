"""Effects under way: lanes, slow stacks, results that meet other events, mistakes, a journal not to be had."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.ports import Journal
from shoreward.controller import Controller
from shoreward.core import Event
from shoreward.core import events as e
from shoreward.domain import Checked, Outcome, Retryable, Terminal
from shoreward.testing.builders import some_checks
from shoreward.testing.memory import MemoryJournal

from .support import Breaking, Onlooker, Scene, at_work, pipeline, run, say, wait


@pytest.fixture
def scene() -> Scene:
    return Scene(MemoryJournal())


def aborted(scene: Scene) -> e.RollbackBegan:
    return e.RollbackBegan(at=scene.cloud.clock.now(), cause="person", reason="no", by="kim")


def done_once(scene: Scene) -> bool:
    """Whether everything that moves a release forward was asked for once."""
    begun = Counter(
        line for line in scene.log.lines if line.startswith(("stage", "finish")) and line.endswith("begins")
    )
    acts = [act for target in scene.cloud.targets.values() for act in Counter(target.acts).values()]
    return set(begun.values()) == {1} and set(acts) == {1}


def test_a_lane_has_one_effect_at_a_time(scene: Scene):
    scene.bad(region="us-east-1")
    run(scene.controller())
    assert scene.state().outcome is Outcome.ROLLED_BACK
    assert len(scene.log.most) == 1 + 3 * 3 - 0 - sum(
        f"judge/{each.key}" not in scene.log.most for each in targets(scene)
    )
    assert set(scene.log.most.values()) == {1}


def targets(scene: Scene):
    return scene.pipeline.targets


def test_traffic_goes_back_while_the_stack_of_the_same_target_is_slow(scene: Scene):
    slow = scene.barrier("finish eu-north-1")
    with at_work(scene.controller(workers=1)):
        assert slow.reached.wait(60)
        scene.say(aborted(scene))
        wait(lambda: scene.events(e.TrafficRestored))
        assert scene.serving()[0] == {"old": 1.0}
        assert not scene.events(e.TargetFinished)
        slow.open.set()
    assert scene.state().outcome is Outcome.ABORTED
    assert scene.serving() == [{"old": 1.0}] * 3
    lines = scene.log.lines
    assert lines.index("restore eu-north-1 ends") < lines.index("finish eu-north-1 ends")


def test_traffic_goes_back_while_all_hands_are_at_other_stacks():
    scene = Scene(MemoryJournal(), pipeline([["eu-north-1", "eu-west-1", "us-east-1"]]))
    slow = scene.barrier("stage eu-west-1")
    with at_work(scene.controller(workers=1)):
        assert slow.reached.wait(60)
        scene.bad(0.5, "eu-north-1")
        wait(lambda: scene.events(e.TrafficRestored))
        assert scene.serving()[0] == {"old": 1.0}
        slow.open.set()
    assert scene.state().outcome is Outcome.ROLLED_BACK
    assert "stage us-east-1 begins" not in scene.log.lines, "what had not begun does not begin after the rollback has"


def test_a_result_that_comes_after_an_abort_is_recorded_and_undone(scene: Scene):
    slow = scene.barrier("stage eu-north-1")
    with at_work(scene.controller()):
        assert slow.reached.wait(60)
        scene.say(aborted(scene))
        wait(lambda: scene.events(e.RollbackBegan))
        slow.open.set()
    kinds = [type(event) for event in scene.events()]
    assert kinds.index(e.RollbackBegan) < kinds.index(e.TargetStaged) < kinds.index(e.StackRestored)
    assert scene.cloud.target(targets(scene)[0]).applied == "old"
    assert scene.state().outcome is Outcome.ABORTED


class Changed:
    """A journal, changed in some way for whoever carries its releases."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)


class Crowded(Changed):
    """Somebody else always speaks just before."""

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        if after % 2:
            say(self.journal, release, e.HoldLifted(at=events[0].at, by="robin", why="just saying"))
        self.journal.append(release, after, events)


def test_nothing_is_lost_and_nothing_done_twice_when_others_always_speak_first(scene: Scene):
    onlooker = Onlooker()
    run(scene.controller(journal=Crowded(scene.journal), observe=onlooker))
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert done_once(scene)
    recorded = scene.journal.events(scene.release)
    assert [each for _, each in onlooker.told] == list(recorded)
    once = [(type(each.event), getattr(each.event, "target", "")) for each in recorded]
    for kind in (e.RevisionBuilt, e.TargetInspected, e.TargetStaged, e.TargetProbed, e.TargetFinished, e.ReleaseEnded):
        counted = [count for (name, _), count in Counter(once).items() if name is kind]
        assert counted
        assert set(counted) == {1}
    assert [event.wave for event in scene.events(e.WaveEntered)] == [0, 1]


class Prompt(Changed):
    """Somebody else sends the release back the moment after a target was looked at."""

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        self.journal.append(release, after, events)
        if any(isinstance(event, e.TargetInspected) for event in events):
            said = e.RollbackBegan(at=events[0].at, cause="person", reason="no", by="robin")
            self.journal.append(release, after + len(events), (said,))


def test_nothing_begins_that_a_rollback_overtook_though_the_controller_has_not_heard_of_it(scene: Scene):
    run(scene.controller(journal=Prompt(scene.journal)))
    assert scene.state().outcome is Outcome.ABORTED
    assert "inspect eu-north-1 ends" in scene.log.lines
    assert "stage eu-north-1 begins" not in scene.log.lines


class Restless(Changed):
    """Says that something has changed whenever it is asked: every wake-up is duplicated."""

    asked = 0

    def changes(self) -> int:
        self.asked += 1
        return self.asked


class Drowsy(Changed):
    """Tells of changes late: most wake-ups are lost."""

    asked = told = 0

    def changes(self) -> int:
        self.asked += 1
        if self.asked % 50 == 1:
            self.told = self.journal.changes()
        return self.told


@pytest.mark.parametrize("kind", [Restless, Drowsy])
def test_wake_ups_that_come_twice_or_late_or_never_change_nothing(scene: Scene, kind: type[Changed]):
    with at_work(scene.controller(journal=kind(scene.journal))):
        wait(lambda: scene.events(e.TrafficShifted))
        scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="wait"))
        scene.say(e.HoldLifted(at=scene.cloud.clock.now(), by="kim", why="go on"))
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert done_once(scene)


class Unreliable(Changed):
    """Every third question or so finds the journal locked or the disk full."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.chance = Random(3)

    def _sometimes(self) -> None:
        if self.chance.random() < 0.33:
            raise Retryable("JOURNAL_BUSY", "Another process has kept the journal locked for too long.")

    def changes(self) -> int:
        self._sometimes()
        return self.journal.changes()

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        self._sometimes()
        self.journal.append(release, after, events)

    def events(self, release: str, after: int = 0) -> Any:
        self._sometimes()
        return self.journal.events(release, after)


def test_a_journal_that_is_not_to_be_had_for_a_while_is_waited_for(scene: Scene):
    onlooker = Onlooker()
    run(scene.controller(journal=Unreliable(scene.journal), observe=onlooker))
    assert scene.state().outcome is Outcome.SUCCEEDED
    assert done_once(scene), "a result is kept until it is recorded"
    assert [each for _, each in onlooker.told] == list(scene.journal.events(scene.release))


class Lost(Changed):
    """A journal whose file is gone."""

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        raise Terminal("JOURNAL_UNREADABLE", "The journal cannot be used.", where="journal.db")


def test_without_a_journal_nothing_is_done(scene: Scene):
    with pytest.raises(Terminal) as lost:
        run(scene.controller(journal=Lost(scene.journal)))
    assert lost.value.code == "JOURNAL_UNREADABLE"
    assert not [act for target in scene.cloud.targets.values() for act in target.acts]
    run(scene.controller())
    assert scene.state().outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    "where",
    ["build ", "inspect eu-north-1", "stage us-east-1", "probe eu-west-1", "shift us-east-1", "counts eu-west-1"],
)
def test_a_mistake_of_ours_is_recorded_and_sends_the_release_back(scene: Scene, where: str):
    scene.hooks.append(Breaking(where, ZeroDivisionError("waves / 0")))
    run(scene.controller())
    assert scene.state().outcome is Outcome.ERRORED
    (failed,) = scene.events(e.EffectFailed)
    assert (failed.code, failed.retryable) == ("INTERNAL", False)
    assert "waves / 0" in failed.what
    assert scene.serving() == [{"old": 1.0}] * 3


def test_a_result_that_cannot_be_written_is_recorded_as_a_failure(tmp_path: Path):
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        scene = Scene(journal, pipeline([["eu-north-1"]]))
        scene.hooks.append(Breaking("probe eu-north-1", OSError("no file called \udcff")))
        run(scene.controller())
        assert scene.state().outcome is Outcome.ERRORED
        (failed,) = scene.events(e.EffectFailed)
        assert failed.code == "EVENT_UNWRITABLE"
        assert scene.serving() == [{"old": 1.0}]


# Nobody waits any more


class Patient:
    """A builder, a checker, and an advisor, who answers when it is told that nobody waits for the answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = threading.Event()
        self.ended = threading.Event()

    def check(self, *about: object) -> Checked:
        interruption = about[-1]
        assert isinstance(interruption, Interruption)
        told = threading.Event()
        interruption.listen(told.set)
        self.asked.set()
        assert told.wait(60)
        self.ended.set()
        raise self.error

    build = revoked = check


def checking(error: Exception) -> tuple[Scene, Patient]:
    return Scene(MemoryJournal(), replace(pipeline(), checks=some_checks(poll=60))), Patient(error)


@pytest.mark.parametrize("error", [Abandoned(), Terminal("SANDBOX_LEFT", "A queue is left.")], ids=["clean", "remains"])
def test_checks_are_stopped_when_the_release_goes_back(error: Exception, logged: list[Any]):
    scene, patient = checking(error)
    with at_work(Controller(scene.journal, replace(scene.world(), checker=patient), poll=0.005)):
        assert patient.asked.wait(60)
        scene.say(aborted(scene))
    assert patient.ended.is_set()
    assert scene.state().outcome is Outcome.ABORTED
    assert not scene.events(e.EffectFailed), "what was stopped has not failed"
    assert ["A queue is left." in str(line) for line in logged] == [True] * isinstance(error, Terminal)


@pytest.mark.parametrize("interrupted", [False, True], ids=["sent back", "interrupted"])
def test_a_build_is_stopped_when_nobody_waits_for_it(interrupted: bool):
    scene, patient = checking(Abandoned())
    world = replace(scene.world(), builder=patient)
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            run(Controller(Interrupting(scene.journal, patient), world, poll=0.005))
    else:
        with at_work(Controller(scene.journal, world, poll=0.005)):
            assert patient.asked.wait(60)
            scene.say(aborted(scene))
    assert patient.ended.is_set()
    assert not scene.events(e.EffectFailed), "what was stopped has not failed"
    assert scene.state().outcome is (None if interrupted else Outcome.ABORTED)


def test_a_hold_stops_no_check():
    scene, patient = checking(Abandoned())
    with at_work(Controller(scene.journal, replace(scene.world(), checker=patient), poll=0.005)):
        assert patient.asked.wait(60)
        scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="lunch"))
        assert not patient.ended.wait(0.2)
        scene.say(aborted(scene))
    assert patient.ended.is_set()


def test_an_interrupted_controller_stops_its_checks_and_the_next_one_begins_them_anew():
    scene, patient = checking(Abandoned())
    journal = Interrupting(scene.journal, patient)
    with pytest.raises(KeyboardInterrupt):
        run(Controller(journal, replace(scene.world(), checker=patient), poll=0.005))
    assert patient.ended.is_set()
    assert not scene.state().ended
    run(scene.controller())
    assert scene.state().outcome is Outcome.SUCCEEDED


class Interrupting(Changed):
    """Somebody presses Ctrl-C while a patient one is being asked."""

    def __init__(self, journal: Journal, patient: Patient) -> None:
        super().__init__(journal)
        self.patient = patient

    def changes(self) -> int:
        if self.patient.asked.is_set():
            raise KeyboardInterrupt
        return self.journal.changes()


def test_a_look_at_advisories_is_stopped_when_the_release_goes_back():
    scene, patient = checking(Abandoned())
    with at_work(Controller(scene.journal, replace(scene.world(), advisor=patient), poll=0.005)):
        wait(lambda: scene.events(e.RevisionChecked))
        scene.say(e.HoldPlaced(at=scene.cloud.clock.now(), by="kim", why="until the advisories are looked up"))
        assert patient.asked.wait(60)
        scene.say(aborted(scene))
    assert patient.ended.is_set()
    assert scene.state().outcome is Outcome.ABORTED


def test_a_shift_that_began_before_an_abort_and_takes_hold_after_it_is_taken_back(scene: Scene):
    slow = scene.barrier("shift eu-north-1")
    with at_work(scene.controller()):
        assert slow.reached.wait(60)
        scene.say(aborted(scene))
        wait(lambda: scene.events(e.RollbackBegan))
        slow.open.set()
    lines = scene.log.lines
    assert lines.index("shift eu-north-1 ends") < lines.index("restore eu-north-1 begins")
    assert lines.count("shift eu-north-1 begins") == 1
    assert scene.state().outcome is Outcome.ABORTED
    assert scene.serving() == [{"old": 1.0}] * 3
