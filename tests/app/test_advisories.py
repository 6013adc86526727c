"""What is known of advisories about what is live."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from shoreward.app.advisories import LiveReview, due, learned, live, review_live
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.people.levers import roll_back
from shoreward.core import Event
from shoreward.core import events as e
from shoreward.domain import Outcome, Retryable, Terminal
from shoreward.testing.builders import some_checks
from shoreward.testing.gate import an_advisory

from .support import Beach, a_pipeline_of_minutes, wish

POLL = 3_600.0


@pytest.fixture
def beach() -> Beach:
    """One on which `old`, and then `new`, has passed its checks and been released."""
    beach = Beach(pipeline=replace(a_pipeline_of_minutes(), checks=some_checks(poll=POLL)))
    for commit in ("old", "new"):
        assert beach.release(commit).outcome is Outcome.SUCCEEDED
    return beach


def look(beach: Beach, application: str | None = None, **more) -> tuple[LiveReview, ...]:
    """Ask now."""
    return review_live(beach.journal, beach.cloud.world(), application, **more)


def known(beach: Beach) -> LiveReview:
    """What the journal says, without anybody being asked."""
    (state,) = live(beach.journal)
    review = learned(state, beach.cloud.clock.now())
    assert review is not None
    return review


def later(beach: Beach, seconds: float) -> float:
    beach.cloud.clock.time += seconds
    return beach.cloud.clock.time


def publish(beach: Beach) -> None:
    beach.cloud.gate.published.append((beach.cloud.clock.now(), an_advisory()))


def test_what_is_live_is_looked_up_and_the_answer_is_kept(beach: Beach):
    before = beach.events("app-2")
    publish(beach)
    (review,) = look(beach)
    assert (review.release, review.application, review.commit) == ("app-2", "app", "new")
    assert (review.findings, review.unknown, review.at) == ((an_advisory(),), "", beach.cloud.clock.now())
    told = beach.events("app-2")[len(before) :]
    assert told == [e.AdvisoriesReviewed(at=beach.cloud.clock.now(), findings=(an_advisory(),))]
    asked = len(beach.cloud.gate.reviewed)
    later(beach, 60)
    assert known(beach) == review
    assert len(beach.cloud.gate.reviewed) == asked, "nobody is asked for what is known"
    assert live(beach.journal)[0].outcome is Outcome.SUCCEEDED, "and nothing else comes of it"


def test_where_there_is_nothing_to_say_that_is_known_too(beach: Beach):
    (review,) = look(beach)
    assert (review.findings, review.unknown) == ((), "")


def test_a_release_that_was_just_checked_is_known_without_a_look(beach: Beach):
    assert known(beach).unknown == ""
    assert known(beach).findings == ()


def test_an_advisory_that_is_withdrawn_is_no_finding_at_the_next_look(beach: Beach):
    publish(beach)
    look(beach)
    beach.cloud.gate.published.clear()
    (review,) = look(beach)
    assert review.findings == ()


# Nobody knows


def test_what_is_older_than_two_polls_is_said_to_be(beach: Beach):
    publish(beach)
    look(beach)
    later(beach, 2 * POLL + 1)
    assert "more than 2 polls" in known(beach).unknown
    assert known(beach).findings == (an_advisory(),), "what was found is not forgotten"


@pytest.mark.parametrize("kind", [Retryable, Terminal])
def test_when_nobody_answers_that_is_said_and_kept(beach: Beach, kind: type[Retryable] | type[Terminal]):
    publish(beach)
    (before,) = look(beach)
    later(beach, 60)
    beach.cloud.gate.dark = kind
    (review,) = look(beach)
    assert review.unknown == "Nobody answers. Wait."
    assert (review.findings, review.at) == (before.findings, before.at)
    assert known(beach) == review
    beach.cloud.gate.dark = None
    assert look(beach)[0].unknown == ""


@dataclass(frozen=True)
class Slow:
    """An advisor who answers when it is told that nobody waits any more."""

    before: Callable[[], object] = lambda: None

    def revoked(self, *about: object):
        told = threading.Event()
        interruption = about[-1]
        assert isinstance(interruption, Interruption)
        interruption.listen(told.set)
        self.before()
        assert told.wait(60)
        raise Abandoned


def test_nobody_waits_for_ever(beach: Beach):
    (review,) = review_live(beach.journal, replace(beach.cloud.world(), advisor=Slow()), limit=0.01)
    assert review.unknown == "Advisories could not be looked up within 0.01 seconds."


def test_a_look_that_is_interrupted_says_nothing(beach: Beach):
    before, interruption = beach.events("app-2"), Interruption()
    world = replace(beach.cloud.world(), advisor=Slow(before=interruption.use))
    with pytest.raises(Abandoned):
        review_live(beach.journal, world, interruption=interruption)
    assert beach.events("app-2") == before


# When a look is due


def test_a_look_is_due_a_poll_after_the_last_one_whatever_came_of_it(beach: Beach):
    (state,) = live(beach.journal)
    assert due(state) == state.reviewed_at + POLL
    assert look(beach, only_due=True) == ()
    at = later(beach, POLL + 1)
    assert len(look(beach, only_due=True)) == 1
    assert look(beach, only_due=True) == ()
    beach.cloud.gate.dark = Retryable
    at = later(beach, POLL)
    assert len(look(beach, only_due=True)) == 1
    assert due(live(beach.journal)[0]) == at + POLL
    later(beach, POLL / 2)
    assert look(beach, only_due=True) == ()


# What is live


def test_a_release_that_came_back_is_not_live(beach: Beach):
    beach.bad = {"worse"}
    assert beach.release("worse").outcome is Outcome.ROLLED_BACK
    (review,) = look(beach)
    assert review.release == "app-2"


def test_a_release_that_a_person_took_back_is_not_live(beach: Beach):
    roll_back(beach.journal, "app-2", wish("regret"))
    beach.carry("app-2")
    (review,) = look(beach)
    assert review.release == "app-1"


def test_nothing_is_kept_about_what_was_taken_back_meanwhile(beach: Beach):
    world = beach.cloud.world()

    class Late:
        def revoked(self, *about: object):
            roll_back(beach.journal, "app-2", wish("regret"))
            return ()

    review_live(beach.journal, replace(world, advisor=Late()))
    events: list[Event] = beach.events("app-2")
    assert isinstance(events[-1], e.RollbackBegan)


def test_a_release_under_way_is_not_live_yet(beach: Beach):
    beach.open("newer")
    (review,) = look(beach)
    assert review.release == "app-2"


def test_what_never_went_through_checks_or_leaves_this_one_out_cannot_be_looked_up():
    for checks in (None, some_checks(skip=["vulnerabilities"])):
        beach = Beach(pipeline=replace(a_pipeline_of_minutes(), checks=checks))
        beach.release("old")
        assert look(beach) == ()
        assert not beach.cloud.gate.reviewed


def test_applications_are_looked_up_one_by_one_or_all(beach: Beach):
    beach.pipeline = replace(beach.pipeline, application="other")
    beach.release("new")
    assert [each.application for each in look(beach)] == ["other", "app"]
    assert [each.application for each in look(beach, "app")] == ["app"]
