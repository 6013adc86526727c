"""What does not happen is told, too: once for each standstill, and never of what a person has stopped."""

from __future__ import annotations

from dataclasses import replace

from shoreward.app.people import levers, orders
from shoreward.app.people.gates import approve
from shoreward.app.quarantine import Taint
from shoreward.app.releases import Wish
from shoreward.app.surroundings import Conditions
from shoreward.domain import Approval, Bake, Pipeline
from shoreward.testing.builders import a_pipeline

from .conftest import Shore

HOUR = 3_600.0


def with_approvals(*names: str) -> Pipeline:
    pipeline = a_pipeline()
    gates = tuple(Approval(name=name, of="the figures are good") for name in names)
    return replace(pipeline, waves=tuple(replace(wave, gates=gates) for wave in pipeline.waves))


def waiting(shore: Shore) -> list[tuple[str, str]]:
    return [
        (notice.kind.value, notice.what)
        for notice in shore.notices()
        if notice.kind.value in ("needs-person", "blocked")
    ]


def later(shore: Shore, seconds: float) -> None:
    shore.clock.time += seconds


def test_an_approval_that_is_missing_needs_a_person_and_is_told_once(shore: Shore):
    release = shore.carried("good", pipeline=with_approvals("desk"))
    for _ in range(5):
        later(shore, 10 * HOUR)
        assert waiting(shore) == [("needs-person", "Release app-1 needs a person")]
    told = shore.notices()[-1]
    assert "gate desk" in told.why
    assert told.next == f"`shoreward approve {release} desk` opens it for wave wave 1."


def test_the_next_approval_is_another_thing(shore: Shore):
    release = shore.carried("good", pipeline=with_approvals("desk", "quay"))
    later(shore, HOUR)
    shore.listen()
    approve(shore.journal, release, "desk", Wish(by="kim", at=shore.clock.now(), why="they are"))
    later(shore, HOUR)
    assert [kind for kind, _ in waiting(shore)] == ["needs-person", "needs-person"]


def stuck(shore: Shore) -> str:
    """A release whose canary has no customers."""
    shore.cloud.traffic = dict.fromkeys((target.key for target in a_pipeline().targets), 0.0)
    bake = Bake(minimum=60, requests=50, deadline=200_000, on_deadline="hold")
    return shore.carried("good", pipeline=a_pipeline(bake=bake), until=60)


def test_a_release_that_stands_still_for_too_long_is_told_once(shore: Shore):
    stuck(shore)
    assert waiting(shore) == []
    later(shore, HOUR)
    assert waiting(shore) == []
    later(shore, 3 * HOUR)
    for _ in range(3):
        assert waiting(shore) == [("blocked", "Release app-1 has not moved for 4 hours")]
        later(shore, HOUR)


def test_what_is_not_in_the_journal_is_told_by_whoever_knows_of_it(shore: Shore):
    shore.listener.conditions = Conditions(taint=lambda header: Taint(unsure="The clone is shallow."))
    stuck(shore)
    assert waiting(shore) == [("needs-person", "Release app-1 needs a person")]
    assert "The clone is shallow." in shore.notices()[-1].why


def test_what_a_person_holds_is_not_told_again(shore: Shore):
    release = stuck(shore)
    levers.hold(shore.journal, release, Wish(by="kim", at=shore.clock.now(), why="lunch"))
    later(shore, 9 * HOUR)
    assert waiting(shore) == []


def test_what_is_stopped_with_everything_is_not_told_again(shore: Shore):
    stuck(shore)
    orders.stop(shore.journal, "", Wish(by="kim", at=shore.clock.now(), why="lunch"))
    later(shore, 9 * HOUR)
    assert waiting(shore) == []
