"""The ledger's file: its tables, and what goes wrong with it in words."""

from __future__ import annotations

from pathlib import Path

from shoreward.adapters.sqlite import Form, Trouble
from shoreward.domain import OperationError, Retryable, Terminal

_TABLES = (
    """CREATE TABLE leases (
        number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)""",
    """CREATE TABLE things (
        key TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (key, type, id)) WITHOUT ROWID""",
)


def _tell(path: Path, trouble: Trouble, words: str) -> OperationError:
    """LEDGER_BUSY, LEDGER_FULL (Retryable); LEDGER_READ_ONLY, LEDGER_UNREADABLE (Terminal)."""
    where = str(path)
    match trouble:
        case Trouble.BUSY:
            what = "Another process has kept the ledger of sandboxes locked for too long."
            return Retryable("LEDGER_BUSY", what, where=where, next="Find out who has it open (fuser).")
        case Trouble.FULL:
            what = "There is no room left for the ledger of sandboxes."
            return Retryable("LEDGER_FULL", what, where=where, next="Make some on its disk.")
        case Trouble.READ_ONLY:
            what = "The ledger of sandboxes may not be written, and nothing is created without it."
            advice = "Get permission to write to the file and to its folder."
            return Terminal("LEDGER_READ_ONLY", what, where=where, next=advice)
        case Trouble.NEWER:
            return _unreadable(where, f"a newer version of Shoreward wrote it ({words})")
        case Trouble.FOREIGN | Trouble.UNREADABLE:
            return _unreadable(where, words)


def _unreadable(where: str, why: str) -> Terminal:
    what = f"The ledger of sandboxes cannot be used: {why}."
    advice = "Move it away; `shoreward sandbox reap` finds by their tags what it knew of."
    return Terminal("LEDGER_UNREADABLE", what, where=where, next=advice)


FORM = Form(application=0x53686C67, version=1, tables=_TABLES, tell=_tell)  # "Shlg"
