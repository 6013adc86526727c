"""A revision that harmed may not start again, by whatever door, unless a person says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app import levers
from shoreward.app.quarantine import Quarantine
from shoreward.core import Phase
from shoreward.core import events as e
from shoreward.domain import Outcome, Refused

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
    assert Quarantine(beach.journal).culprit("app", commit="new", digest="another") is None


def test_another_application_is_free(beach: Beach):
    assert Quarantine(beach.journal).culprit("other", commit="bad") is None


def test_what_a_person_sent_back_is_free(beach: Beach):
    release = beach.open("new")
    beach.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)
    levers.abort(beach.journal, release, wish(at=beach.cloud.clock.now()))
    beach.carry(release)
    assert Quarantine(beach.journal).culprit("app", commit="new") is None


def test_what_could_not_be_told_is_free(beach: Beach):
    """Given customers who stay away, the deadline takes the release back; that is no proof of harm."""
    beach.cloud.traffic = {target.key: 0.0 for target in beach.pipeline.targets}
    assert beach.release("quiet").rollback.cause == "deadline"
    assert Quarantine(beach.journal).culprit("app", commit="quiet") is None


def test_what_an_alarm_sent_back_is_quarantined():
    beach = Beach()
    beach.pipeline = replace(beach.pipeline, alarms=("errors",))
    beach.release("old")
    new = beach.open("new")
    beach.until(new, lambda state: state.deployments[NORTH].percent)
    beach.cloud.firing_alarms = {NORTH: ("errors",)}
    assert beach.carry(new).rollback.cause == "alarm"
    assert Quarantine(beach.journal).culprit("app", commit="new") is not None
