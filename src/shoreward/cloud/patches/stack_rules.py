"""CloudFormation's refusals: capabilities that were not given, stacks in a state that allows no update.

The emulator asks for capabilities only when it checks every signature and policy, which this cloud does not. Seams: its
predicate for that, and CreateChangeSet.
"""

from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping


def apply() -> None:
    """Refuse what AWS refuses."""
    handlers, changesets = seam.service("cloudformation.handlers"), seam.service("cloudformation.changesets")
    handlers._capabilities_enforced = lambda: True
    emulator_update, emulator_change = handlers._update_stack, changesets._create_change_set

    def refusal(params: dict[str, Any]) -> Any:
        name = handlers._p(params, "StackName")
        stack = handlers._resolve_stack(name) if name else None
        status = mapping(stack).get("StackStatus", "")
        if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
            stack_id = mapping(stack).get("StackId", name)
            return handlers._error("ValidationError", f"Stack:{stack_id} is in {status} state and can not be updated.")
        return None

    def update_stack(params: dict[str, Any]) -> Any:
        return refusal(params) or emulator_update(params)

    def create_change_set(params: dict[str, Any]) -> Any:
        return refusal(params) or emulator_change(params)

    handlers._ACTION_HANDLERS["UpdateStack"] = update_stack
    handlers._ACTION_HANDLERS["CreateChangeSet"] = create_change_set
