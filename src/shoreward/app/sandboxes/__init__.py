"""Sandboxes: temporary stacks of the application itself, like production's, with a lease that a crash cannot leak."""

from shoreward.app.sandboxes.lease import Injected, Lease, State, Thing
from shoreward.app.sandboxes.tags import MARK, Seen

__all__ = ["MARK", "Injected", "Lease", "Seen", "State", "Thing"]
