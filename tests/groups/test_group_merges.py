"""What is merged of a group goes to production together: one in checks at a time, only what changed, in one go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from shoreward.app.merging.merges import Tip, consider
from shoreward.app.merging.together import Berth, consider_together, open_together
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import Wish
from shoreward.core import events as e
from shoreward.domain import Group, Outcome, Pipeline, Refused, Retryable, Revision, SpecError
from shoreward.testing.builders import a_pipeline, some_checks
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud

NOW = 1_700_000_000.0
SHOP = Group(name="shop", applications=("payments", "orders"), after={"payments": ("orders",)})


@dataclass
class Branch:
    """A branch with an application of which a test says everything; commits of `same` change nothing."""

    name: str
    journal: MemoryJournal
    commits: list[str] = field(default_factory=lambda: ["one"])
    same: dict[str, str] = field(default_factory=dict[str, str])
    broken: bool = False
    asked: int = 0

    def tip(self) -> Tip:
        self.asked += 1
        commit = self.commits[-1]
        return Tip(commit=commit, subject=f"Change {commit}", author="kim", time=NOW - 60)

    def pipeline(self, commit: str) -> Pipeline:
        if self.broken:
            raise SpecError("SPEC_REQUIRED", "'waves' is missing.")
        return replace(a_pipeline(checks=some_checks()), application=self.name)

    def build(self, pipeline: Pipeline, commit: str) -> Revision:
        revision = SimulatedCloud().build(pipeline, f"{self.name} {self.same.get(commit, commit)}")
        return replace(revision, template=self.journal.put(b"{}"))


class Shore:
    """One repository with both applications, as a fleet watches it."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.orders, self.payments = (Branch(each, self.journal) for each in ("orders", "payments"))
        self.sources = {"orders": "shop#main", "payments": "shop#main"}

    @property
    def berths(self) -> dict[str, Berth]:
        return {
            each.name: Berth(source=self.sources[each.name], branch=each, quarantine=Quarantine(self.journal))
            for each in (self.orders, self.payments)
        }

    def look(self):
        return consider_together(self.journal, SHOP, self.berths, NOW)

    def merge(self, commit: str, but: str = ""):
        """A commit that changes both, or one of them."""
        for each in (self.orders, self.payments):
            if each.name == but:
                each.same[commit] = each.same.get(each.commits[-1], each.commits[-1])
            each.commits.append(commit)
        return self.look()

    def bring(self, *releases: str, outcome: Outcome = Outcome.SUCCEEDED) -> None:
        for release in releases:
            header = self.journal.header(release)
            branch = self.orders if header.application == "orders" else self.payments
            events = [e.RevisionBuilt(at=NOW, revision=branch.build(branch.pipeline("x"), header.commit))]
            if outcome is Outcome.ROLLED_BACK:
                events.append(e.RollbackBegan(at=NOW, cause="judged", reason="errors"))
            self.journal.append(release, 1, (*events, e.ReleaseEnded(at=NOW, outcome=outcome)))

    def opened(self) -> list[tuple[str, str]]:
        return [(header.id, header.commit) for header in self.journal.releases()]


@pytest.fixture
def shore() -> Shore:
    return Shore()


def test_a_commit_becomes_one_release_of_each_opened_together(shore: Shore):
    assert shore.look().opened == "orders-1, payments-1"
    assert [shore.look().opened for _ in range(3)] == ["", "", ""]
    events = [shore.journal.events(each)[0].event for each in ("orders-1", "payments-1")]
    groups = [event.group for event in events if isinstance(event, e.ReleaseOpened)]
    assert groups[0] == groups[1]
    assert groups[0].depends("payments", "orders")
    assert {header.group for header in shore.journal.releases()} == {groups[0].id}


def test_one_branch_is_asked_once_so_that_there_is_one_commit(shore: Shore):
    shore.look()
    assert shore.orders.asked + shore.payments.asked == 1


def test_members_of_several_repositories_go_at_the_newest_commit_of_each(shore: Shore):
    shore.sources["payments"] = "pay#main"
    shore.payments.commits = ["two"]
    shore.look()
    assert shore.opened() == [("orders-1", "one"), ("payments-1", "two")]


def test_while_one_is_checked_the_next_group_release_waits(shore: Shore):
    shore.look()
    assert "is being checked" in shore.merge("two").why
    assert len(shore.opened()) == 2


def test_only_what_changed_is_released_and_the_journal_says_why(shore: Shore):
    shore.look()
    shore.bring("orders-1", "payments-1")
    assert shore.merge("two", but="orders").opened == "payments-2"
    [word] = shore.journal.orders()
    assert (word.application, word.commit) == ("orders", "two")
    group = shore.journal.events("payments-2")[0].event.group
    assert [member.application for member in group.members] == ["payments"]


def test_nothing_that_changed_is_passed_over(shore: Shore):
    shore.look()
    shore.bring("orders-1", "payments-1")
    for each in (shore.orders, shore.payments):
        each.same["docs"] = "one"
        each.commits.append("docs")
    assert shore.look().passed_over
    assert shore.look().opened == ""
    assert len(shore.journal.orders()) == 2


def test_what_went_back_goes_again_with_the_others(shore: Shore):
    shore.look()
    shore.bring("orders-1", "payments-1", outcome=Outcome.ABORTED)
    assert shore.merge("two", but="orders").opened == "orders-2, payments-2"


def test_one_in_quarantine_keeps_all_of_them(shore: Shore):
    shore.look()
    shore.bring("orders-1", outcome=Outcome.ROLLED_BACK)
    shore.bring("payments-1", outcome=Outcome.ABORTED)
    shore.orders.same["two"] = "one"
    came = shore.merge("two")
    assert (came.opened, came.passed_over) == ("", False)
    assert "orders-1" in came.why
    assert len(shore.opened()) == 2


def test_a_pipeline_that_cannot_be_read_keeps_all_of_them_and_is_told_once(shore: Shore):
    shore.payments.broken = True
    came = shore.look()
    assert came.passed_over
    assert "'waves' is missing" in came.why
    assert shore.look().why == ""
    shore.payments.broken = False
    assert shore.merge("two").opened == "orders-1, payments-1"


def test_a_member_that_nobody_has_read_keeps_all_of_them(shore: Shore):
    berths = {"orders": shore.berths["orders"]}
    assert consider_together(shore.journal, SHOP, berths, NOW).why == "nobody knows the pipeline of payments"
    with pytest.raises(Refused, match="payments"):
        open_together(shore.journal, SHOP, berths, Wish(by="kim", at=NOW))


def test_a_branch_that_is_away_is_no_answer(shore: Shore):
    def away() -> Tip:
        raise Retryable("GIT_UNREACHABLE", "The remote does not answer.")

    shore.orders.tip = shore.payments.tip = away
    with pytest.raises(Retryable):
        shore.look()


def test_a_member_is_never_released_alone_because_it_was_merged(shore: Shore):
    for application in ("", "orders"):
        came = consider(
            shore.journal, shore.orders, Quarantine(shore.journal), application, NOW, grouped=SHOP.applications
        )
        assert came.opened == ""


def test_a_person_releases_a_group_when_something_of_it_changed(shore: Shore):
    assert open_together(shore.journal, SHOP, shore.berths, Wish(by="kim", at=NOW)) == ("orders-1", "payments-1")
    shore.bring("orders-1", "payments-1")
    with pytest.raises(Refused) as same:
        open_together(shore.journal, SHOP, shore.berths, Wish(by="kim", at=NOW))
    assert same.value.code == "GROUP_UNCHANGED"


def test_a_person_may_release_it_despite_a_quarantine(shore: Shore):
    shore.look()
    shore.bring("orders-1", outcome=Outcome.ROLLED_BACK)
    shore.bring("payments-1", outcome=Outcome.ABORTED)
    with pytest.raises(Refused) as held:
        open_together(shore.journal, SHOP, shore.berths, Wish(by="kim", at=NOW))
    assert held.value.code == "QUARANTINED"
    opened = open_together(shore.journal, SHOP, shore.berths, Wish(by="kim", at=NOW), despite="it was the network")
    assert opened == ("orders-2", "payments-2")
