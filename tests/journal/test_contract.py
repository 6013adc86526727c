"""What every journal promises; the controller and the use cases build on nothing else."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace

import pytest

from shoreward.app.ports import Conflict, Journal
from shoreward.core import events as e
from shoreward.core.header import headed, noted
from shoreward.domain import Outcome, Refused, Terminal
from shoreward.testing.builders import a_pipeline, an_opening

from .samples import ONE_OF_EACH, ORDERS, said

ENDED = e.ReleaseEnded(at=2.0, outcome=Outcome.SUCCEEDED)
TAKEN_BACK = e.RollbackBegan(at=3.0, cause="person", reason="regret", by="kim")


def another_application() -> e.ReleaseOpened:
    return an_opening(pipeline=replace(a_pipeline(), application="another"))


def test_a_release_begins_with_its_opening(journal: Journal):
    release = journal.open(an_opening("abc"))
    (recorded,) = journal.events(release)
    assert (recorded.seq, recorded.event) == (1, an_opening("abc"))
    assert journal.releases() == (headed(release, 1, an_opening("abc")),) == (journal.header(release),)


def test_what_was_appended_is_there_in_order_with_its_place(journal: Journal):
    release = journal.open(ONE_OF_EACH[0])
    journal.append(release, 1, ONE_OF_EACH[1:5])
    journal.append(release, 5, ONE_OF_EACH[5:])
    recorded = journal.events(release)
    assert tuple(each.event for each in recorded) == ONE_OF_EACH
    assert [each.seq for each in recorded] == list(range(1, len(ONE_OF_EACH) + 1))
    assert journal.events(release, 16) == recorded[16:]
    assert journal.events(release, len(recorded)) == ()


def test_events_of_some_kinds_are_told_in_their_places(journal: Journal):
    release = journal.open(ONE_OF_EACH[0])
    journal.append(release, 1, ONE_OF_EACH[1:])
    whole = journal.events(release)
    for kinds in ((type(whole[3].event),), {type(each.event) for each in whole[4:9]}):
        assert journal.events(release, kinds=kinds) == tuple(each for each in whole if type(each.event) in kinds)
    assert journal.events(release, 4, kinds=(type(whole[3].event), type(whole[5].event))) == tuple(
        each for each in whole[4:] if type(each.event) in (type(whole[3].event), type(whole[5].event))
    )
    with pytest.raises(Refused, match="no release"):
        journal.events("app-99", kinds=(e.HoldPlaced,))


def test_releases_are_numbered_within_their_application(journal: Journal):
    first = journal.open(an_opening())
    other = journal.open(another_application())
    journal.append(first, 1, (ENDED,))
    second = journal.open(an_opening())
    assert [first, other, second] == ["app-1", "another-1", "app-2"]
    assert [header.id for header in journal.releases()] == [first, other, second]
    assert [(header.id, header.open) for header in journal.releases("app")] == [(first, False), (second, True)]
    assert journal.releases("nobody's") == ()


def test_what_is_live_is_the_newest_release_of_each_application_that_stayed(journal: Journal):
    stays, other, fails, goes, under_way = (
        journal.open(opening)
        for opening in (
            an_opening("a"),
            another_application(),
            an_opening("b"),
            an_opening("c"),
            an_opening("d"),
        )
    )
    for release in (stays, other, goes):
        journal.append(release, 1, (ENDED,))
    journal.append(fails, 1, (e.ReleaseEnded(at=2.0, outcome=Outcome.FAILED),))
    assert [each.id for each in journal.live()] == [goes, other]
    journal.append(goes, 2, (TAKEN_BACK,))
    assert [each.id for each in journal.live()] == [other, stays]
    assert [each.id for each in journal.live("app")] == [stays]
    assert journal.live("nobody's") == ()
    assert journal.header(under_way).open


def test_several_releases_begin_together_or_none_does(journal: Journal):
    journal.open(an_opening("a"))
    assert journal.open_all((an_opening("b"), another_application())) == ("app-2", "another-1")
    another = replace(another_application(), commit="c")
    with pytest.raises(Refused, match="under way"):
        journal.open_all((another, an_opening("a")))
    assert [header.id for header in journal.releases()] == ["app-1", "app-2", "another-1"]


def test_what_begins_a_release_may_send_others_back_in_the_same_breath(journal: Journal):
    """All of it or nothing, so that whoever carries releases never sees the one without the other."""
    one = journal.open(an_opening("a"))
    assert journal.open_all((an_opening("b"),), {one: (1, (said("back"),))}) == ("app-2",)
    assert [len(journal.events(each)) for each in (one, "app-2")] == [2, 1]
    with pytest.raises(Conflict):
        journal.open_all((an_opening("c"),), {one: (1, (said("again"),))})
    with pytest.raises(Refused, match="under way"):
        journal.open_all((an_opening("b"),), {one: (2, (said("again"),))})
    assert [header.id for header in journal.releases()] == ["app-1", "app-2"]
    assert len(journal.events(one)) == 2


def test_several_releases_are_appended_to_together_or_none_is(journal: Journal):
    one, two = journal.open(an_opening()), journal.open(another_application())
    journal.append_all({one: (1, (said("a"),)), two: (1, (said("b"), ENDED))})
    assert [len(journal.events(each)) for each in (one, two)] == [2, 3]
    assert not journal.header(two).open
    with pytest.raises(Conflict):
        journal.append_all({one: (2, (said("c"),)), two: (1, (said("d"),))})
    assert [len(journal.events(each)) for each in (one, two)] == [2, 3]


@pytest.mark.parametrize("after", [0, 1, 3])
def test_whoever_lost_their_place_cannot_append(journal: Journal, after: int):
    release = journal.open(an_opening())
    journal.append(release, 1, (said("first"),))
    with pytest.raises(Conflict):
        journal.append(release, after, (said("second"), ENDED))
    assert [each.event for each in journal.events(release)] == [an_opening(), said("first")]
    assert journal.releases()[0].open


def test_several_releases_of_an_application_are_under_way_of_one_commit_one(journal: Journal):
    first, second = journal.open(an_opening("one")), journal.open(an_opening("two"))
    with pytest.raises(Refused, match=rf"{first} of app is under way") as refused:
        journal.open(an_opening("one"))
    assert refused.value.code == "RELEASE_UNDER_WAY"
    assert [header.id for header in journal.releases(open=True)] == [first, second]
    journal.append(first, 1, (ENDED,))
    again = journal.open(an_opening("one"))
    assert [header.id for header in journal.releases("app", open=True)] == [second, again]
    assert [header.id for header in journal.releases("app", open=False)] == [first]


def test_a_header_is_what_its_events_make_of_it(journal: Journal):
    release = journal.open(ONE_OF_EACH[0])
    meant = headed(release, 1, ONE_OF_EACH[0])
    for after, event in enumerate(ONE_OF_EACH[1:], start=1):
        journal.append(release, after, (event,))
        meant = noted(meant, event)
        assert journal.header(release) == meant
    assert (meant.outcome, meant.digest, meant.back_at > 0, meant.open) == (Outcome.ROLLED_BACK, "d" * 64, True, False)


def test_those_that_harmed_are_told_apart(journal: Journal):
    ids = [journal.open(an_opening(f"{number}")) for number in range(4)]
    for release, cause in zip(ids, ("judged", "person", "alarm"), strict=False):
        journal.append(release, 1, (e.RollbackBegan(at=3.0, cause=cause, reason="so"),))
    assert [header.id for header in journal.harmed()] == [ids[0], ids[2]]


def test_pages_go_back_from_the_newest(journal: Journal):
    ids = [journal.open(an_opening(f"{number}")) for number in range(5)]
    other = journal.open(another_application())
    assert [header.id for header in journal.page(limit=2)] == [other, ids[4]]
    assert [header.id for header in journal.page("app", limit=2)] == [ids[4], ids[3]]
    assert [header.id for header in journal.page("app", before=ids[3], limit=9)] == [ids[2], ids[1], ids[0]]
    assert journal.page("app", before=ids[0]) == ()


def test_all_that_happened_is_told_in_the_order_in_which_it_came(journal: Journal):
    assert journal.newest() == 0
    first = journal.open(an_opening("one"))
    second = journal.open(an_opening("two"))
    journal.append(second, 1, (said("a"), said("b")))
    journal.append(first, 1, (said("c"),))
    told = journal.happened()
    assert journal.newest() == told[-1].id
    assert [(each.release, each.seq) for each in told] == [
        (first, 1),
        (second, 1),
        (second, 2),
        (second, 3),
        (first, 2),
    ]
    assert [each.event for each in told[2:]] == [said("a"), said("b"), said("c")]
    assert journal.happened(told[1].id, limit=2) == told[2:4]
    assert journal.happened(told[-1].id) == ()


def test_orders_are_kept_in_order(journal: Journal):
    changes = journal.changes()
    journal.steer(0, ORDERS[:2])
    assert journal.changes() != changes
    journal.steer(2, ORDERS[2:])
    assert journal.orders() == ORDERS
    assert journal.orders(3) == ORDERS[3:]
    for after in (0, 2, len(ORDERS) + 1):
        with pytest.raises(Conflict):
            journal.steer(after, ORDERS[:1])
    assert journal.orders() == ORDERS


def test_a_release_that_ended_is_open_again_while_it_goes_back(journal: Journal):
    release = journal.open(an_opening())
    journal.append(release, 1, (ENDED,))
    assert not journal.releases()[0].open
    journal.append(release, 2, (TAKEN_BACK,))
    assert journal.releases()[0].open
    journal.append(release, 3, (ENDED,))
    assert not journal.releases()[0].open


def test_a_release_does_not_go_back_while_its_commit_is_under_way_again(journal: Journal):
    old = journal.open(an_opening("old"))
    journal.append(old, 1, (ENDED,))
    new = journal.open(an_opening("old"))
    with pytest.raises(Refused) as refused:
        journal.append(old, 2, (said("about to go back"), TAKEN_BACK))
    assert refused.value.code == "RELEASE_UNDER_WAY"
    assert len(journal.events(old)) == 2, "all or none"
    assert [header.open for header in journal.releases()] == [False, True]
    journal.append(new, 1, (TAKEN_BACK,))


def test_a_release_that_goes_back_while_it_is_open_stays_open(journal: Journal):
    release = journal.open(an_opening())
    journal.append(release, 1, (TAKEN_BACK,))
    assert journal.releases()[0].open


def test_a_release_that_nobody_opened_is_unknown(journal: Journal):
    journal.open(an_opening())
    for ask in (
        lambda: journal.events("app-2"),
        lambda: journal.events("app-2", 5),
        lambda: journal.append("app-2", 0, (said("hello?"),)),
        lambda: journal.header("app-2"),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == "RELEASE_UNKNOWN"


def test_appending_nothing_changes_nothing(journal: Journal):
    release = journal.open(an_opening())
    journal.append(release, 1, ())
    assert len(journal.events(release)) == 1


def test_every_append_is_seen_as_a_change(journal: Journal):
    seen = [journal.changes()]
    release = journal.open(an_opening())
    seen.append(journal.changes())
    for after in range(1, 4):
        journal.append(release, after, (said("again"),))
        seen.append(journal.changes())
    assert len(set(seen)) == len(seen)
    assert journal.changes() == seen[-1], "and nothing else is"


def test_blobs_are_found_by_their_content(journal: Journal):
    contents = [b"", b"template", bytes(range(256)) * 4096, b"template"]
    digests = [journal.put(content) for content in contents]
    assert digests == [hashlib.sha256(content).hexdigest() for content in contents]
    assert [journal.get(digest) for digest in digests] == contents


def test_a_blob_that_was_never_put_is_missing(journal: Journal):
    with pytest.raises(Terminal) as missing:
        journal.get("0" * 64)
    assert missing.value.code == "BLOB_MISSING"


def test_one_carries_releases_at_a_time(journal: Journal):
    with journal.lease():
        with pytest.raises(Refused) as refused, journal.lease():
            pass
        assert refused.value.code == "CONTROLLER_RUNNING"
    with journal.lease():
        pass


def test_a_lease_is_given_back_when_its_holder_fails(journal: Journal):
    with pytest.raises(ZeroDivisionError), journal.lease():
        raise ZeroDivisionError
    with journal.lease():
        pass


def test_threads_append_side_by_side_and_nothing_is_lost(journal: Journal):
    release = journal.open(an_opening())
    conflicts = []

    def say(name: str) -> None:
        for number in range(20):
            while True:
                after = journal.events(release)[-1].seq
                try:
                    journal.append(release, after, (said(f"{name} {number}"), said(f"{name} {number}, too")))
                except Conflict:
                    conflicts.append(name)
                else:
                    break

    threads = [threading.Thread(target=say, args=(name,)) for name in ("kim", "robin", "sam")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorded = journal.events(release)
    words = [each.event.why for each in recorded[1:]]
    assert [each.seq for each in recorded] == list(range(1, 122))
    assert words[1::2] == [f"{word}, too" for word in words[::2]], "what was appended together stands together"
    for name in ("kim", "robin", "sam"):
        assert [word for word in words[::2] if word.startswith(name)] == [f"{name} {number}" for number in range(20)]
