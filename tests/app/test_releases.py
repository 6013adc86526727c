"""What people ask of releases, and when they are refused."""

from __future__ import annotations

import pytest

from shoreward.app.people import levers
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import begin, latest, live_commit, load
from shoreward.core import Phase
from shoreward.core import events as e
from shoreward.domain import Outcome, Refused
from shoreward.testing.ancestry import MemoryAncestry

from .support import NORTH, Beach, wish


@pytest.fixture
def beach() -> Beach:
    """One on which `old` has been released."""
    beach = Beach()
    assert beach.release("old").outcome is Outcome.SUCCEEDED
    return beach


def refused(code: str):
    return pytest.raises(Refused, check=lambda error: error.code == code)


def test_nothing_has_been_released_yet():
    beach = Beach()
    with refused("NO_RELEASE"):
        latest(beach.journal)
    assert live_commit(beach.journal, "app") is None


def test_a_release_knows_what_was_live_before(beach: Beach):
    first, second = (load(beach.journal, release) for release in ("app-1", beach.open("new")))
    assert (first.opened.before, second.opened.before) == (None, "old")
    assert second.opened.by == "kim"


def test_the_commit_that_is_under_way_is_not_begun_twice(beach: Beach):
    assert beach.open("new") == beach.open("new") == "app-2"


def test_another_commit_is_opened_behind_the_one_that_is_under_way(beach: Beach):
    assert [beach.open("new"), beach.open("newer")] == ["app-2", "app-3"]
    assert [header.before for header in beach.journal.releases("app", open=True)] == ["old", "new"]


def test_a_release_says_which_open_ones_it_contains(beach: Beach):
    """Given one of a commit that nobody knows any more, as after a branch was pushed by force."""
    history = MemoryAncestry()
    for commit, parents in (("old", []), ("new", ["old"]), ("other", ["old"]), ("newest", ["new"])):
        history.commit(commit, *parents)
    opened = [beach.open(commit) for commit in ("new", "other", "gone")]
    quarantine = Quarantine(beach.journal, history)
    newest = begin(beach.journal, beach.pipeline, "newest", "Newest", wish(), quarantine=quarantine)
    assert load(beach.journal, newest).opened.carries == (opened[0],)


def test_a_commit_that_succeeded_may_go_again(beach: Beach):
    assert beach.release("old").outcome is Outcome.SUCCEEDED


def test_what_is_live_is_the_newest_that_stayed(beach: Beach):
    beach.release("new")
    assert live_commit(beach.journal, "app") == "new"
    beach.bad = {"worse"}
    beach.release("worse")
    assert live_commit(beach.journal, "app") == "new"
    levers.roll_back(beach.journal, "app-2", wish())
    beach.carry("app-2")
    assert live_commit(beach.journal, "app") == "old"


@pytest.mark.parametrize("lever", [levers.hold, levers.resume, levers.abort])
def test_a_lever_on_what_has_ended(beach: Beach, lever):
    with refused("RELEASE_ENDED"):
        lever(beach.journal, "app-1", wish())


@pytest.mark.parametrize("lever", [levers.hold, levers.resume, levers.abort, levers.roll_back])
def test_a_lever_on_what_nobody_knows(beach: Beach, lever):
    with refused("RELEASE_UNKNOWN"):
        lever(beach.journal, "app-7", wish())


@pytest.mark.parametrize(
    ("levers", "kind"),
    [
        ([levers.hold], e.HoldPlaced),
        ([levers.hold, levers.resume], e.HoldLifted),
        ([levers.abort], e.RollbackBegan),
        ([levers.roll_back], e.RollbackBegan),
        ([levers.abort, levers.roll_back], e.RollbackBegan),
    ],
)
def test_asking_twice_changes_nothing(beach: Beach, levers, kind):
    release = beach.open("new")
    for lever in levers:
        lever(beach.journal, release, wish("first"))
    seen = beach.events(release)
    levers[-1](beach.journal, release, wish("second"))
    assert beach.events(release) == seen
    [event] = [event for event in seen if isinstance(event, kind)]
    assert (event.by, "first" in getattr(event, "why", "") + getattr(event, "reason", "")) == ("kim", True)


def test_resuming_what_is_not_held_says_nothing(beach: Beach):
    release = beach.open("new")
    assert levers.resume(beach.journal, release, wish()).hold is None
    assert len(beach.events(release)) == 1


def test_a_held_release_is_watched_and_not_moved(beach: Beach):
    release = beach.open("new")
    beach.until(release, lambda state: any(each.phase is Phase.BAKING for each in state.deployments.values()))
    levers.hold(beach.journal, release, wish("lunch", at=beach.cloud.clock.now()))
    beach.bad = {"new"}
    assert beach.carry(release).outcome is Outcome.ROLLED_BACK


def test_an_abort_goes_back_everywhere(beach: Beach):
    release = beach.open("new")
    beach.until(release, lambda state: state.baked == 1)
    levers.abort(beach.journal, release, wish(at=beach.cloud.clock.now()))
    assert beach.carry(release).outcome is Outcome.ABORTED
    assert beach.serving() == [{"old": 1.0}] * 3


def test_a_release_that_succeeded_can_be_taken_back_once(beach: Beach):
    beach.release("new")
    levers.roll_back(beach.journal, "app-2", wish(at=beach.cloud.clock.now()))
    assert beach.carry("app-2").outcome is Outcome.ABORTED
    assert beach.serving() == [{"old": 1.0}] * 3
    with refused("ALREADY_BACK"):
        levers.roll_back(beach.journal, "app-2", wish())


def test_what_was_rolled_back_has_nothing_to_take_back(beach: Beach):
    beach.bad = {"new"}
    assert beach.release("new").outcome is Outcome.ROLLED_BACK
    with refused("ALREADY_BACK"):
        levers.roll_back(beach.journal, "app-2", wish())


def test_a_first_release_has_nothing_before(beach: Beach):
    with refused("NOTHING_BEFORE"):
        levers.roll_back(beach.journal, "app-1", wish())


def test_only_the_newest_can_be_taken_back(beach: Beach):
    beach.release("new")
    beach.release("newer")
    with refused("NOT_NEWEST"):
        levers.roll_back(beach.journal, "app-2", wish())
    levers.roll_back(beach.journal, "app-3", wish(at=beach.cloud.clock.now()))
    beach.carry("app-3")
    levers.roll_back(beach.journal, "app-2", wish(at=beach.cloud.clock.now()))
    assert beach.carry("app-2").outcome is Outcome.ABORTED
    assert beach.serving() == [{"old": 1.0}] * 3


def test_a_later_release_that_came_back_is_not_in_the_way(beach: Beach):
    beach.release("new")
    beach.bad = {"worse"}
    beach.release("worse")
    levers.roll_back(beach.journal, "app-2", wish(at=beach.cloud.clock.now()))
    assert beach.carry("app-2").outcome is Outcome.ABORTED


def test_what_was_put_upon_something_that_went_back_meanwhile_cannot_be_taken_back(beach: Beach):
    """Given a fix that stayed, on top of what it mends."""
    harmful = beach.open("new")
    fix = beach.release("fix").id
    at = beach.cloud.clock.now()
    went_back = (
        e.RollbackBegan(at=at, cause="judged", reason="errors"),
        e.TargetOvertaken(at=at, target=NORTH, release=fix),
        e.ReleaseEnded(at=at, outcome=Outcome.ROLLED_BACK),
    )
    beach.journal.append(harmful, len(beach.journal.events(harmful)), went_back)
    with refused("BENEATH_WENT_BACK"):
        levers.roll_back(beach.journal, fix, wish(at=at))


def test_a_later_release_that_is_under_way_is(beach: Beach):
    beach.release("new")
    beach.open("newer")
    with refused("NOT_NEWEST"):
        levers.roll_back(beach.journal, "app-2", wish())


def test_the_advice_names_a_release_that_can_be_taken_back(beach: Beach):
    beach.release("new")
    beach.release("newer")
    beach.bad = {"worse"}
    beach.release("worse")
    with pytest.raises(Refused) as refusal:
        levers.roll_back(beach.journal, "app-2", wish())
    assert refusal.value.next.startswith("Take back app-3 first")


def test_what_one_says_is_said_after_what_another_said_meanwhile(beach: Beach):
    """Given a journal to which somebody else appends between reading and writing, both are kept."""

    class Busy(type(beach.journal)):
        def append_all(self, additions):
            for release in additions:
                if len(self.events(release)) == 1:
                    super().append_all({release: (1, (e.HoldPlaced(at=1.0, by="robin", why="first"),))})
            super().append_all(additions)

    journal = Busy()
    beach = Beach(journal=journal)
    release = beach.open("new")
    assert levers.hold(journal, release, wish("second")).hold.by == "robin"
    assert len(journal.events(release)) == 2
