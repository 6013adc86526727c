"""Several processes at one journal, and processes that die at it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.domain import Refused
from shoreward.testing.builders import an_opening

from .processes import append_for_ever, append_many, carry_for_ever, kill, open_journal, start
from .samples import said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def opened(path: Path) -> str:
    with closing(SqliteJournal(path)) as journal:
        return journal.open(an_opening())


def words(path: Path, release: str) -> list[str]:
    """What was said since the release was opened, after a look at the numbers and at the file itself."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with closing(SqliteJournal(path)) as journal:
        recorded = journal.events(release)
        assert [each.seq for each in recorded] == list(range(1, len(recorded) + 1))
        return [each.event.why for each in recorded[1:]]


def test_a_new_journal_can_be_opened_by_many_at_once(path: Path):
    others = [start(open_journal, path) for _ in range(6)]
    for _, connection in others:
        assert connection.recv() == "ready"
    for _, connection in others:
        connection.send("go")
    assert [connection.recv() for _, connection in others] == [()] * 6
    for process, _ in others:
        process.join()


def test_processes_append_side_by_side_and_nothing_is_lost(path: Path):
    release = opened(path)
    names = ("kim", "robin", "sam")
    others = [start(append_many, path, release, name, 15) for name in names]
    for _, connection in others:
        assert connection.recv() == "ready"
    for _, connection in others:
        connection.send("go")
    for process, connection in others:
        assert connection.recv() == "done"
        process.join()
    said_by_all = words(path, release)
    assert len(said_by_all) == 3 * 15 * 2
    assert said_by_all[1::2] == [f"{word}, too" for word in said_by_all[::2]], "pairs stand together"
    for name in names:
        own = [word for word in said_by_all[::2] if word.startswith(name)]
        assert own == [f"{name} {number}" for number in range(15)]


def test_a_process_that_is_killed_while_it_appends_leaves_a_whole_journal(path: Path):
    release = opened(path)
    with closing(SqliteJournal(path)) as journal:
        for acknowledged in (1, 2, 5, 9, 17):
            process, connection = start(append_for_ever, path, release)
            numbers = [connection.recv() for _ in range(acknowledged)]
            kill(process)
            said_so_far = words(path, release)
            assert len(said_so_far) % 2 == 0, "an append is in the journal as a whole or not at all"
            for number in numbers:
                assert str(number) in said_so_far, "what was acknowledged stays"
                assert f"{number}, too" in said_so_far
            journal.append(release, len(said_so_far) + 1, (said("still"), said("here")))


def test_a_lease_is_free_when_its_holder_was_killed(path: Path):
    process, connection = start(carry_for_ever, path)
    assert connection.recv() == "carrying"
    with closing(SqliteJournal(path)) as journal:
        with pytest.raises(Refused) as refused, journal.lease():
            pass
        assert refused.value.code == "CONTROLLER_RUNNING"
        kill(process)
        with journal.lease():
            assert journal.releases() == ()


def test_an_append_by_another_process_is_seen_as_a_change(path: Path):
    release = opened(path)
    with closing(SqliteJournal(path)) as journal:
        before = journal.changes()
        process, connection = start(append_many, path, release, "kim", 1)
        connection.recv()
        assert journal.changes() == before, "opening it changes nothing"
        connection.send("go")
        connection.recv()
        process.join()
        assert journal.changes() != before
