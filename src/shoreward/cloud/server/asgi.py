"""Runs the emulator's ASGI application: its start and end, and the requests that no leaner path answers."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from shoreward.cloud.server.http11 import Request, Response

Message = MutableMapping[str, Any]
Application = Callable[[dict[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]


@contextlib.asynccontextmanager
async def lifespan(application: Any) -> AsyncGenerator[None]:
    """Run an ASGI application's start and end around the block."""
    messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    answers: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: dict[str, str]) -> None:
        await answers.put(message["type"])

    task = asyncio.create_task(application({"type": "lifespan", "asgi": {"version": "3.0"}}, messages.get, send))
    await messages.put({"type": "lifespan.startup"})
    await answers.get()
    try:
        yield
    finally:
        await messages.put({"type": "lifespan.shutdown"})
        await task


class Bridge:
    """Calls an ASGI application with a :class:`Request`; answers whole where it can, streamed where it must."""

    def __init__(self, application: Application, port: int) -> None:
        self._application = application
        self._server = ("127.0.0.1", port)
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, request: Request) -> Response:
        """The application's answer to ``request``."""
        exchange = _Exchange(request)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.path,
            "raw_path": request.raw_path.encode("latin-1"),
            "query_string": request.query.encode("latin-1"),
            "root_path": "",
            "headers": request.headers,
            "client": request.peer,
            "server": self._server,
            "extensions": {},
        }
        task = asyncio.get_running_loop().create_task(self._run(scope, exchange))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await exchange.response

    async def _run(self, scope: dict[str, Any], exchange: "_Exchange") -> None:
        try:
            await self._application(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            exchange.fail(error)
            return
        exchange.end()


class _Exchange:
    def __init__(self, request: Request) -> None:
        self.response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._body: bytes | None = request.body
        self._status = 200
        self._headers: list[tuple[bytes, bytes]] = []
        self._chunks: asyncio.Queue[bytes | None] | None = None

    async def receive(self) -> Message:
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = list(message.get("headers", []))
            return
        body: bytes = message.get("body", b"")
        more = bool(message.get("more_body"))
        if self._chunks is not None:
            await self._chunks.put(body)
        elif more:
            self._chunks = asyncio.Queue(maxsize=8)
            self._chunks.put_nowait(body)
            self._settle(Response(self._status, self._headers, stream=self._stream(self._chunks)))
        else:
            self._settle(Response(self._status, self._headers, body))
        if not more and self._chunks is not None:
            await self._chunks.put(None)

    def fail(self, error: Exception) -> None:
        if not self.response.done():
            self.response.set_exception(error)

    def end(self) -> None:
        self._settle(Response(500, [], b"the application gave no answer"))

    def _settle(self, response: Response) -> None:
        if not self.response.done():
            self.response.set_result(response)

    @staticmethod
    async def _stream(chunks: "asyncio.Queue[bytes | None]") -> AsyncIterator[bytes]:
        while (chunk := await chunks.get()) is not None:
            yield chunk
