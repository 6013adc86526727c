"""The git repository of an application."""

from shoreward.adapters.git._objects import Entry
from shoreward.adapters.git.ancestry import GitAncestry
from shoreward.adapters.git.remote import RemoteBranch
from shoreward.adapters.git.repository import MAIN_BRANCHES, Commit, Repository
from shoreward.adapters.git.reverting import RevertBranch, prepare_revert, push_branch

__all__ = [
    "MAIN_BRANCHES",
    "Commit",
    "Entry",
    "GitAncestry",
    "RemoteBranch",
    "Repository",
    "RevertBranch",
    "prepare_revert",
    "push_branch",
]
