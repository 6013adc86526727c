"""Times requests by the route that answered them; what no route answers is one, so that nobody's typing adds any."""

from __future__ import annotations

import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoreward.web.measures.metrics import Metrics

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Requests:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and measure."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, streams, began = "500", False, time.perf_counter()

        async def say(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = str(message["status"])
                streams = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
                if streams:
                    self._metrics.readers.inc()
            await send(message)

        try:
            await self._app(scope, receive, say)
        finally:
            if streams:
                self._metrics.readers.dec()
            else:
                method = scope["method"] if scope["method"] in _METHODS else "other"
                route = getattr(scope.get("route"), "path", "none")
                self._metrics.requests.labels(method, route, status).observe(time.perf_counter() - began)
