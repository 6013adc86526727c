"""What happens to a release becomes few notices: each thing that matters once, with its reason and its link."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.people import levers, orders
from shoreward.app.releases import Wish, say
from shoreward.app.telling.listener import Listener
from shoreward.app.telling.notice import Notice
from shoreward.core import events as e
from shoreward.domain import Blamed, Checked, CheckResult, Finding, Outcome, Severity, Suspicion, Verdict
from shoreward.domain.notifications import FOR_PEOPLE, Kind
from shoreward.testing.builders import a_pipeline, some_checks

from .conftest import Shore, Story, shore_on


def wish(shore: Shore, why: str, by: str = "kim") -> Wish:
    return Wish(by=by, at=shore.clock.now(), why=why)


def only(shore: Shore, kind: Kind) -> Notice:
    [found] = [notice for notice in shore.notices() if notice.kind is kind]
    return found


def test_a_good_release_is_told_from_its_start_to_its_end(past: Shore):
    told = [notice for notice in past.notices() if notice.release == "app-1"]
    assert [notice.kind.value for notice in told] == [
        "opened",
        "started",
        "deployed",
        "wave-baked",
        "wave-started",
        "deployed",
        "wave-baked",
        "ended",
    ]
    start, end = told[1], told[-1]
    assert (start.what, start.why) == ("Release app-1 has started", "Moats are filled twice a day (good, ada)")
    assert (end.what, end.outcome) == ("Release app-1 is everywhere: 2 targets", Outcome.SUCCEEDED)
    assert {notice.path for notice in told} == {"/releases/app-1"}
    assert {notice.commit for notice in told} == {"good"}


def test_people_are_told_of_few_things(past: Shore):
    people = [notice.kind for notice in past.notices() if notice.kind in FOR_PEOPLE]
    assert people == [Kind.STARTED, Kind.ENDED, Kind.STARTED, Kind.ROLLBACK, Kind.ENDED]


def test_a_rollback_is_told_with_its_reason_and_its_harm(past: Shore):
    back = only(past, Kind.ROLLBACK)
    assert back.what == "Release app-2 goes back: it harms customers"
    assert "errors on the canary" in back.why
    assert back.harm
    assert 0 < back.harm.failed < back.harm.requests
    assert back.harmed.endswith("requests to the new revision failed")
    assert "in quarantine" in back.next
    assert back.before == "good"
    end = past.notices()[-1]
    assert (end.what, end.outcome, end.cause) == ("Release app-2 is back: rolled back", Outcome.ROLLED_BACK, "judged")


def test_who_did_it_is_told_with_what_takes_it_back(past: Shore):
    suspect = Suspicion(commit="c0ffee", subject="Tides", author="ada", share=1.0)
    blamed = Blamed(suspects=(suspect,), culprit="c0ffee", branch="shoreward/revert-c0ffee", pushed=True)
    say(past.journal, "app-2", lambda state: e.CommitsBlamed(at=past.clock.now(), blamed=blamed))
    told = only(past, Kind.CULPRIT)
    assert told.why == "bisection found: c0ffee Tides (ada); its revert is pushed as shoreward/revert-c0ffee"
    assert (told.next, told.commit) == ("Look at shoreward/revert-c0ffee, and merge it.", "c0ffee")


def test_a_change_that_fails_its_checks_is_told_once(shore: Shore):
    release = shore.opened("bad", pipeline=a_pipeline(checks=some_checks()))
    finding = Finding(
        check="template", rule="E3012", severity=Severity.HIGH, what="Timeout must be a number", subject="Castles"
    )
    checked = Checked(
        revision="0" * 64,
        verdict=Verdict.FAIL,
        at=shore.clock.now(),
        seconds=3.0,
        results=(CheckResult(name="template", verdict=Verdict.FAIL),),
        report="0" * 64,
        blocking=(finding,),
    )
    shore.journal.append(release, 1, (e.RevisionChecked(at=1.0, checked=checked),))
    shore.journal.append(release, 2, (e.ReleaseEnded(at=2.0, outcome=Outcome.FAILED),))
    end = only(shore, Kind.ENDED)
    assert shore.kinds() == ["opened", "ended"]
    assert end.what == "Release app-1 failed its checks; nobody was touched"
    assert "Timeout must be a number" in end.why


def test_a_hold_says_who_why_and_how_it_is_lifted(shore: Shore):
    release = shore.opened("good")
    levers.hold(shore.journal, release, wish(shore, "the database is being moved"))
    levers.resume(shore.journal, release, wish(shore, "it has been moved"))
    held, resumed = only(shore, Kind.HELD), only(shore, Kind.RESUMED)
    assert (held.what, held.why) == ("Release app-1 is held, says kim", "the database is being moved")
    assert held.next == "`shoreward resume app-1` lets it go on."
    assert (resumed.what, resumed.why) == ("Release app-1 goes on, says kim", "it has been moved")


def test_stopping_everything_is_told_of_no_release(shore: Shore):
    orders.stop(shore.journal, "", wish(shore, "we do not know yet"))
    orders.lift_stop(shore.journal, "", wish(shore, "it was the network"))
    stopped, lifted = only(shore, Kind.STOPPED), only(shore, Kind.STOP_LIFTED)
    assert (stopped.what, stopped.application) == ("Everything is stopped, says kim", "")
    assert stopped.next == "`shoreward resume --everything` lets it go on."
    assert (lifted.what, lifted.path) == ("Everything goes on, says kim", "/pipelines")


def test_a_culprit_and_the_end_of_a_quarantine_are_told(past: Shore):
    shore, release = past, "app-2"
    orders.name_culprit(shore.journal, release, "bad", wish(shore, "blame names it"))
    orders.lift_quarantine(shore.journal, release, wish(shore, "it was the network"))
    assert only(shore, Kind.CULPRIT).what == "Commit bad is to blame for release app-2, says kim"
    lifted = only(shore, Kind.QUARANTINE_LIFTED)
    assert lifted.what == "The quarantine of release app-2 is lifted for what it brought, says kim"
    assert lifted.application == "app"


def test_an_advisory_about_what_is_live_is_told(past: Shore):
    shore, release = past, "app-1"
    finding = Finding(
        check="vulnerabilities",
        rule="GHSA-1",
        severity=Severity.CRITICAL,
        what="sand is too wet",
        subject="pypi sand 1.0",
    )
    say(shore.journal, release, lambda state: e.AdvisoriesReviewed(at=shore.clock.now(), findings=(finding,)))
    told = only(shore, Kind.ADVISORY)
    assert told.what == "What is live of app has vulnerabilities: 1 finding"
    assert told.why == "pypi sand 1.0: sand is too wet [GHSA-1]"


def test_what_a_journal_held_before_anybody_listened_is_the_past(tmp_path: Path, told: tuple[Story, Story]):
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        first = told[0].events[0]
        assert isinstance(first, e.ReleaseOpened)
        journal.open(first)
    late = shore_on(tmp_path / "journal.db")
    with closing(late.journal), closing(late.outbox):
        assert late.kinds() == []
        late.journal.append("app-1", 1, told[0].events[1:])
        assert late.kinds()[0] == "started"


def test_a_listener_that_dies_again_and_again_tells_everything_once(shore: Shore, told: tuple[Story, Story]):
    for story in told:
        shore.tell_again(story, lambda: listener(shore).step())
    notices = shore.notices()
    assert len({notice.key for notice in notices}) == len(notices)
    assert shore.kinds().count("ended") == 2
    assert shore.kinds().count("opened") == 2


def listener(shore: Shore) -> Listener:
    return Listener(journal=shore.journal, outbox=shore.outbox, now=shore.clock.now, patience=7_200.0)
