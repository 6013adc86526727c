"""What is known today of what is live."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.advisories import review_live
from shoreward.domain import Outcome, Retryable, Terminal
from shoreward.testing.builders import some_checks
from shoreward.testing.gate import an_advisory

from .support import Beach, a_pipeline_of_minutes


@pytest.fixture
def beach() -> Beach:
    """One on which `old`, and then `new`, has passed its checks and been released."""
    beach = Beach(pipeline=replace(a_pipeline_of_minutes(), checks=some_checks()))
    for commit in ("old", "new"):
        assert beach.release(commit).outcome is Outcome.SUCCEEDED
    return beach


def test_what_is_live_is_looked_up_and_nothing_is_changed(beach: Beach):
    before = beach.events("app-2")
    beach.cloud.gate.published.append((beach.cloud.clock.now(), an_advisory()))
    (review,) = review_live(beach.journal, beach.cloud.world().advisor)
    assert (review.release, review.application, review.commit) == ("app-2", "app", "new")
    assert review.findings == (an_advisory(),)
    assert review.lines == (
        "app-2, which is live, would fail its checks now: 1 finding",
        "  requests 2.31.0: Credentials leak to another host. [GHSA-652x-xj99-gmcc]",
    )
    assert beach.events("app-2") == before


def test_where_there_is_nothing_to_say_nothing_is_said(beach: Beach):
    (review,) = review_live(beach.journal, beach.cloud.world().advisor)
    assert review.lines == ()


@pytest.mark.parametrize("kind", [Retryable, Terminal])
def test_when_nobody_answers_that_is_said(beach: Beach, kind):
    beach.cloud.gate.dark = kind
    (review,) = review_live(beach.journal, beach.cloud.world().advisor)
    assert "could not be looked up" in review.lines[0]
    assert "Nobody answers." in review.lines[0]


def test_a_release_that_came_back_is_not_live(beach: Beach):
    beach.bad = {"worse"}
    assert beach.release("worse").outcome is Outcome.ROLLED_BACK
    (review,) = review_live(beach.journal, beach.cloud.world().advisor)
    assert review.release == "app-2"


def test_a_release_under_way_is_not_live_yet(beach: Beach):
    beach.open("newer")
    (review,) = review_live(beach.journal, beach.cloud.world().advisor)
    assert review.release == "app-2"


def test_what_never_went_through_checks_cannot_be_looked_up():
    beach = Beach()
    beach.release("old")
    assert review_live(beach.journal, beach.cloud.world().advisor) == ()
    assert not beach.cloud.gate.reviewed


def test_applications_are_looked_up_one_by_one_or_all(beach: Beach):
    beach.pipeline = replace(beach.pipeline, application="other")
    beach.release("new")
    advisor = beach.cloud.world().advisor
    assert [each.application for each in review_live(beach.journal, advisor)] == ["other", "app"]
    assert [each.application for each in review_live(beach.journal, advisor, "app")] == ["app"]
