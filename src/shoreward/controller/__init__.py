"""The tick loop: wakes releases, performs what the core decided, records what came of it."""

from shoreward.controller._merges import Merges, WatchedBranch, WatchedGroup
from shoreward.controller.controller import Controller, Observer

__all__ = ["Controller", "Merges", "Observer", "WatchedBranch", "WatchedGroup"]
