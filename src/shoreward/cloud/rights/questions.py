"""Which rights a request needs: actions on resources, with what their conditions may ask about.

The emulator knows that of each service, for a mode in which it checks every caller. Where it asks otherwise than AWS
does, it is set right here. Seam: ``iam_actions``.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from shoreward.cloud import seam
from shoreward.cloud.server.dataplane import joined_headers
from shoreward.cloud.server.http11 import Request
from shoreward.cloud.untyped import entries, mapping

_SAME_RIGHT = {
    "lambda:InvokeAsync": "lambda:InvokeFunction",
    "sns:PublishBatch": "sns:Publish",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
"""Operations that have no right of their own."""

_PARTIQL = frozenset({"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May one do this with that? ``context`` holds the keys of conditions that the request itself decides."""

    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Asked:
    """A request of somebody in an account, as the emulator reads it: which service it is for, and what is in it."""

    def __init__(self, request: Request, account: str) -> None:
        application, router = seam.application(), seam.core("router")
        self.account = account
        self.method, self.path = request.method, request.path
        self.headers = joined_headers(request)
        self.query: dict[str, list[str]] = parse_qs(request.query, keep_blank_values=True)
        self.region: str = router.extract_region(self.headers, self.query)
        sent = application._routing_params(self.method, self.path, self.headers, request.body, self.query)
        self.service: str = router.detect_service(self.method, self.path, self.headers, sent)
        self.body: bytes = application._decompress_request_body(request.body, self.headers)
        self.parameters: dict[str, Any] = {
            **{name: values[0] for name, values in sent.items() if values},
            **(_object(self.body) if self.service != "s3" else {}),
        }
        self._sent = sent

    def questions(self) -> list[Question]:
        """All that must be allowed; none for what nobody needs a right for, or where the emulator knows of none."""
        actions = seam.core("iam_actions")
        here = (self.service, self.method, self.path, self.headers, self.body, self._sent)
        action: str | None = actions.extract_iam_action(*here)
        if action is None or (self.service == "dynamodb" and action.partition(":")[2] in _PARTIQL):
            return []
        action = _SAME_RIGHT.get(action, action)
        own = _OWN.get(self.service)
        if own is not None:
            found = own(self, action)
            if found:
                return found
        context = actions.request_tag_context(self.service, action, self.body, self._sent)
        resource: str = actions.extract_resource_arn(*here, self.region, self.account)
        return [Question(action=action, resource=resource, context=context)]

    def arn(self, service: str, rest: str) -> str:
        """A resource of the caller's own account, in the region that is asked."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"


def _object(body: bytes) -> dict[str, Any]:
    if not body.startswith(b"{"):
        return {}
    try:
        found: dict[str, Any] = json.loads(body)
    except ValueError:
        return {}
    return found


def _cloudwatch(asked: Asked, action: str) -> list[Question]:
    namespace = asked.parameters.get("Namespace")
    return [Question(action=action, resource="*", context={"cloudwatch:namespace": namespace})] if namespace else []


def _dynamodb(asked: Asked, action: str) -> list[Question]:
    """Of a transaction each item needs the right of the operation that it is; of a batch each table needs it."""
    actions = seam.core("iam_actions")
    where = (asked.body, asked.region, asked.account)
    context = actions.dynamodb_service_context(asked.body)
    items: list[tuple[str, str]] = actions.dynamodb_transaction_checks(action, *where)
    if items:
        context = {**context, "dynamodb:EnclosingOperation": [action.partition(":")[2]]}
    tables: list[str] = actions.dynamodb_resource_arns(*where)
    return [
        Question(action=one, resource=resource, context=context)
        for one, resource in items or [(action, table) for table in tables]
    ]


def _events(asked: Asked, action: str) -> list[Question]:
    buses: list[str] = seam.core("iam_actions").eventbridge_resource_arns(asked.body, asked.region, asked.account)
    return [Question(action=action, resource=bus) for bus in buses]


def _kms(asked: Asked, action: str) -> list[Question]:
    """Rights are on keys, also where a key is named by its alias."""
    named = str(asked.parameters.get("KeyId", ""))
    key: dict[str, Any] = mapping(seam.service("kms")._resolve_key(named))
    return [Question(action=action, resource=key["Arn"])] if key else []


def _lambda(asked: Asked, action: str) -> list[Question]:
    """A version or an alias is a resource of its own."""
    here = (asked.service, asked.method, asked.path, asked.headers, asked.body, asked.query)
    function: str = seam.core("iam_actions").extract_resource_arn(*here, asked.region, asked.account)
    qualifier = next(iter(asked.query.get("Qualifier", ())), "")
    return [Question(action=action, resource=f"{function}:{qualifier}")] if qualifier else []


def _logs(asked: Asked, action: str) -> list[Question]:
    """A log group is a resource with its streams, of which a request names one or none."""
    group, stream = asked.parameters.get("logGroupName"), asked.parameters.get("logStreamName", "")
    resource = asked.arn("logs", f"log-group:{group}:log-stream:{stream}")
    return [Question(action=action, resource=resource)] if group else []


def _s3(asked: Asked, action: str) -> list[Question]:
    """A copy reads its source, too, and of many objects that are deleted at once each needs the right."""
    actions = seam.core("iam_actions")
    headers = seam.service("s3")._merge_hoisted_amz_headers(asked.headers, asked.query)
    context = actions.s3_service_context(action, asked.query, asked.path, headers)
    here = (asked.method, asked.path, headers, asked.body, asked.query)
    first: str = actions.extract_resource_arn("s3", *here, asked.region, asked.account)
    more: Iterable[tuple[str, str]] = actions.s3_additional_checks(*here)
    return [
        Question(action=action, resource=first, context=context),
        *(Question(action=one, resource=resource) for one, resource in more),
    ]


def _ssm(asked: Asked, action: str) -> list[Question]:
    """Parameters are named one by one, several at once, or by the path above them; a name may end with a version."""
    given = asked.parameters
    names = [str(one) for one in (*entries(given.get("Names")), given.get("Name"), given.get("Path")) if one]
    return [
        Question(
            action=action,
            resource=name if name.startswith("arn:") else asked.arn("ssm", "parameter/" + _parameter(name)),
        )
        for name in names
    ]


def _parameter(name: str) -> str:
    return name.partition(":")[0].strip("/")


_OWN: dict[str, Callable[[Asked, str], list[Question]]] = {
    "dynamodb": _dynamodb,
    "events": _events,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _cloudwatch,
    "s3": _s3,
    "ssm": _ssm,
}
"""Services of which more, or something else, is asked; none of them means that the usual is asked."""
