"""The embedded cloud: AWS on this machine, without Docker.

:class:`EmbeddedCloud` starts it in a process of its own; ``python -m shoreward.cloud`` does so from a shell. Importing
this package costs next to nothing: the emulator behind it is only ever imported in that other process.
"""

from shoreward.cloud.faults import Call, FaultRule
from shoreward.cloud.process import CloudError, EmbeddedCloud

__all__ = ["Call", "CloudError", "EmbeddedCloud", "FaultRule"]
