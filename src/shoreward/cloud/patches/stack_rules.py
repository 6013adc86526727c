"""CloudFormation's refusals: capabilities that were not given, stacks in a state that allows no update, taken names,
and buckets that are not empty.

The emulator asks for capabilities only when it checks every signature and policy, which this cloud does not; it wrote
over what somebody else had made by the name that a template gives, and deleted buckets with all their objects.
Seams: its predicate for capabilities, CreateChangeSet, and the CloudFormation types that are named.
"""

import uuid
from collections.abc import Callable
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping

_NAMED: dict[str, tuple[str, str, str]] = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "_tables"),
    "AWS::IAM::Role": ("RoleName", "iam", "_roles"),
    "AWS::Lambda::Function": ("FunctionName", "lambda_svc", "_functions"),
    "AWS::SQS::Queue": ("QueueName", "sqs", "_queue_name_to_url"),
}
"""Types whose name a template may give: the property, and where the emulator keeps what has such names.

Of a bucket's name the emulator knows by itself that it is taken.
"""


def apply() -> None:
    """Refuse what AWS refuses."""
    types: dict[str, dict[str, Any]] = seam.service("cloudformation.provisioners")._RESOURCE_HANDLERS
    for kind, (name, service, store) in _NAMED.items():
        types[kind]["create"] = _only_new(kind, name, getattr(seam.service(service), store), types[kind]["create"])
    types["AWS::S3::Bucket"]["delete"] = _only_empty(types["AWS::S3::Bucket"]["delete"])
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


def _only_new(kind: str, named: str, taken: Any, emulator_create: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a resource unless its name is taken: a stack creates what is its own, and never adopts by the way."""

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        name = props.get(named)
        if name and name in taken:
            said = f"Resource of type '{kind}' with identifier '{name}' already exists."
            token = f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: AlreadyExists)"
            raise ValueError(f'Resource handler returned message: "{said}" {token}')
        return emulator_create(logical_id, props, stack_name)

    return create


def _only_empty(emulator_delete: Callable[..., Any]) -> Callable[..., Any]:
    buckets = seam.service("s3")._buckets

    def delete(physical_id: str, props: dict[str, Any]) -> Any:
        if mapping(buckets.get(physical_id)).get("objects"):
            raise ValueError(f"The bucket you tried to delete is not empty: {physical_id}")
        return emulator_delete(physical_id, props)

    return delete
