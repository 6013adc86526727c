"""A terminal is steered by nobody but the command that prints: whatever a commit, a finding or a reason holds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteJournal
from web.strangers import strange_events, strange_opening, strange_orders

from .conftest import Past, shoreward


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        release = journal.open(strange_opening(1.0))
        journal.append(release, 1, tuple(strange_events(journal, 1.0)))
        strange_orders(journal)
    return tmp_path / "journal.db"


@pytest.mark.parametrize("words", ["status app-1", "status --all", "why app-1 --full", "why app-1 --full --json"])
def test_what_strangers_write_is_printed_and_steers_nothing(a_past: Past, journal: Path, words: str):
    said = shoreward(*words.split(), "-C", str(a_past.repository), "--journal", str(journal))
    assert "<img src=x" in said.out
    unseen = {each for each in f"{said.out}{said.err}" if not each.isprintable()} - {"\n"}
    assert unseen <= ({"\x9b", "\u202e", "\u2028"} if "--json" in words else set())
