"""The tick loop: wakes releases, performs what the core decided, records what came of it."""

from shoreward.controller._merges import Merges, WatchedBranch, WatchedGroup
from shoreward.controller.controller import Controller, Observer
from shoreward.controller.meter import Meter

__all__ = ["Controller", "Merges", "Meter", "Observer", "WatchedBranch", "WatchedGroup"]
