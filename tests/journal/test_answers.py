"""A command with the same key is done once, by this server or by the next one on the same journal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteAnswers
from shoreward.app.people.answers import Answer
from shoreward.domain import Refused, Retryable
from shoreward.testing.simulated import SimulatedClock

HELD = Answer(status=200, body=b'{"held": true}')


class Hold:
    """A command that counts how often it was done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Answer:
        self.times += 1
        return HELD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def answers(path: Path) -> Iterator[SqliteAnswers]:
    with closing(SqliteAnswers(path, lambda: 0.0)) as made:
        yield made


def test_a_command_with_the_same_key_has_the_first_answer(answers: SqliteAnswers):
    hold = Hold()
    assert [answers.once("one", "hold app-1", hold) for _ in range(3)] == [HELD] * 3
    assert answers.once("two", "hold app-1", hold) == HELD
    assert hold.times == 2


def test_the_next_server_knows_what_was_answered(path: Path, answers: SqliteAnswers):
    hold = Hold()
    answers.once("one", "hold app-1", hold)
    with closing(SqliteAnswers(path, lambda: 0.0)) as after_a_restart:
        assert after_a_restart.once("one", "hold app-1", hold) == HELD
    assert hold.times == 1


def test_another_command_with_the_same_key_is_refused(answers: SqliteAnswers):
    answers.once("one", "hold app-1", Hold())
    with pytest.raises(Refused) as refused:
        answers.once("one", "abort app-1", Hold())
    assert refused.value.code == "KEY_REUSED"


def test_an_error_is_not_kept(answers: SqliteAnswers):
    def fail() -> Answer:
        raise Refused("RELEASE_ENDED", "It has ended.")

    with pytest.raises(Refused):
        answers.once("one", "hold app-1", fail)
    assert answers.once("one", "hold app-1", Hold()) == HELD


def test_an_answer_is_kept_for_a_day(path: Path):
    clock, hold = SimulatedClock(), Hold()
    with closing(SqliteAnswers(path, clock.now)) as answers:
        for seconds in (0.0, 86_399.0, 2.0, 1.0):
            clock.time += seconds
            answers.once("one", "hold app-1", hold)
    assert hold.times == 2


def test_a_command_that_is_being_done_is_not_begun_again(answers: SqliteAnswers):
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Answer:
        begun.set()
        go_on.wait(10)
        return HELD

    first = threading.Thread(target=answers.once, args=("one", "hold app-1", slow))
    first.start()
    begun.wait(10)
    with pytest.raises(Retryable) as refused:
        answers.once("one", "hold app-1", slow)
    go_on.set()
    first.join()
    assert refused.value.code == "KEY_UNDER_WAY"
    assert answers.once("one", "hold app-1", Hold()) == HELD
