"""Publishing what has not changed gives the latest version again, and a published version is ready to serve.

The emulator compared revisions, which change with every update, even to the same code; and it copied the state
``Pending`` of an update in progress into the version, where it stayed. Seams: PublishVersion, ``Publish`` of
UpdateFunctionCode, the CloudFormation type; and how long a function stays in transition.
"""

import json
from typing import Any

from shoreward.cloud import seam

TRANSITION = 0.05
"""Seconds that a function is Pending or InProgress after a call; AWS takes longer, and nobody waits for it gladly."""

_NOT_CONTENT = frozenset(
    {
        "Version",
        "FunctionArn",
        "RevisionId",
        "LastModified",
        "Description",
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
    }
)


def apply() -> None:
    """Compare by content, and settle what was published."""
    module = seam.service("lambda_svc")
    provisioners = seam.service("cloudformation.provisioners")
    module._LAMBDA_STATE_TRANSITION_DELAY = TRANSITION
    emulator_publish, emulator_update = module._publish_version, module._update_code

    def publish(name: str, data: dict[str, Any]) -> Any:
        func = module._functions.get(name)
        if func is not None:
            _recognise(func)
        answer = emulator_publish(name, data)
        if answer[0] != 201:
            return answer
        config = module._functions[name]["versions"][json.loads(answer[2])["Version"]]["config"]
        config.update(State="Active", LastUpdateStatus="Successful")
        for reason in ("StateReason", "StateReasonCode", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"):
            config.pop(reason, None)
        return module.json_response(config, 201)

    def update_code(name: str, data: dict[str, Any]) -> Any:
        answer = emulator_update(name, {key: value for key, value in data.items() if key != "Publish"})
        if answer[0] >= 400 or not data.get("Publish"):
            return answer
        return module.json_response(json.loads(publish(name, {})[2]), 200)

    emulator_provision = provisioners._lambda_version_create

    def provision(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        func, _ = provisioners._lambda_version_function(props)
        if func is not None:
            _recognise(func)
        return emulator_provision(logical_id, props, stack_name)

    module._publish_version, module._update_code = publish, update_code
    provisioners._lambda_version_create = provision
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Version"]["create"] = provision


def _recognise(func: dict[str, Any]) -> None:
    """If the function is what its latest version is, let the emulator know."""
    latest = max(func["versions"], key=int, default=None)
    if latest is not None and _content(func["config"]) == _content(func["versions"][latest]["config"]):
        func["versions"][latest]["function_revision"] = func["config"]["RevisionId"]


def _content(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _NOT_CONTENT}
