"""`/ready` says no, and why, when what is shown is not what is in the journal, or nobody carries what they should."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.web.hub import Hub
from shoreward.web.measures import Measures
from shoreward.web.measures.metrics import Metrics
from shoreward.web.watch import Watch
from web.conftest import Site, filled, server
from web.test_serving import process, repository

__all__ = ["repository"]

UNREADABLE = (503, "the journal is not to be had\n")
READY = (200, "ready\n")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """In a folder that can be taken away."""
    folder = tmp_path / "shore"
    folder.mkdir()
    file = folder / "journal.db"
    with (
        filled(file, lambda site: site.opened("new")) as site,
        server(site, measures=Measures(file)) as site.address,
    ):
        yield site


def told(site: Site) -> tuple[int, str]:
    """What `/ready` says, once the journal has been looked at again."""
    answer = site.get("/ready")
    return answer.status, answer.text


def soon(look: Callable[[], bool]) -> bool:
    """Whether something becomes so."""
    for _ in range(600):
        if look():
            return True
        time.sleep(0.05)
    return False


def comes(site: Site, wanted: tuple[int, str]) -> bool:
    return soon(lambda: told(site) == wanted)


def test_a_journal_that_is_gone_is_missed_and_one_that_is_back_is_read(site: Site):
    assert told(site) == READY
    folder = site.journal.path.parent
    folder.rename(folder.with_name("elsewhere"))
    assert comes(site, UNREADABLE)
    assert "What you see may be old" in site.page("/pipelines/app")
    folder.with_name("elsewhere").rename(folder)
    assert comes(site, READY)


def test_another_journal_in_its_place_is_not_taken_for_it(site: Site):
    file = site.journal.path
    file.rename(file.with_name("older.db"))
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE something (x)")
    assert comes(site, UNREADABLE)


def test_a_newer_version_that_has_migrated_the_journal_is_not_misread(site: Site):
    with closing(sqlite3.connect(site.journal.path, timeout=30)) as newer:
        (form,) = newer.execute("PRAGMA user_version").fetchone()
        newer.execute(f"PRAGMA user_version = {form + 1}")
        assert comes(site, UNREADABLE)
        assert site.get("/health").status == 200
        newer.execute(f"PRAGMA user_version = {form}")
    assert comes(site, READY)


class Stuck(Hub):
    """One that has not looked for a while."""

    @property
    def since_look(self) -> float:
        return 31.0


class Late(Metrics):
    """Those of a server whose controller has not looked for a while."""

    @property
    def since_turn(self) -> float:
        return 31.0


def test_whoever_does_not_look_any_more_is_told_of(site: Site):
    measures = Measures(site.journal.path)
    measures.metrics = Late()
    with server(site, hub=Stuck(Watch(site.journal)), measures=measures) as site.address:
        status, text = told(site)
    assert status == 503
    assert text.splitlines() == [
        "the journal has not been looked at for too long",
        "the controller has not looked at its releases for too long",
    ]


def test_a_server_whose_journal_another_process_carries_is_ready_and_takes_over(repository: Path):
    """Given two servers on a journal, both show it; when the one that carries is gone, the other one carries."""
    with process(repository) as (first, at_first), process(repository) as (_, at_second):
        both = [Site(journal=None, cloud=None, address=address) for address in (at_first, at_second)]  # type: ignore[arg-type]
        assert [comes(each, READY) for each in both] == [True, True]
        assert [carries(each) for each in both] == [True, False]
        first.kill()
        first.wait()
        assert soon(lambda: carries(both[1]))
        assert told(both[1]) == READY


def carries(site: Site) -> bool:
    """Whether the server's own controller has looked at its releases."""
    lines = site.get("/metrics").text.splitlines()
    return any(
        line.startswith("shoreward_controller_turn_seconds_count") and not line.endswith(" 0.0") for line in lines
    )
