"""What stands before AWS's interface: injected faults, the log of calls, regions that do not exist, the side door.

``/_shoreward/faults`` (GET, POST), ``/_shoreward/calls?since=N`` (GET), ``/_shoreward/reset`` (POST) and
``/_shoreward/health`` (GET).
"""

import asyncio
import fnmatch
import functools
import itertools
import json
import random
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from shoreward.cloud.faults import Call, FaultRule
from shoreward.cloud.server.http11 import ConnectionReset, Request, Response
from shoreward.cloud.server.operations import Operation, operation_of

CALLS_KEPT = 50_000

Handler = Callable[[Request], Awaitable[Response]]

_ERROR_CODE = re.compile(rb"<Code>([^<]+)</Code>|\"__type\"\s*:\s*\"(?:[^\"#]*#)?([^\"]+)\"")


class SideDoor:
    """Wraps the cloud's handlers: ``aws`` for signed calls, ``dataplane`` for customers' requests."""

    def __init__(
        self, aws: Handler, dataplane: Callable[[Request], Awaitable[Response | None]], on_reset: Callable[[], None]
    ) -> None:
        self._aws = aws
        self._dataplane = dataplane
        self._on_reset = on_reset
        self._rules: list[FaultRule] = []
        self._random = random.Random()
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._sequence = itertools.count(1)

    async def __call__(self, request: Request) -> Response:
        """Answer any request to the cloud."""
        path = request.raw_path
        if path.startswith("/_shoreward/"):
            return await self._side(request, path.removeprefix("/_shoreward/"))
        service = customers_service(request)
        if service:
            fault = self._fault(service, "Invoke", "", "")
            if fault is None:
                answer = await self._dataplane(request)
                if answer is not None:
                    return answer
            else:
                return await self._customer_fault(fault, service, request)
        operation = operation_of(request)
        if operation is None:
            return await self._aws(request)
        return await self._call(request, operation)

    async def _call(self, request: Request, operation: Operation) -> Response:
        begun = time.time()
        fault: FaultRule | None = None
        if operation.region not in known_regions() and operation.region not in ("", "aws-global"):
            message = f"the region {operation.region} does not exist"
            response = error_response(operation, 400, "UnrecognizedClientException", message)
            self._record(operation, begun, response, None, effective=False)
            return response
        if self._rules:
            fault = self._fault(
                operation.service, operation.name, operation.account, operation.region, operation.access_key
            )
        if fault is not None and fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault is None or fault.kind == "latency" or fault.after:
            response = await self._aws(request)
            effective = True
        else:
            response, effective = injected(fault, operation), False
        if fault is not None and fault.after and fault.kind not in ("latency", "reset"):
            response = injected(fault, operation)
        self._record(operation, begun, response, fault, effective=effective)
        if fault is not None and fault.kind == "reset":
            raise ConnectionReset
        return response

    def _fault(self, service: str, name: str, account: str, region: str, key: str = "") -> FaultRule | None:
        for index, rule in enumerate(self._rules):
            if rule.times == 0 or (rule.service and rule.service != service):
                continue
            if (rule.account and rule.account != account) or (rule.region and rule.region != region):
                continue
            if rule.access_key and rule.access_key != key:
                continue
            if rule.operation and not fnmatch.fnmatchcase(name, rule.operation):
                continue
            if self._random.random() < rule.rate:
                if rule.times is not None:
                    self._rules[index] = replace(rule, times=rule.times - 1)
                return rule
        return None

    async def _customer_fault(self, fault: FaultRule, service: str, request: Request) -> Response:
        await asyncio.sleep(fault.seconds)
        if fault.kind == "latency" or fault.after:
            answer = await self._dataplane(request)
            if fault.kind == "latency" and answer is not None:
                return answer
        if fault.kind == "reset":
            raise ConnectionReset
        status, text = {
            "throttle": (429, "Too Many Requests"),
            "denied": (403, "Forbidden"),
            "expired": (403, "The security token included in the request is expired"),
        }.get(fault.kind, (fault.status, "Internal Server Error"))
        return Response(status, [(b"content-type", b"application/json")], json.dumps({"message": text}).encode())

    def _record(
        self, operation: Operation, begun: float, response: Response, fault: FaultRule | None, *, effective: bool
    ) -> None:
        if not operation.changes:
            return
        found = _ERROR_CODE.search(response.body) if response.status >= 400 else None
        error = (found[1] or found[2]).decode() if found else ""
        for name, value in response.headers:
            if response.status >= 400 and name.lower() == b"x-amzn-errortype":
                error = value.decode().partition(":")[0]
        call = Call(
            seq=next(self._sequence),
            at=begun,
            ms=round((time.time() - begun) * 1000, 3),
            service=operation.service,
            operation=operation.name,
            account=operation.account,
            region=operation.region,
            parameters=operation.parameters,
            status=response.status,
            error=error,
            fault=fault.kind if fault is not None else "",
            effective=effective,
        )
        self._calls.append(call)

    async def _side(self, request: Request, name: str) -> Response:
        match request.method, name:
            case "GET", "health":
                return _json({"status": "ok"})
            case "GET", "faults":
                return _json({"rules": [asdict(rule) for rule in self._rules]})
            case "POST", "faults":
                return self._set_faults(request.body)
            case "GET", "calls":
                since = int(parse_qs(request.query).get("since", ["0"])[0])
                return _json({"calls": [asdict(call) for call in self._calls if call.seq > since]})
            case "POST", "reset":
                await self._aws(Request("POST", "/_ministack/reset", [], b"", request.peer))
                self._rules.clear()
                self._calls.clear()
                self._on_reset()
                return _json({})
            case _:
                return _json({"message": f"the side door has no {request.method} {name}"}, 404)

    def _set_faults(self, body: bytes) -> Response:
        try:
            given: dict[str, Any] = json.loads(body)
            rules = [FaultRule.parse(rule) for rule in given["rules"]]
        except (ValueError, TypeError, KeyError) as error:
            return _json({"message": str(error)}, 400)
        self._rules = rules
        self._random = random.Random(given.get("seed"))
        return _json({})


def customers_service(request: Request) -> str:
    """``execute-api`` or ``lambda-url`` for a customer's request, else an empty string."""
    target = request.target
    if target.startswith("/_aws/execute-api/"):
        return "execute-api"
    if target.startswith("/_aws/lambda-url/"):
        return "lambda-url"
    host = request.header(b"host").partition(".")[2]
    return "execute-api" if host.startswith("execute-api.") else "lambda-url" if host.startswith("lambda-url.") else ""


@functools.cache
def known_regions() -> frozenset[str]:
    """Every region of every partition that botocore knows of."""
    from botocore.loaders import Loader

    partitions: dict[str, Any] = Loader().load_data("partitions")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return frozenset(region for partition in partitions["partitions"] for region in partition["regions"])


_THROTTLES = {
    "lambda": (429, "TooManyRequestsException"),
    "apigateway": (429, "TooManyRequestsException"),
    "s3": (503, "SlowDown"),
    "kinesis": (400, "ProvisionedThroughputExceededException"),
    "dynamodb": (400, "ThrottlingException"),
}
_DEFAULT_THROTTLES = {
    "query": (400, "Throttling"),
    "json": (400, "ThrottlingException"),
    "rest": (429, "ThrottlingException"),
}


def injected(fault: FaultRule, operation: Operation) -> Response:
    """The answer of a fault, as the service itself would write it."""
    if fault.kind == "throttle":
        status, code = _THROTTLES.get(operation.service) or _DEFAULT_THROTTLES[operation.protocol]
        return error_response(operation, status, code, "Rate exceeded")
    if fault.kind == "denied":
        code = "AccessDeniedException" if operation.protocol in ("json", "rest") else "AccessDenied"
        action = f"{operation.service}:{operation.name}"
        caller = f"arn:aws:sts::{operation.account}:assumed-role/revoked"
        said = (
            f"User: {caller} is not authorized to perform: {action} with an explicit deny in an identity-based policy"
        )
        return error_response(operation, 403, code, said)
    if fault.kind == "expired":
        code = "ExpiredTokenException" if operation.protocol in ("json", "rest") else "ExpiredToken"
        said = "The security token included in the request is expired"
        return error_response(operation, 400 if operation.protocol == "s3" else 403, code, said)
    code = {"s3": "InternalError", "rest": "ServiceException"}.get(operation.protocol, "InternalFailure")
    if fault.status == 503:
        code = "ServiceUnavailable"
    return error_response(operation, fault.status, code, "We encountered an internal error. Please try again.")


def error_response(operation: Operation, status: int, code: str, message: str) -> Response:
    """An error in the service's protocol."""
    if operation.protocol == "s3":
        xml = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return Response(status, [(b"content-type", b"application/xml")], xml.encode())
    if operation.protocol == "query":
        side = "Sender" if status < 500 else "Receiver"
        error = f"<Error><Type>{side}</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>injected</RequestId></ErrorResponse>"
        return Response(status, [(b"content-type", b"text/xml")], body.encode())
    content = b"application/x-amz-json-1.1" if operation.protocol == "json" else b"application/json"
    headers = [(b"content-type", content), (b"x-amzn-errortype", code.encode())]
    return Response(status, headers, json.dumps({"__type": code, "message": message, "Message": message}).encode())


def _json(value: object, status: int = 200) -> Response:
    return Response(status, [(b"content-type", b"application/json")], json.dumps(value).encode())
