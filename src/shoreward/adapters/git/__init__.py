"""The git repository of an application."""

from shoreward.adapters.git._objects import Entry
from shoreward.adapters.git.repository import Commit, Repository

__all__ = ["Commit", "Entry", "Repository"]
