"""A courier delivers everything at least once and in order, whatever its receiver does, and floods nobody."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.app.telling.courier import Courier
from shoreward.app.telling.ports import Heard as HeardOf
from shoreward.app.telling.ports import Later
from shoreward.domain import Retryable, Terminal
from shoreward.domain.notifications import FOR_PEOPLE, Kind

from .conftest import DAY, Heard, Shore, a_notice, shore_on

SILENT = Retryable("RECEIVER_SILENT", "It says nothing.")
REFUSED = Terminal("RECEIVER_REFUSED", "It never takes this.")
GONE = Terminal("RECEIVER_GONE", "It answers 410.")


def post(shore: Shore, *numbers: int, **more: object) -> None:
    at = {"at": shore.clock.now(), **more}
    notices = [a_notice(number=number, **at) for number in numbers]
    shore.outbox.post(notices, HeardOf(event=0, orders=0), shore.clock.now())


def run(courier: Courier, shore: Shore, seconds: float = 0.0) -> None:
    """Let a courier do what it can do in so many seconds."""
    end = shore.clock.now() + seconds
    while (pause := courier.step()) is not None and shore.clock.now() + pause <= end:
        shore.clock.time += pause
    shore.clock.time = max(shore.clock.time, end)


def key(*numbers: int) -> list[str]:
    return [f"sandcastles-12/{number}" for number in numbers]


def test_what_is_posted_is_delivered_once_and_in_order(shore: Shore):
    heard = Heard()
    courier = shore.courier(heard)
    post(shore, 1, 2, 3)
    run(courier, shore)
    run(courier, shore)
    assert heard.keys == key(1, 2, 3)


def test_a_receiver_that_is_new_is_told_what_comes_from_now_on(shore: Shore):
    post(shore, 1, 2)
    heard = Heard()
    courier = shore.courier(heard)
    post(shore, 3)
    run(courier, shore)
    assert heard.keys == key(3)


def test_a_receiver_is_told_what_it_wants_of_the_pipelines_that_it_wants(shore: Shore):
    heard = Heard()
    courier = shore.courier(heard, about=FOR_PEOPLE)
    courier.receiver = type(courier.receiver)(
        name="team", means=courier.receiver.means, about=FOR_PEOPLE, pipelines=("ferry",)
    )
    post(shore, 1)
    post(shore, 2, application="ferry")
    post(shore, 3, application="ferry", kind=Kind.DEPLOYED)
    post(shore, 4, application="", kind=Kind.STOPPED)
    run(courier, shore)
    assert heard.keys == key(2, 4)


def test_who_is_silent_is_tried_again_after_longer_and_longer_pauses(shore: Shore):
    heard = Heard(answers=[SILENT] * 4)
    courier = shore.courier(heard)
    post(shore, 1, 2)
    pauses = [courier.step()]
    for _ in range(3):
        shore.clock.time += pauses[-1] or 0
        pauses.append(courier.step())
    assert pauses == [5, 10, 20, 40]
    assert shore.outbox.standing("team").error == "It says nothing. [RECEIVER_SILENT]"
    run(courier, shore, 60)
    assert heard.keys == key(1, 2)
    assert shore.outbox.standing("team").error == ""


def test_nobody_is_tried_before_its_time(shore: Shore):
    heard = Heard(answers=[SILENT])
    courier = shore.courier(heard)
    post(shore, 1)
    courier.step()
    assert courier.step() == 5
    assert heard.keys == []


def test_a_pause_that_a_receiver_asks_for_is_kept(shore: Shore):
    heard = Heard(answers=[Later("RECEIVER_SILENT", "It answers 429.", after=120)])
    courier = shore.courier(heard)
    post(shore, 1)
    assert courier.step() == 120


def test_what_was_never_taken_becomes_a_dead_letter(shore: Shore):
    heard = Heard(answers=[SILENT] * 1_000)
    courier = shore.courier(heard)
    post(shore, 1)
    run(courier, shore, DAY / 2)
    post(shore, 2)
    run(courier, shore, DAY / 2 + 1_000)
    assert [letter.posted.notice.key for letter in shore.outbox.dead("team")] == key(1)
    heard.answers = []
    run(courier, shore, 1_000)
    assert heard.keys == key(2)


def test_what_is_refused_holds_up_nothing_that_comes_after_it(shore: Shore):
    heard = Heard(answers=[None, REFUSED, None])
    courier = shore.courier(heard)
    post(shore, 1, 2, 3)
    run(courier, shore)
    assert heard.keys == key(1, 3)
    assert [letter.posted.notice.key for letter in shore.outbox.dead()] == key(2)


def test_a_mistake_about_one_notice_holds_up_no_other(shore: Shore):
    heard = Heard(answers=[KeyError("nobody thought of that")])
    courier = shore.courier(heard)
    post(shore, 1, 2)
    run(courier, shore)
    assert heard.keys == key(2)
    assert "[INTERNAL]" in shore.outbox.dead()[0].error


def test_who_wants_nothing_any_more_is_left_alone(shore: Shore):
    heard = Heard(answers=[GONE])
    courier = shore.courier(heard)
    post(shore, 1, 2)
    run(courier, shore, DAY)
    assert heard.keys == []
    assert shore.outbox.standing("team").gone
    assert courier.waiting() == 2


@pytest.mark.parametrize("count", [1, 5])
def test_few_things_are_told_one_by_one(shore: Shore, count: int):
    heard = Heard(digests=True)
    courier = shore.courier(heard)
    post(shore, *range(1, count + 1))
    run(courier, shore)
    assert [len(parcel) for parcel in heard.told] == [1] * count


def test_a_burst_is_one_message_for_people(shore: Shore):
    heard = Heard(digests=True)
    courier = shore.courier(heard)
    post(shore, *range(1, 151))
    run(courier, shore)
    assert [len(parcel) for parcel in heard.told] == [150]


def test_what_came_while_nobody_was_told_is_one_message(shore: Shore):
    heard = Heard(digests=True, answers=[SILENT] * 9)
    courier = shore.courier(heard)
    post(shore, 1)
    run(courier, shore, 700)
    post(shore, 2, 3)
    run(courier, shore, 4_000)
    assert [len(parcel) for parcel in heard.told] == [3]


def test_a_burst_is_everything_for_programs(shore: Shore):
    heard = Heard(digests=False)
    courier = shore.courier(heard)
    post(shore, *range(1, 31))
    run(courier, shore)
    assert [len(parcel) for parcel in heard.told] == [1] * 30


def test_of_many_that_are_refused_together_each_has_its_chance(shore: Shore):
    heard = Heard(digests=True, answers=[REFUSED, None, REFUSED])
    courier = shore.courier(heard)
    post(shore, *range(1, 9))
    run(courier, shore)
    assert heard.keys == key(1, 3, 4, 5, 6, 7, 8)
    assert [letter.posted.notice.key for letter in shore.outbox.dead()] == key(2)


class _Dies(BaseException):
    """The process, between two instructions."""


@given(
    fates=st.lists(st.sampled_from(["taken", "silent", "dies before", "dies after"]), max_size=12),
    bursts=st.lists(st.integers(1, 7), min_size=1, max_size=3),
    digests=st.booleans(),
)
@settings(max_examples=12)
def test_nothing_is_lost_and_nothing_is_out_of_order_whatever_dies(
    fates: list[str], bursts: list[int], digests: bool
) -> None:
    """Given deaths before and after any delivery, each notice arrives, first in its order; only repeats go back."""
    left = list(fates)

    class Mortal(Heard):
        def deliver(self, notices: object) -> None:
            fate = left.pop(0) if left else "taken"
            if fate == "silent":
                raise SILENT
            if fate != "dies before":
                self.told.append(list(notices))  # type: ignore[call-overload]
            if fate.startswith("dies"):
                raise _Dies

    with tempfile.TemporaryDirectory() as folder:
        shore = shore_on(Path(folder) / "journal.db")
        with closing(shore.journal), closing(shore.outbox):
            heard, number = Mortal(digests=digests), 0
            courier = shore.courier(heard)
            for burst in bursts:
                post(shore, *range(number + 1, number + 1 + burst))
                number += burst
                while True:
                    try:
                        run(courier, shore, 3_000)
                        break
                    except _Dies:
                        courier = shore.courier(heard)
            firsts = list(dict.fromkeys(heard.keys))
            assert firsts == key(*range(1, number + 1))
            assert not shore.outbox.dead()
