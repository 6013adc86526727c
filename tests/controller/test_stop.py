"""Stop everything: one word, and nothing forward begins any more, whatever is under way; it survives restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.people import orders
from shoreward.app.people.returning import bring_back
from shoreward.app.ports import Journal
from shoreward.app.releases import Wish
from shoreward.core import events as e
from shoreward.core.control import Order, control_of
from shoreward.domain import Outcome, Refused

from .support import Call, Scene, at_work, pipeline, run, wait

FORWARD = ("inspect", "stage", "shift", "finish", "build")
MANY = [f"region-{number}" for number in range(20)]


class Asked:
    """A journal that notes what each thread was last told of stops."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.told = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def orders(self, after: int = 0) -> Sequence[Order]:
        said = self._journal.orders(after)
        self.told.stopped = bool(control_of(self._journal.orders(0)[: after + len(said)]).stops)
        return said


@pytest.fixture(params=["sqlite"])
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        yield journal


def wish(scene: Scene, why: str) -> Wish:
    return Wish(by="kim", at=scene.cloud.clock.now(), why=why)


def test_while_twenty_targets_shift_nothing_forward_begins_after_the_word(journal: Journal, tmp_path: Path):
    """Given twenty targets in the middle of their shifts, when another process says stop, then every act that begins
    had looked before the word was in the journal; and when it is lifted, the release goes on to its end.
    """
    asked = Asked(journal)
    scene = Scene(journal, pipeline((("first",), MANY)), step=0.2)
    begun_despite: list[str] = []
    shifting = threading.Semaphore(0)

    @contextmanager
    def watched(call: Call) -> Iterator[None]:
        if call.name.startswith(FORWARD) and getattr(asked.told, "stopped", False):
            begun_despite.append(str(call))
        if call.name.startswith("shift"):
            shifting.release()
        yield

    scene.hooks.append(watched)
    with at_work(scene.controller(journal=asked)):
        for _ in range(8):
            assert shifting.acquire(timeout=60)
        with closing(SqliteJournal(tmp_path / "journal.db")) as another:
            orders.stop(another, "", wish(scene, "fire"))
        _watched_on(scene)
        shifts = len(scene.events(e.TrafficShifted))
        _watched_on(scene)
        assert len(scene.events(e.TrafficShifted)) == shifts, "it is watched, and does not move"
        orders.lift_stop(journal, "", wish(scene, "out"))
    assert begun_despite == []
    assert scene.state().outcome is Outcome.SUCCEEDED


def _watched_on(scene: Scene) -> None:
    """Forty more looks: by then, all that had begun has long come to its end."""
    looks = len(scene.events(e.TargetJudged))
    wait(lambda: len(scene.events(e.TargetJudged)) > looks + 40)


def test_what_was_stopped_before_a_controller_began_does_not_move(journal: Journal):
    scene = Scene(journal)
    orders.stop(journal, "app", wish(scene, "not today"))
    with at_work(scene.controller()):
        wait(lambda: scene.log.lines or journal.changes())
        orders.stop(journal, "", wish(scene, "nor anything else"))
        orders.lift_stop(journal, "", wish(scene, "all but that"))
        assert not [line for line in scene.log.lines if line.startswith(FORWARD)]
        orders.lift_stop(journal, "app", wish(scene, "today"))
    assert scene.state().outcome is Outcome.SUCCEEDED


def test_a_stop_keeps_nothing_from_going_back(journal: Journal):
    scene = Scene(journal)
    scene.bad()
    with at_work(scene.controller()):
        wait(lambda: scene.events(e.TrafficShifted))
        orders.stop(journal, "", wish(scene, "it looks odd"))
        wait(lambda: scene.state().ended)
    assert scene.state().outcome is Outcome.ROLLED_BACK
    assert scene.serving() == [{"old": 1.0}] * 3


def test_an_earlier_revision_comes_back_although_everything_is_stopped(journal: Journal):
    scene = Scene(journal)
    run(scene.controller())
    scene.open("newer")
    run(scene.controller())
    assert scene.serving() == [{"newer": 1.0}] * 3
    orders.stop(journal, "", wish(scene, "fire"))
    back = bring_back(journal, scene.release, wish(scene, "it was better"))
    run(scene.controller())
    assert scene.state(back).outcome is Outcome.SUCCEEDED
    assert scene.serving() == [{"new": 1.0}] * 3
    assert scene.events(e.TargetJudged, back) == []
    assert set(control_of(journal.orders()).stops) == {"", "app"}


def test_what_is_under_way_goes_back_before_an_earlier_revision_comes(journal: Journal):
    scene = Scene(journal)
    run(scene.controller())
    newer = scene.open("newer")
    with at_work(scene.controller()):
        wait(lambda: scene.events(e.TrafficShifted, newer))
        back = bring_back(journal, scene.release, wish(scene, "it was better"))
        assert bring_back(journal, scene.release, wish(scene, "again")) == back
    assert scene.state(newer).outcome is Outcome.ABORTED
    assert scene.state(back).outcome is Outcome.SUCCEEDED
    assert scene.serving() == [{"new": 1.0}] * 3


def test_what_has_harmed_since_is_not_brought_back(journal: Journal):
    scene = Scene(journal)
    run(scene.controller())
    again = scene.open("new")
    journal.append(again, 1, (e.RollbackBegan(at=3.0, cause="alarm", reason="customers wait"),))
    with pytest.raises(Refused) as refused:
        bring_back(journal, scene.release, wish(scene, "it was better"))
    assert refused.value.code == "QUARANTINED"
    assert control_of(journal.orders()).stops == {}, "nothing is half done"
