"""Building an application's functions and layers into artifacts."""

from shoreward.adapters.build.builder import Built, LocalBuilder
from shoreward.adapters.build.check import build_check
from shoreward.adapters.build.store import ArtifactFiles

__all__ = ["ArtifactFiles", "Built", "LocalBuilder", "build_check"]
