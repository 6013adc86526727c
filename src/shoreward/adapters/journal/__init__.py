"""Journals: where a release's events are kept, and beside them what a server keeps of those who come to it."""

from shoreward.adapters.journal.accounts import SqliteAccounts
from shoreward.adapters.journal.answers import SqliteAnswers
from shoreward.adapters.journal.sqlite import SqliteJournal

__all__ = ["SqliteAccounts", "SqliteAnswers", "SqliteJournal"]
