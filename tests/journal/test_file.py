"""A journal's file: what it says of itself, and what is said of one that cannot be used."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteAccounts, SqliteJournal
from shoreward.domain import Refused, Retryable, ShorewardError, Terminal
from shoreward.testing.builders import an_opening

from .processes import answer_of, close_beneath_readers, read_as_nobody, start
from .samples import said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that anybody may enter, unlike those that pytest makes."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def written(path: Path) -> str:
    """A closed journal with one release."""
    with closing(SqliteJournal(path)) as journal:
        return journal.open(an_opening())


def alter(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def unreadable(path: Path) -> ShorewardError:
    with pytest.raises(Terminal) as refused:
        SqliteJournal(path)
    assert refused.value.code == "JOURNAL_UNREADABLE"
    assert str(path) in str(refused.value.where)
    assert refused.value.next
    return refused.value


def test_a_journal_and_its_folders_are_made_when_they_are_not_there(tmp_path: Path):
    path = tmp_path / "a" / "b" / "journal.db"
    release = written(path)
    with closing(SqliteJournal(path)) as journal:
        assert [header.id for header in journal.releases()] == [release]


def test_a_journal_says_whose_it_is_and_in_which_form(path: Path):
    written(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone()[0].to_bytes(4, "big") == b"Shrd"
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


NOT_IN_THE_SECOND_FORM = (
    "DROP TABLE dead_letters",
    "DROP TABLE receivers",
    "DROP TABLE notices_heard",
    "DROP TABLE notices",
    *(f"DROP TABLE {table}" for table in ("tokens", "sessions", "audit", "answers")),
    *(f"DROP INDEX {index}" for index in ("stayed", "went_back")),
)


def test_a_journal_of_the_first_form_is_brought_up_to_date(path: Path):
    with closing(SqliteJournal(path)) as journal:
        first, second = journal.open(an_opening("one")), journal.open(an_opening("two"))
        journal.append(first, 1, (said("later", at=1_800_000_000.0),))
        headers, happened = journal.releases(), [(each.release, each.seq) for each in journal.happened()]
    for statement in (
        *NOT_IN_THE_SECOND_FORM,
        "DROP INDEX one_open_release_of_a_commit",
        "DROP INDEX open_releases",
        "DROP TABLE happened",
        "DROP TABLE orders",
        "ALTER TABLE releases DROP COLUMN header",
        "ALTER TABLE releases DROP COLUMN commit_id",
        # The second release stays open: the index of the first form allowed it not, but nobody minds.
        "CREATE UNIQUE INDEX one_open_release ON releases (id) WHERE open",
        "PRAGMA user_version = 1",
    ):
        alter(path, statement)
    for _ in range(2):
        with closing(SqliteJournal(path)) as journal:
            assert journal.releases() == headers
            assert [(each.release, each.seq) for each in journal.happened()] == happened == [
                (first, 1), (second, 1), (first, 2)
            ]  # fmt: skip
            assert journal.orders() == ()


def test_a_journal_of_the_second_form_is_brought_up_to_date(path: Path):
    release = written(path)
    for statement in (*NOT_IN_THE_SECOND_FORM, "PRAGMA user_version = 2"):
        alter(path, statement)
    for _ in range(2):
        with closing(SqliteJournal(path)) as journal, closing(SqliteAccounts(path)) as accounts:
            assert [header.id for header in journal.releases()] == [release]
            assert (accounts.tokens(), accounts.audited()) == ((), ())


def test_a_journal_of_a_newer_version_is_refused_and_left_alone(path: Path):
    written(path)
    alter(path, "PRAGMA user_version = 4")
    before = path.read_bytes()
    error = unreadable(path)
    assert "newer version" in error.what
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused_and_left_alone(path: Path):
    alter(path, "CREATE TABLE albums (title TEXT)")
    before = path.read_bytes()
    assert "no journal of Shoreward" in unreadable(path).what
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000, b"{}\n" * 200])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes):
    path.write_bytes(content)
    unreadable(path)
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_journal(path: Path):
    path.touch()
    written(path)
    with closing(SqliteJournal(path)) as journal:
        assert len(journal.releases()) == 1


def test_a_directory_is_no_journal(path: Path):
    path.mkdir()
    unreadable(path)


def test_a_file_where_the_folder_should_be_is_told(path: Path):
    path.touch()
    unreadable(path / "journal.db")


def test_damage_inside_the_file_is_told(path: Path):
    release = written(path)
    with closing(SqliteJournal(path)) as journal:
        for after in range(1, 60):
            journal.append(release, after, (said("tide " * 200),))
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * len(content[8192:])
    path.write_bytes(content)
    with pytest.raises(Terminal) as refused:
        SqliteJournal(path).events(release)
    assert (refused.value.code, refused.value.where) == ("JOURNAL_UNREADABLE", str(path))


def test_an_event_of_a_newer_version_is_told_with_its_place(path: Path):
    release = written(path)
    alter(path, f"INSERT INTO events VALUES ('{release}', 2, 1.0, 'MoonRose', '{{}}')")
    with closing(SqliteJournal(path)) as journal, pytest.raises(Terminal) as refused:
        journal.events(release)
    assert refused.value.where == f"{path}, {release}, event 2"


@pytest.mark.parametrize("mode", [0o000, 0o200])
def test_a_journal_that_may_not_be_read_is_told(public: Path, mode: int):
    path = public / "journal.db"
    release = written(path)
    path.chmod(mode)
    for told in answer_of(read_as_nobody, path, release):
        assert isinstance(told, Terminal)
        assert (told.code, told.where) == ("JOURNAL_UNREADABLE", str(path))


def test_a_folder_that_may_not_be_written_is_told(public: Path):
    public.chmod(0o555)
    for told in answer_of(read_as_nobody, public / "new" / "journal.db", "app-1"):
        assert isinstance(told, Terminal)
        assert told.code == "JOURNAL_UNREADABLE"


def test_a_journal_that_may_only_be_read_is_read(public: Path):
    path = public / "journal.db"
    release = written(path)
    public.chmod(0o777)
    path.chmod(0o444)
    read, appended = answer_of(read_as_nobody, path, release)
    assert read == 1
    assert isinstance(appended, Terminal)
    assert appended.code == "JOURNAL_READ_ONLY"


def test_a_writer_waits_for_another(path: Path):
    release = written(path)
    with closing(SqliteJournal(path)) as journal, closing(another_writer(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        appending = threading.Thread(target=journal.append, args=(release, 1, (said("at last"),)))
        appending.start()
        appending.join(0.2)
        assert len(SqliteJournal(path).events(release)) == 1, "and readers need not wait"
        other.execute("COMMIT")
        appending.join()
        assert [each.event for each in journal.events(release, 1)] == [said("at last")]


def test_a_writer_who_waited_in_vain_may_try_again(path: Path):
    release = written(path)
    with closing(SqliteJournal(path, patience=0.01)) as journal, closing(another_writer(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retryable) as busy:
            journal.append(release, 1, (said("now?"),))
        assert (busy.value.code, busy.value.where) == ("JOURNAL_BUSY", str(path))
        other.execute("ROLLBACK")
        journal.append(release, 1, (said("now."),))
        assert len(journal.events(release)) == 2


def another_writer(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def test_a_full_disk_loses_nothing_that_was_written(path: Path):
    release = written(path)
    with closing(SqliteJournal(path)) as journal:
        # SQLite's own bound on the file stands for the disk's.
        pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Retryable) as full:
            journal.append(release, 1, (said("short"), said("long " * 100_000)))
        assert full.value.code == "JOURNAL_FULL"
        assert len(journal.events(release)) == 1
        journal._connection.execute("PRAGMA max_page_count = 1000000")
        journal.append(release, 1, (said("short"), said("long " * 100_000)))
        assert len(journal.events(release)) == 3


def test_an_event_that_cannot_be_written_takes_nothing_with_it(path: Path):
    release = written(path)
    with closing(SqliteJournal(path)) as journal:
        with pytest.raises(Terminal) as refused:
            journal.append(release, 1, (said("fine"), said("not a number", float("nan"))))
        assert refused.value.code == "EVENT_UNWRITABLE"
        journal.append(release, 1, (said("fine"),))


def test_two_names_of_a_journal_share_its_lease_and_two_journals_do_not(tmp_path: Path):
    path, link, neighbour = tmp_path / "journal.db", tmp_path / "link.db", tmp_path / "journal.sqlite"
    written(path)
    link.symlink_to(path)
    with (
        closing(SqliteJournal(path)) as journal,
        closing(SqliteJournal(link)) as same,
        closing(SqliteJournal(neighbour)) as another,
        journal.lease(),
        another.lease(),
    ):
        with pytest.raises(Refused) as refused, same.lease():
            pass
        assert refused.value.code == "CONTROLLER_RUNNING"


def test_a_file_may_be_closed_while_threads_read_from_it(path: Path):
    """SQLite does not survive that its connection goes away beneath a statement, so a process of its own tries it."""
    written(path)
    process, connection = start(close_beneath_readers, path, 40)
    with connection:
        assert connection.poll(60)
        assert connection.recv() == {"JOURNAL_UNREADABLE"}
    process.join()
    assert process.exitcode == 0
