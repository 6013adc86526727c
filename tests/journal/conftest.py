"""The journals that keep the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.ports import Journal
from shoreward.testing.memory import MemoryJournal


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    sqlite = SqliteJournal(tmp_path / "journal.db")
    yield sqlite
    sqlite.close()
