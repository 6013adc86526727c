"""The ledger: one contract for the file and for the fake, and what only a file can meet."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.adapters.ledger import SqliteLedger
from shoreward.adapters.ledger.codec import decode, encode
from shoreward.app.sandboxes import Injected, Lease, State, Thing
from shoreward.app.sandboxes.ports import Ledger
from shoreward.domain import Refused, ShorewardError, Target, Terminal
from shoreward.testing.sandboxes import MemoryLedger

TARGET = Target(account="111111111111", region="eu-north-1", stack="shop-main--123456", parameters=(("Stage", "test"),))
LEASE = Lease(
    target=TARGET,
    application="shop",
    owner="kim",
    branch="main",
    commit="c",
    state=State.COMING,
    created=1.0,
    used=2.0,
    expires=3.0,
)
TABLE = Thing(type="AWS::DynamoDB::Table", id="guests")
QUEUE = Thing(type="AWS::SQS::Queue", id="letters")


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    with closing(SqliteLedger(tmp_path / "new" / "sandboxes.db")) as made:
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sandboxes.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], SqliteLedger]]:
    """Opens the file, as many times as processes would."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(SqliteLedger(path, patience=0.1)))


def test_a_lease_is_read_as_it_was_written(ledger: Ledger):
    ledger.put(LEASE)
    assert ledger.get(LEASE.key) == LEASE
    assert ledger.get("1/2/3") is None


def test_a_lease_takes_the_place_of_its_earlier_state(ledger: Ledger):
    other = replace(LEASE, target=replace(TARGET, stack="shop-other--123456"))
    ledger.put(LEASE)
    ledger.put(other)
    ledger.put(replace(LEASE, state=State.UP))
    assert [(one.name, one.state) for one in ledger.all()] == [(LEASE.name, State.UP), (other.name, State.COMING)]


def test_what_a_sandbox_has_is_noted_once(ledger: Ledger):
    ledger.note("one", [TABLE, QUEUE])
    ledger.note("one", [TABLE])
    ledger.note("two", [QUEUE])
    assert list(ledger.things("one")) == [TABLE, QUEUE]
    ledger.forget("one")
    assert (list(ledger.things("one")), list(ledger.things("two"))) == ([], [QUEUE])


def test_one_at_a_time_works_with_a_sandbox(ledger: Ledger):
    assert not ledger.held("one")
    with ledger.hold("one"):
        assert ledger.held("one")
        assert not ledger.held("two")
        with pytest.raises(Refused, match="SANDBOX_BUSY"), ledger.hold("one"):
            pytest.fail("two hold it")
    with ledger.hold("one"):
        assert ledger.held("one")


def test_a_holder_that_fails_lets_go(ledger: Ledger):
    with pytest.raises(ZeroDivisionError), ledger.hold("one"):
        raise ZeroDivisionError
    assert not ledger.held("one")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.floats(0, 4e9)
leases = st.builds(
    Lease,
    target=st.builds(
        Target,
        account=texts,
        region=texts,
        stack=texts,
        role=st.none() | texts,
        execution_role=st.none() | texts,
        parameters=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    ),
    application=texts,
    owner=texts,
    branch=texts,
    commit=texts,
    revision=texts,
    fresh=st.booleans(),
    seeded=st.booleans(),
    state=st.sampled_from(State),
    created=times,
    used=times,
    expires=times,
    ended=st.none() | times,
    hourly=st.none() | times,
    unpriced=st.lists(texts, max_size=2).map(tuple),
    faults=st.just(()) | st.tuples(st.builds(Injected, kind=st.just("alter"), id=st.just("hello"), before=texts)),
)


@given(leases)
def test_any_lease_is_read_as_it_was_written(lease: Lease):
    assert decode(encode(lease), where="here") == lease


def test_two_processes_see_the_same_ledger(opened: Callable[[], SqliteLedger]):
    one, other = opened(), opened()
    one.put(LEASE)
    with one.hold(LEASE.key):
        assert other.get(LEASE.key) == LEASE
        assert other.held(LEASE.key)


def test_the_lock_of_a_killed_process_is_free(path: Path, opened: Callable[[], SqliteLedger]):
    ledger = opened()
    code = (
        "import sys, time; from pathlib import Path; from shoreward.adapters.ledger import SqliteLedger\n"
        "with SqliteLedger(Path(sys.argv[1])).hold('one'):\n    print('has it', flush=True)\n    time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    try:
        # Given another process that works with a sandbox
        assert process.stdout is not None
        assert process.stdout.readline() == b"has it\n"
        assert ledger.held("one")
    finally:
        # When it is killed
        process.kill()
        process.communicate()
    # Then the operating system has given its lock back
    assert not ledger.held("one")


def damaged(path: Path) -> None:
    path.write_bytes(b"no database at all, whatever its name says")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE things (id)")


def newer(path: Path) -> None:
    SqliteLedger(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("spoil", [damaged, foreign, newer])
def test_a_file_that_is_no_ledger_of_ours_is_left_alone(
    path: Path, opened: Callable[[], SqliteLedger], spoil: Callable[[Path], None]
):
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(Terminal, match="LEDGER_UNREADABLE"):
        opened()
    assert path.read_bytes() == before


def test_an_entry_of_a_newer_version_is_refused_with_the_way_out(path: Path, opened: Callable[[], SqliteLedger]):
    opened().put(LEASE)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('UPDATE leases SET body = \'{"shape": "unknown"}\'')
    with pytest.raises(Terminal, match="reap"):
        opened().all()


def test_a_ledger_that_is_locked_for_long_is_worth_another_try(path: Path, opened: Callable[[], SqliteLedger]):
    ledger = opened()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ShorewardError, match="LEDGER_BUSY"):
            ledger.put(LEASE)
        connection.execute("ROLLBACK")
    ledger.put(LEASE)
    assert ledger.get(LEASE.key) == LEASE


def test_what_was_written_is_on_the_disk(path: Path, opened: Callable[[], SqliteLedger]):
    def pragma(name: str) -> Any:
        return opened()._connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2  # FULL


def test_a_lease_from_before_faults_were_known_is_read():
    held = json.loads(encode(LEASE))
    del held["faults"]
    assert decode(json.dumps(held), where="here") == LEASE
