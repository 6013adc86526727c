"""What is merged becomes a release by itself: one in checks at a time, the newest carries the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from shoreward.app.merging.merges import Tip, consider
from shoreward.app.quarantine import Quarantine
from shoreward.core import events as e
from shoreward.core.control import control_of
from shoreward.domain import Outcome, Pipeline, Place, Retryable, Revision, SpecError
from shoreward.testing.builders import a_pipeline, some_checks
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud

NOW = 1_700_000_000.0


@dataclass
class Main:
    """A branch of which a test says everything."""

    commits: list[str] = field(default_factory=lambda: ["one"])
    checked: bool = True
    same: dict[str, str] = field(default_factory=dict[str, str])
    broken: set[str] = field(default_factory=set[str])
    away: bool = False

    def tip(self) -> Tip:
        if self.away:
            raise Retryable("GIT_UNREACHABLE", "The remote does not answer.")
        commit = self.commits[-1]
        return Tip(commit=commit, subject=f"Change {commit}", author="kim", time=NOW - 60)

    def pipeline(self, commit: str) -> Pipeline:
        if commit in self.broken:
            raise SpecError("SPEC_KEY_MISSING", "'waves' is missing.", where=Place(file="shoreward.yaml", line=1))
        return a_pipeline(checks=some_checks() if self.checked else None)

    def build(self, pipeline: Pipeline, commit: str) -> Revision:
        return SimulatedCloud().build(pipeline, self.same.get(commit, commit))


class Shore:
    def __init__(self) -> None:
        self.journal, self.branch = MemoryJournal(), Main()
        self.application = ""

    def look(self):
        came = consider(self.journal, self.branch, Quarantine(self.journal), self.application, NOW)
        self.application = "app"
        return came

    def merge(self, commit: str):
        self.branch.commits.append(commit)
        return self.look()

    def say(self, release: str, *events: e.Event) -> None:
        self.journal.append(release, len(self.journal.events(release)), events)

    def build(self, release: str) -> None:
        header = self.journal.header(release)
        self.say(release, e.RevisionBuilt(at=NOW, revision=self.branch.build(a_pipeline(), header.commit)))

    def opened(self) -> list[tuple[str, str]]:
        return [(header.commit, header.by) for header in self.journal.releases()]


@pytest.fixture
def shore() -> Shore:
    return Shore()


def test_a_new_commit_becomes_a_release_of_its_author_once(shore: Shore):
    assert shore.look().opened == "app-1"
    assert [shore.look().opened for _ in range(3)] == ["", "", ""]
    assert shore.opened() == [("one", "kim")]
    assert shore.journal.header("app-1").committed_at == NOW - 60


def test_while_one_is_being_checked_others_wait_and_the_newest_carries_them(shore: Shore):
    shore.look()
    assert "app-1 is being checked" in shore.merge("two").why
    assert "app-1" in shore.merge("three").why
    shore.say("app-1", e.ReleaseEnded(at=NOW, outcome=Outcome.FAILED))
    assert shore.look().opened == "app-2"
    assert [commit for commit, _ in shore.opened()] == ["one", "three"]


def test_one_that_is_in_a_wave_holds_nothing_up(shore: Shore):
    shore.look()
    shore.build("app-1")
    shore.say("app-1", e.WaveEntered(at=NOW, wave=0))
    assert shore.merge("two").opened == "app-2"


def test_a_commit_that_makes_the_same_revision_starts_nothing_and_says_why(shore: Shore):
    shore.look()
    shore.build("app-1")
    shore.say("app-1", e.WaveEntered(at=NOW, wave=0))
    shore.branch.same = {"docs": "one"}
    came = shore.merge("docs")
    assert (came.passed_over, came.opened) == (True, "")
    assert "the same revision as release app-1" in came.why
    word = control_of(shore.journal.orders()).passed_over["app"]
    assert (word.commit, word.why) == ("docs", came.why)
    assert shore.look().why == ""
    assert len(shore.journal.orders()) == 1


def test_what_came_back_is_no_reason_to_start_nothing(shore: Shore):
    shore.look()
    shore.build("app-1")
    shore.say("app-1", e.RollbackBegan(at=NOW, cause="person", reason="no", by="kim"))
    shore.say("app-1", e.ReleaseEnded(at=NOW, outcome=Outcome.ABORTED))
    shore.branch.same = {"again": "one"}
    assert shore.merge("again").opened == "app-2"


def test_a_pipeline_that_cannot_be_read_is_passed_over_with_its_place(shore: Shore):
    shore.look()
    shore.branch.broken = {"two"}
    came = shore.merge("two")
    assert came.passed_over
    assert "shoreward.yaml:1" in came.why
    assert shore.look().why == "", "it is told once"
    assert "app-1 is being checked" in shore.merge("three").why


def test_a_code_that_cannot_be_built_becomes_a_release_that_says_so(shore: Shore):
    def fails(pipeline: Pipeline, commit: str) -> Revision:
        raise SpecError("BUILD_FAILED", "It does not build.")

    shore.branch.build = fails
    assert shore.look().opened == "app-1"


def test_what_is_in_quarantine_waits_until_somebody_frees_it(shore: Shore):
    shore.look()
    shore.build("app-1")
    shore.say("app-1", e.RollbackBegan(at=NOW, cause="judged", reason="errors"))
    shore.say("app-1", e.ReleaseEnded(at=NOW, outcome=Outcome.ROLLED_BACK))
    shore.branch.same = {"again": "one"}
    for _ in range(2):
        came = shore.merge("again")
        assert (came.opened, came.passed_over) == ("", False)
        assert "app-1" in came.why
    assert len(shore.opened()) == 1


def test_a_branch_that_nobody_can_read_is_no_answer(shore: Shore):
    shore.branch.away = True
    with pytest.raises(Retryable):
        shore.look()
