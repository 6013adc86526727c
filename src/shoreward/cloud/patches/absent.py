"""CloudFormation cannot update what is gone: somebody who deletes a resource by hand finds its stack fail, as on AWS.

The emulator made such a resource anew. Seam: how resources are updated, of the types that drift detection can read.
"""

from collections.abc import Callable
from typing import Any

from shoreward.cloud import seam

_NOT_FOUND = 'Resource handler returned message: "{}: {} not found" (HandlerErrorCode: NotFound)'


def apply() -> None:
    """Look for a resource before it is updated; after `drift`, whose readers are asked."""
    handlers: dict[str, dict[str, Any]] = seam.service("cloudformation.provisioners")._RESOURCE_HANDLERS
    for kind, (read, _) in seam.service("cloudformation.drift")._DRIFT_READERS.items():
        if "update" in handlers[kind]:
            handlers[kind] = {**handlers[kind], "update": _found_first(kind, read, handlers[kind]["update"])}


def _found_first(kind: str, read: Callable[..., Any], emulator_update: Callable[..., Any]) -> Callable[..., Any]:
    def update(physical_id: str, before: dict[str, Any], *others: Any) -> Any:
        if read(physical_id, before) is None:
            raise ValueError(_NOT_FOUND.format(kind, physical_id))
        return emulator_update(physical_id, before, *others)

    return update
