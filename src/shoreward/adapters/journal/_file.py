"""A journal's file: its tables, and what goes wrong with it in words."""

from __future__ import annotations

from pathlib import Path

from shoreward.adapters.sqlite import Form, Trouble
from shoreward.domain import OperationError, Retryable, Terminal

_TABLES = (
    """CREATE TABLE releases (
        id TEXT PRIMARY KEY, application TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
        UNIQUE (application, number))""",
    "CREATE UNIQUE INDEX one_open_release ON releases (application) WHERE open",
    """CREATE TABLE events (
        release TEXT NOT NULL REFERENCES releases, seq INTEGER NOT NULL, at REAL NOT NULL,
        name TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (release, seq)) WITHOUT ROWID""",
    "CREATE TABLE blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
)


def _tell(path: Path, trouble: Trouble, words: str) -> OperationError:
    """JOURNAL_BUSY, JOURNAL_FULL (Retryable); JOURNAL_READ_ONLY, JOURNAL_UNREADABLE (Terminal)."""
    where = str(path)
    match trouble:
        case Trouble.BUSY:
            what = "Another process has kept the journal locked for too long."
            advice = "Find out who has the file open (fuser), and end it."
            return Retryable("JOURNAL_BUSY", what, where=where, next=advice)
        case Trouble.FULL:
            what = "There is no room left for the journal."
            return Retryable("JOURNAL_FULL", what, where=where, next="Make some on its disk.")
        case Trouble.READ_ONLY:
            what = "The journal may be read but not written."
            advice = "Ask its owner for the permission to write, to the file and to its folder."
            return Terminal("JOURNAL_READ_ONLY", what, where=where, next=advice)
        case Trouble.NEWER:
            what = f"The journal was written by a newer version of Shoreward: {words}."
            return Terminal("JOURNAL_UNREADABLE", what, where=where, next="Use that version, or a newer one.")
        case Trouble.FOREIGN:
            what = "The file is a database, but no journal of Shoreward."
            return Terminal("JOURNAL_UNREADABLE", what, where=where, next="Name another file with --journal.")
        case Trouble.UNREADABLE:
            what = f"The journal cannot be used: {words}."
            advice = "Name another file with --journal, or restore this one from a backup."
            return Terminal("JOURNAL_UNREADABLE", what, where=where, next=advice)


FORM = Form(application=0x53687264, version=1, tables=_TABLES, tell=_tell)  # "Shrd"
