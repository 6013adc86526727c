"""People's levers on one member of a group act on all of them, at once or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.merging.groups import together
from shoreward.app.people import gates, levers
from shoreward.app.people.returning import bring_back
from shoreward.app.releases import Wish
from shoreward.core import events as e
from shoreward.core.control import control_of
from shoreward.domain import Member, Outcome, Refused, Revision, Snapshot
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.memory import MemoryJournal

WISH = Wish(by="kim", at=9.0, why="odd")
MEMBERS = (Member(application="orders"), Member(application="payments", after=("orders",)))
STAYED = e.ReleaseEnded(at=2.0, outcome=Outcome.SUCCEEDED)


class Shop:
    def __init__(self) -> None:
        self.journal = MemoryJournal()

    def open(self, commit: str) -> tuple[str, ...]:
        openings = [
            an_opening(f"{commit} {each.application}", replace(a_pipeline(), application=each.application), at=1.0)
            for each in MEMBERS
        ]
        return self.journal.open_all(together("shop", openings, MEMBERS))

    def release(self, commit: str) -> tuple[str, ...]:
        """One that went everywhere, and stayed."""
        releases = self.open(commit)
        for release in releases:
            targets = replace(a_pipeline(), application=release.rpartition("-")[0]).targets
            revision = Revision(digest=f"{commit} {release}", commit=commit, template="", functions=(), artifacts=())
            inspected = (e.TargetInspected(at=1.0, target=each.key, snapshot=Snapshot(exists=True)) for each in targets)
            self.say(release, e.RevisionBuilt(at=1.0, revision=revision), *inspected, STAYED)
        return releases

    def say(self, release: str, *events: e.Event) -> None:
        self.journal.append(release, len(self.journal.events(release)), events)

    def last(self, *releases: str) -> list[e.Event]:
        return [self.journal.events(release)[-1].event for release in releases]


@pytest.fixture
def shop() -> Shop:
    return Shop()


BEGAN = e.RollbackBegan(at=9.0, cause="person", reason="odd", by="kim")


@pytest.mark.parametrize("one", [0, 1])
@pytest.mark.parametrize("pull", [levers.abort, levers.roll_back])
def test_sending_one_back_sends_all_back(shop: Shop, pull, one: int):
    releases = shop.open("new")
    assert pull(shop.journal, releases[one], WISH).id == releases[one]
    assert shop.last(*releases) == [BEGAN, BEGAN]
    pull(shop.journal, releases[one], WISH)
    assert [len(shop.journal.events(each)) for each in releases] == [2, 2]


def test_taking_back_one_that_has_succeeded_takes_back_all(shop: Shop):
    releases = shop.release("new")
    levers.roll_back(shop.journal, releases[0], WISH)
    assert shop.last(*releases) == [BEGAN, BEGAN]
    assert all(header.open for header in shop.journal.releases())


def test_none_is_taken_back_when_one_may_not(shop: Shop):
    releases = shop.release("new")
    shop.journal.open(an_opening("later", replace(a_pipeline(), application="payments")))
    with pytest.raises(Refused) as refused:
        levers.roll_back(shop.journal, releases[0], WISH)
    assert (refused.value.code, "payments-2" in refused.value.what) == ("NOT_NEWEST", True)
    assert shop.last(*releases) == [STAYED, STAYED]


def test_what_is_bound_to_end_well_is_taken_back_and_not_aborted(shop: Shop):
    """Given one that has ended a moment ago: then it is over for the other one, too."""
    releases = shop.release("new")
    later = shop.open("later")
    for release in later:
        key = replace(a_pipeline(), application=release.rpartition("-")[0]).targets[0].key
        shop.say(release, e.TargetInspected(at=3.0, target=key, snapshot=Snapshot(exists=True)))
    shop.say(later[0], STAYED)
    with pytest.raises(Refused) as over:
        levers.abort(shop.journal, later[1], WISH)
    assert over.value.code == "RELEASE_ENDED"
    levers.roll_back(shop.journal, later[1], WISH)
    assert shop.last(*later) == [BEGAN, BEGAN]
    assert shop.last(*releases) == [STAYED, STAYED]


def test_bringing_one_back_brings_back_what_was_released_with_it_consumers_first(shop: Shop):
    old = shop.release("old")
    new = shop.open("new")
    opened = bring_back(shop.journal, old[0], WISH)
    assert opened == "orders-3"
    returning = [shop.journal.events(each)[0].event for each in ("orders-3", "payments-3")]
    assert [event.back_to for event in returning] == list(old)
    group = returning[0].group
    assert group == returning[1].group
    assert group.depends("orders", "payments"), "what leans on the other one goes first, as on every way back"
    assert shop.last(*new) == [BEGAN, BEGAN]
    assert set(control_of(shop.journal.orders()).stops) == {"orders", "payments"}
    assert bring_back(shop.journal, old[0], WISH) == "orders-3", "it is under way already"


def test_the_order_can_be_opened_on_the_way_back_and_other_gates_cannot(shop: Shop):
    orders, _ = shop.open("new")
    levers.abort(shop.journal, orders, WISH)
    gates.override(shop.journal, orders, "group/payments", WISH, wave="wave 1")
    [opened] = shop.last(orders)
    assert opened == e.GateOpened(at=9.0, gate="group/payments", wave="wave 1", by="kim", why="odd")
    with pytest.raises(Refused) as unknown:
        gates.override(shop.journal, orders, "group/web", WISH)
    assert (unknown.value.code, "group/payments" in unknown.value.next) == ("GATE_UNKNOWN", True)
    with pytest.raises(Refused) as back:
        gates.override(shop.journal, orders, "office-hours", WISH)
    assert back.value.code == "RELEASE_ENDED"
