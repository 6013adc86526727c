"""Says which AWS operation a request is: service, operation, account and region, and its key parameters.

Query and JSON protocols name the operation; for REST services it is found by method and path, as botocore's models
describe them, and for S3 by its few shapes.
"""

import functools
import json
import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, unquote

from shoreward.cloud import seam
from shoreward.cloud.server.http11 import Request

_READS = re.compile(
    r"^(Get|List|Describe|Head|Query|Scan|BatchGet|TransactGet|Select|Filter|Lookup|Receive|Validate|Estimate|Search|Detect)"
)
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d*/([^/]*)/([^/]*)/")
_LONG = 300


@dataclass(slots=True)
class Operation:
    """What a request asks for. ``protocol`` is ``query``, ``json``, ``rest`` or ``s3``: how errors are written."""

    service: str
    name: str
    account: str
    region: str
    protocol: str
    parameters: dict[str, Any]
    access_key: str = ""

    @property
    def changes(self) -> bool:
        """Whether the operation may change anything."""
        return not _READS.match(self.name)


def operation_of(request: Request) -> Operation | None:
    """The operation of a signed request; None for anything else (health checks, anonymous downloads)."""
    match = _CREDENTIAL.search(request.header(b"authorization"))
    if match is None:
        return None
    operation = _operation(request, *match.groups())
    operation.access_key = match[1]
    return operation


def _operation(request: Request, key: str, region: str, service: str) -> Operation:
    responses = seam.core("responses")
    account = key if re.fullmatch(r"\d{12}", key) else responses._account_from_sts_session(key) or "000000000000"
    target = request.header(b"x-amz-target")
    if target:
        name = target.rpartition(".")[2]
        return Operation(
            service, name, account, region, "json", _scalars(request.body) if not _READS.match(name) else {}
        )
    if request.header(b"content-type").startswith("application/x-www-form-urlencoded"):
        form = {key: values[0] for key, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        name = form.pop("Action", "Unknown")
        form.pop("Version", None)
        return Operation(service, name, account, region, "query", {k: v for k, v in form.items() if len(v) < _LONG})
    if service in ("s3", "s3express"):
        name, parameters = _s3(request)
        return Operation("s3", name, account, region, "s3", parameters)
    name, parameters = _rest(service, request)
    if not _READS.match(name):
        parameters.update(_scalars(request.body))
    return Operation(service, name, account, region, "rest", parameters)


def _scalars(body: bytes) -> dict[str, Any]:
    """The short top-level values of a JSON body: enough to tell one call from another, never code or payloads."""
    if not body.startswith(b"{") or len(body) > 1 << 16:
        return {}
    try:
        parsed = cast("dict[str, Any]", json.loads(body))
    except ValueError:
        return {}
    return {key: value for key, value in parsed.items() if len(str(value)) < _LONG}


def _s3(request: Request) -> tuple[str, dict[str, Any]]:
    bucket, _, key = unquote(request.raw_path).lstrip("/").partition("/")
    query = parse_qs(request.query, keep_blank_values=True)
    parameters: dict[str, Any] = {"Bucket": bucket}
    if key:
        parameters["Key"] = key
    kind = "Object" if key else "Bucket"
    sub = next((one for one in query if one in _S3_SUBRESOURCES), "")
    match request.method:
        case "PUT" if "partNumber" in query:
            name = "UploadPart"
        case "PUT" if request.header(b"x-amz-copy-source"):
            name = "CopyObject"
        case "PUT" if sub:
            name = f"Put{kind}{_S3_SUBRESOURCES[sub]}"
        case "PUT":
            name = "PutObject" if key else "CreateBucket"
        case "POST" if "delete" in query:
            name = "DeleteObjects"
        case "POST" if "uploads" in query:
            name = "CreateMultipartUpload"
        case "POST" if "uploadId" in query:
            name = "CompleteMultipartUpload"
        case "DELETE" if "uploadId" in query:
            name = "AbortMultipartUpload"
        case "DELETE":
            name = f"Delete{kind}{_S3_SUBRESOURCES.get(sub, '')}"
        case "HEAD":
            name = f"Head{kind}"
        case "GET":
            name = (
                f"Get{kind}{_S3_SUBRESOURCES.get(sub, '')}"
                if key or sub
                else "ListObjectsV2"
                if bucket
                else "ListBuckets"
            )
        case _:
            name = request.method
    return name, parameters


_S3_SUBRESOURCES = {
    "acl": "Acl",
    "cors": "Cors",
    "encryption": "Encryption",
    "lifecycle": "LifecycleConfiguration",
    "location": "Location",
    "notification": "NotificationConfiguration",
    "policy": "Policy",
    "publicAccessBlock": "PublicAccessBlock",
    "tagging": "Tagging",
    "versioning": "Versioning",
    "versions": "Versions",
    "website": "Website",
}


def _rest(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    for method, pattern, name in _routes(service):
        if method == request.method and (found := pattern.fullmatch(request.raw_path)):
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return f"{request.method} {request.raw_path}", {}


@functools.cache
def _routes(service: str) -> list[tuple[str, "re.Pattern[str]", str]]:
    """Method, path pattern and name of each operation of a REST service; the most literal paths first."""
    import botocore.session
    from botocore.exceptions import UnknownServiceError

    session = botocore.session.Session()
    routes: list[tuple[str, re.Pattern[str], str]] = []
    for model_name in ("apigatewayv2", "apigateway") if service == "apigateway" else (service,):
        try:
            model = session.get_service_model(model_name)
        except UnknownServiceError:
            continue
        for name in model.operation_names:
            http: dict[str, Any] = model.operation_model(name).http
            path = str(http["requestUri"]).partition("?")[0]
            pattern = re.sub(
                r"\\\{(\w+)(\\\+)?\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(path)
            )
            routes.append((str(http["method"]), re.compile(pattern.rstrip("/") + "/?"), str(name)))
    return sorted(routes, key=lambda route: route[1].pattern.count("(?P<"))
