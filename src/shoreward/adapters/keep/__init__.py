"""Kept verdicts: what checks found earlier, by the digest of all that they read."""

from shoreward.adapters.keep.bucket import BucketShelf
from shoreward.adapters.keep.reports import LayeredKeep, ShelfKeep, ShelfMemory
from shoreward.adapters.keep.shelf import FolderShelf, Shelf

__all__ = ["BucketShelf", "FolderShelf", "LayeredKeep", "Shelf", "ShelfKeep", "ShelfMemory"]
