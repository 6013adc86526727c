"""Asks for rights, as AWS does: whether the role of a function allows what the function asks of a service.

Stands between the side door and the emulator. Only functions are asked, and the roles that they assume: whoever comes
with an account for a key, as suites and deployers do, may do everything. Seam: the emulator's evaluator of policies,
made for a mode in which it checks every caller and signature, and which this cloud does not run in.
"""

import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.rights.questions import Asked, Question
from shoreward.cloud.rights.sessions import KEY_PREFIX, is_functions
from shoreward.cloud.server.dataplane import as_response
from shoreward.cloud.server.http11 import Request, Response

log = logging.getLogger("shoreward.cloud.rights")

_SIGNED = re.compile(rf"(?:Credential|AWSAccessKeyId)=({KEY_PREFIX}\w+)")

Handler = Callable[[Request], Awaitable[Response]]


class Gate:
    """Lets a request through to ``aws``, or answers it as the service would that refuses it."""

    def __init__(self, aws: Handler) -> None:
        self._aws = aws
        module = seam.service("iam")
        emulator_unknown = module._autovivify_aws_managed_policy

        def unknown(arn: str) -> Any:
            log.warning("%s is not known here: it allows everything", arn)
            return emulator_unknown(arn)

        module._autovivify_aws_managed_policy = unknown

    async def __call__(self, request: Request) -> Response:
        """The answer to a signed or presigned request."""
        signed = _SIGNED.search(request.header(b"authorization")) or _SIGNED.search(request.query)
        if signed is not None and is_functions(signed[1]):
            refusal = _refusal(request, signed[1])
            if refusal is not None:
                return refusal
        return await self._aws(request)


def _refusal(request: Request, key: str) -> Response | None:
    """Why a function may not have that; None if it may."""
    responses, evaluator = seam.core("responses"), seam.core("iam_evaluator")
    asked = Asked(request, responses._account_from_sts_session(key))
    with responses.request_scope(asked.account, asked.region):
        # There is no TLS here: what would be asked over it on AWS is taken as if it were.
        evaluator.pin_request_origin(request.peer[0], True)
        for question in asked.questions():
            denied = evaluator.enforce(
                key,
                question.action,
                asked.service,
                asked.region,
                resource_arn=question.resource,
                service_context=dict(question.context),
            )
            if denied is not None:
                return _answer(asked, question, denied)
    return None


def _answer(asked: Asked, question: Question, denied: Any) -> Response:
    write = seam.core("iam_actions").access_denied_response
    given: dict[str, Any] = {"headers": asked.headers, "resource_arn": question.resource}
    if isinstance(denied, seam.core("iam_evaluator").AuthError):
        given |= {"error_code": denied.code, "message": denied.message}
        status, headers, body = write(asked.service, question.action, "", str(uuid.uuid4()), **given)
        return as_response((status, headers, body))
    explicit = denied.decision == "Deny"
    given |= {"explicit_deny": explicit, "resource_policy_arn": denied.resource_policy_arn}
    if not (explicit and denied.resource_policy_arn):
        action, resource = _spelled(asked.service, question)
        words = seam.core("iam_actions").identity_denial_message
        given["message"] = words(action, denied.principal_arn, resource, explicit)
    status, headers, body = write(asked.service, question.action, denied.principal_arn, str(uuid.uuid4()), **given)
    if asked.headers.get("x-amz-target") and asked.service != "sqs":
        status = 400
    return as_response((status, headers, body))


def _spelled(service: str, question: Question) -> tuple[str, str]:
    """Action and resource as the service writes them in its message."""
    match service:
        case "s3":
            return question.action, f'"{question.resource}"'
        case "sns":
            return question.action.replace("sns:", "SNS:"), question.resource
        case "sqs":
            return question.action.lower(), question.resource
        case _:
            return question.action, question.resource
