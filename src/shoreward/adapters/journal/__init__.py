"""Journals: where a release's events are kept."""

from shoreward.adapters.journal.sqlite import SqliteJournal

__all__ = ["SqliteJournal"]
