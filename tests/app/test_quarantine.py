"""A revision that harmed may not start again, by whatever door, unless a person says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.people import levers, orders
from shoreward.app.quarantine import CLEAN, Quarantine
from shoreward.core import Phase
from shoreward.core import events as e
from shoreward.domain import Outcome, Refused
from shoreward.testing.ancestry import MemoryAncestry

from .support import NORTH, Beach, wish


@pytest.fixture
def beach() -> Beach:
    """One on which `bad` was rolled back, and `old` serves."""
    beach = Beach(bad={"bad"})
    beach.release("old")
    assert beach.release("bad").outcome is Outcome.ROLLED_BACK
    return beach


def test_the_commit_is_refused(beach: Beach):
    with pytest.raises(Refused, match="app-2") as refusal:
        beach.open("bad")
    assert refusal.value.code == "QUARANTINED"
    assert "--despite-quarantine" in refusal.value.next


def test_a_person_may_let_it_go(beach: Beach):
    beach.bad = set()
    release = beach.release("bad", despite="it was the database")
    assert release.outcome is Outcome.SUCCEEDED
    assert release.opened.despite == "it was the database"


def test_the_same_revision_under_another_commit_is_stopped_before_any_target(beach: Beach):
    beach.cloud.builds_as = {"other": "bad"}
    carried = beach.release("other")
    assert carried.outcome is Outcome.ERRORED
    assert "QUARANTINED" in carried.rollback.reason
    assert not any(isinstance(event, e.TargetInspected) for event in beach.events(carried.id))


def test_another_revision_is_free(beach: Beach):
    assert Quarantine(beach.journal).held("app", commit="new", digest="another") is None


def test_another_application_is_free(beach: Beach):
    assert Quarantine(beach.journal).held("other", commit="bad") is None


def test_what_a_person_sent_back_is_free(beach: Beach):
    release = beach.open("new")
    beach.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)
    levers.abort(beach.journal, release, wish(at=beach.cloud.clock.now()))
    beach.carry(release)
    assert Quarantine(beach.journal).held("app", commit="new") is None


def test_what_could_not_be_told_is_free(beach: Beach):
    """Given customers who stay away, the deadline takes the release back; that is no proof of harm."""
    beach.cloud.traffic = {target.key: 0.0 for target in beach.pipeline.targets}
    assert beach.release("quiet").rollback.cause == "deadline"
    assert Quarantine(beach.journal).held("app", commit="quiet") is None


def test_what_an_alarm_sent_back_is_quarantined():
    beach = Beach()
    beach.pipeline = replace(beach.pipeline, alarms=("errors",))
    beach.release("old")
    new = beach.open("new")
    beach.until(new, lambda state: state.deployments[NORTH].percent)
    beach.cloud.firing_alarms = {NORTH: ("errors",)}
    assert beach.carry(new).rollback.cause == "alarm"
    assert Quarantine(beach.journal).held("app", commit="new") is not None


@pytest.fixture
def history() -> MemoryAncestry:
    """`old` - `bad` - `later` - `fix`, which reverts `bad`."""
    history = MemoryAncestry()
    history.commit("old")
    history.commit("bad", "old", paths=["app.py"])
    history.commit("later", "bad", paths=["other.py"])
    history.commit("fix", "later", paths=["app.py"], reverts=["bad"])
    return history


def test_what_is_built_upon_it_is_held_until_it_carries_a_fix(beach: Beach, history: MemoryAncestry):
    quarantine = Quarantine(beach.journal, history)
    held = quarantine.held("app", commit="later")
    assert held
    assert held.how == "ancestry"
    assert "app-2" in held.why
    assert quarantine.held("app", commit="fix") is None
    assert quarantine.held("app", commit="old") is None


def test_a_persons_word_frees_what_contains_the_fix_that_it_names(beach: Beach, history: MemoryAncestry):
    history.commit("mended", "later", paths=["app.py"])
    quarantine = Quarantine(beach.journal, history)
    assert quarantine.held("app", commit="mended")
    orders.lift_quarantine(beach.journal, "app-2", wish("mended by hand"), fix="mended")
    assert quarantine.held("app", commit="mended") is None
    assert quarantine.held("app", commit="later")
    orders.lift_quarantine(beach.journal, "app-2", wish("it was the network"))
    assert quarantine.held("app", commit="later") is None


def test_what_is_under_way_is_tainted_and_the_culprit_itself_is_not(beach: Beach, history: MemoryAncestry):
    release = beach.open("later", despite="to see")
    quarantine = Quarantine(beach.journal, history)
    assert "app-2" in quarantine.taint(beach.journal.header(release)).reason
    assert quarantine.taint(beach.journal.header("app-2")) == CLEAN


def test_a_commit_whose_history_nobody_knows_is_neither_free_nor_tainted(beach: Beach, history: MemoryAncestry):
    release = beach.open("elsewhere")
    taint = Quarantine(beach.journal, history).taint(beach.journal.header(release))
    assert (taint.reason, bool(taint.unsure)) == ("", True)


def test_only_a_release_that_harmed_can_be_let_go(beach: Beach):
    with pytest.raises(Refused) as refusal:
        orders.lift_quarantine(beach.journal, "app-1", wish("why not"))
    assert refusal.value.code == "NOT_QUARANTINED"
