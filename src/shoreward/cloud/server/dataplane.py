"""The lean path of customers' requests: HTTP APIs, REST APIs and function URLs, without the emulator's routing.

Addresses: ``/_aws/execute-api/{api}/{stage}/...``, ``/_aws/lambda-url/{id}/...`` and the host names that AWS uses. What
is found there is answered by the emulator's own API modules, in the API's account and region, whoever asks.
"""

import time
import uuid
from typing import Any
from urllib.parse import parse_qs

from shoreward.cloud import seam
from shoreward.cloud.functions.pool import wanted
from shoreward.cloud.metrics.store import MetricStore, Series
from shoreward.cloud.server.http11 import Request, Response

_EXECUTE_API = "/_aws/execute-api/"
_FUNCTION_URL = "/_aws/lambda-url/"
_NOT_FOUND = Response(404, [(b"content-type", b"application/json")], b'{"message":"Not Found"}')
_FORBIDDEN = Response(403, [(b"content-type", b"application/json")], b'{"message":"Forbidden"}')


class DataPlane:
    """Answers requests to deployed APIs and function URLs."""

    def __init__(self, store: MetricStore) -> None:
        self._http_apis = seam.service("apigateway")
        self._rest_apis = seam.service("apigateway_v1")
        self._lambda = seam.service("lambda_svc")
        self._metrics = ApiMetrics(store)

    def clear(self) -> None:
        """Forget looked-up series, after the store was cleared."""
        self._metrics.clear()

    async def answer(self, request: Request) -> Response | None:
        """The answer, or None if the request is not addressed to an API or function URL."""
        wanted.set(request.wanted)
        path = request.path
        if path.startswith(_EXECUTE_API):
            api_id, _, rest = path[len(_EXECUTE_API) :].partition("/")
            return await self._api(request, api_id, "/" + rest)
        if path.startswith(_FUNCTION_URL):
            url_id, _, rest = path[len(_FUNCTION_URL) :].partition("/")
            return await self._function_url(request, url_id, "/" + rest)
        host = request.header(b"host")
        label, _, domain = host.partition(".")
        if domain.startswith("execute-api."):
            return await self._api(request, label, path)
        if domain.startswith("lambda-url."):
            return await self._function_url(request, label, path)
        return None

    async def _api(self, request: Request, api_id: str, path: str) -> Response:
        begun = time.perf_counter()
        scope = self._http_apis.find_api_scope(api_id)
        http = scope is not None
        if not http:
            scope = self._rest_apis.find_api_scope(api_id)
        if scope is None:
            return _NOT_FOUND
        stages = (self._http_apis if http else self._rest_apis).stages_for_api(api_id)
        stage, _, rest = path[1:].partition("/")
        if stage in stages:
            path = "/" + rest
        elif http and "$default" in stages:
            stage = "$default"
        else:
            return _NOT_FOUND if http else _FORBIDDEN
        headers = joined_headers(request)
        query = parse_qs(request.query, keep_blank_values=True) if request.query else {}
        if http:
            answer = await self._http_apis.handle_execute(
                api_id, stage, path, request.method, headers, request.body, query, raw_query_string=request.query
            )
            answer[1].setdefault("apigw-requestid", uuid.uuid4().hex[:15] + "=")
            name = api_id
        else:
            answer = await self._rest_apis.handle_execute(
                api_id, stage, request.method, path, headers, request.body, query
            )
            name = self._rest_apis._rest_apis.get_scoped(*scope, api_id)["name"]
        self._metrics.answered(scope, http, name, stage, answer[0], (time.perf_counter() - begun) * 1000)
        return as_response(answer)

    async def _function_url(self, request: Request, url_id: str, path: str) -> Response:
        query = parse_qs(request.query, keep_blank_values=True) if request.query else {}
        answer = await self._lambda.handle_function_url_request(
            url_id, request.method, path, joined_headers(request), request.body, query, source_ip=request.peer[0]
        )
        return as_response(answer)


class ApiMetrics:
    """The AWS/ApiGateway metrics: Count, errors and Latency, by API and by API and stage.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html and ``api-gateway-metrics-...``.
    """

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._groups: dict[tuple[str, str, str, str], list[tuple[Series, ...]]] = {}

    def answered(
        self, scope: tuple[str, str], http: bool, name: str, stage: str, status: int, latency_ms: float
    ) -> None:
        """Count one answered request."""
        now = int(time.time())
        values = (1.0, float(400 <= status < 500), float(status >= 500), latency_ms, latency_ms)
        for group in self._of(scope, http, name, stage):
            for series, value in zip(group, values, strict=True):
                series.bucket(now).add(value)

    def clear(self) -> None:
        """Forget the looked-up series."""
        self._groups.clear()

    def _of(self, scope: tuple[str, str], http: bool, name: str, stage: str) -> list[tuple[Series, ...]]:
        key = (*scope, name, stage)
        found = self._groups.get(key)
        if found is None:
            names = (
                "Count",
                "4xx" if http else "4XXError",
                "5xx" if http else "5XXError",
                "Latency",
                "IntegrationLatency",
            )
            label = "ApiId" if http else "ApiName"
            found = self._groups[key] = []
            for dimensions in ({label: name}, {label: name, "Stage": stage}):
                group = tuple(self._store.series(*scope, "AWS/ApiGateway", one, dimensions) for one in names)
                for series in group:
                    series.unit = "Milliseconds" if series.key[3].endswith("Latency") else "Count"
                found.append(group)
        return found


def joined_headers(request: Request) -> dict[str, str]:
    """Headers by lower-case name; several of one name joined, as API Gateway hands them on."""
    headers: dict[str, str] = {}
    for name, value in request.headers:
        key, text = name.decode("latin-1"), value.decode("utf-8", "replace")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


def as_response(answer: tuple[int, dict[str, Any], bytes | str]) -> Response:
    """The emulator's (status, headers, body) as a response; a header with several values becomes several headers."""
    status, headers, body = answer
    pairs: list[tuple[bytes, bytes]] = []
    for name, value in headers.items():
        if name.lower() == "content-length":
            continue
        for one in value if isinstance(value, list | tuple) else (value,):  # pyright: ignore
            pairs.append((name.encode("latin-1"), str(one).encode("utf-8")))  # pyright: ignore  # noqa: PERF401
    return Response(int(status), pairs, body.encode() if isinstance(body, str) else body)
