"""One warm process of one function version, and the Runtime API that it talks to.

The process asks for its next event and posts what came of it, on a loopback port of its own; so no function can take
another's events. Everything here runs on the event loop's thread.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from shoreward.cloud.functions.environment import command_of, environment_of
from shoreward.cloud.functions.model import FunctionSpec, Invocation, Outcome
from shoreward.cloud.server.http11 import HttpProtocol, Request

INIT_LIMIT = 30.0
_ACCEPTED = (202, [(b"content-type", b"application/json")], b'{"status":"OK"}\n')
_PREFIX = "/2018-06-01/runtime/"
_LOG_LIMIT = 1 << 20


class Worker:
    """A process that runs one invocation at a time. Made by :meth:`start`; ends by :meth:`kill`."""

    def __init__(self, spec: FunctionSpec, on_log: Callable[[FunctionSpec, str], None]) -> None:
        self.spec = spec
        self.last_used = time.monotonic()
        self.busy = False
        self.dead = False
        self._on_log = on_log
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._output = -1
        self._log = bytearray()
        self._waiting: _RuntimeConnection | None = None
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._invocation: Invocation | None = None
        self._result: asyncio.Future[tuple[bytes, bool]] | None = None
        self._init_error: bytes | None = None

    async def start(self, *, task_root: Path, layers: list[Path], support: Path, endpoint: str) -> None:
        """Start the process; it initialises while the first invocation waits for it."""
        self._server = await self._loop.create_server(lambda: _RuntimeConnection(self), "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        command = command_of(self.spec, task_root=task_root, layers=layers, support=support, parent=os.getpid())
        environment = environment_of(
            self.spec, task_root=task_root, layers=layers, runtime_api=f"127.0.0.1:{port}", endpoint=endpoint
        )
        self._output, write_end = os.pipe()
        os.set_blocking(self._output, False)
        try:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it must be this thread's child to die with it
                command,
                env=environment,
                cwd=task_root,
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
            )
        finally:
            os.close(write_end)
        self._loop.add_reader(self._output, self._read_output)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation; the caller holds this worker alone. Always returns an outcome, never raises."""
        begun = time.perf_counter()
        init_ms = 0.0
        if not self._ready.done():
            failure = await self._initialise(invocation)
            if failure is not None:
                return failure
            init_ms = (time.perf_counter() - begun) * 1000
        begun = time.perf_counter()
        self._invocation = invocation
        result = self._result = self._loop.create_future()
        self._deliver()
        timer = self._loop.call_later(self.spec.timeout, self._time_out, result)
        try:
            payload, failed = await result
        finally:
            timer.cancel()
            self._invocation = self._result = None
        duration = (time.perf_counter() - begun) * 1000
        self.last_used = time.monotonic()
        return Outcome(payload=payload, failed=failed, log=self._take_log(), duration_ms=duration, init_ms=init_ms)

    @property
    def initialising(self) -> bool:
        """Whether the process has not asked for its first event yet."""
        return not self._ready.done()

    def kill(self) -> None:
        """End the process and everything it started. Safe to repeat."""
        if self.dead:
            return
        self.dead = True
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._close_output()
        if self._waiting is not None:
            self._waiting.transport.abort()
        if self._server is not None:
            self._server.close()
        self._fail_result(b'{"errorType":"Runtime.ExitError","errorMessage":"the cloud ended the process"}')

    async def _initialise(self, invocation: Invocation) -> Outcome | None:
        begun = time.perf_counter()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._ready), INIT_LIMIT)
        elapsed = (time.perf_counter() - begun) * 1000
        if self._init_error is None and self._waiting is not None and not self.dead:
            return None
        payload = self._init_error or error_payload(
            "Sandbox.Timedout",
            f"RequestId: {invocation.request_id} Error: Task timed out after {INIT_LIMIT:.2f} seconds",
        )
        outcome = Outcome(payload=payload, failed=True, log=self._take_log(), duration_ms=elapsed, init_ms=elapsed)
        self.kill()
        return outcome

    def next_requested(self, connection: "_RuntimeConnection") -> None:
        """The process is ready for an event."""
        self._waiting = connection
        if not self._ready.done():
            self._ready.set_result(None)
        self._deliver()

    def posted(self, kind: str, request_id: str, body: bytes) -> None:
        """The process posted a response or an error of an invocation, or the failure of its start."""
        if kind == "init":
            self._init_error = body
            if not self._ready.done():
                self._ready.set_result(None)
            return
        current = self._invocation
        if current is None or current.request_id != request_id or self._result is None or self._result.done():
            return
        self._result.set_result((body, kind == "error"))

    def lost(self, connection: "_RuntimeConnection") -> None:
        """A connection to the Runtime API ended; if the process ended with it, say so to whoever waits."""
        if self._waiting is connection:
            self._waiting = None
        self._look_for_exit()

    def _deliver(self) -> None:
        connection, invocation = self._waiting, self._invocation
        if connection is None or invocation is None:
            return
        self._waiting = None
        deadline = int((time.time() + self.spec.timeout) * 1000)
        headers = [
            (b"content-type", b"application/json"),
            (b"lambda-runtime-aws-request-id", invocation.request_id.encode()),
            (b"lambda-runtime-deadline-ms", b"%d" % deadline),
            (b"lambda-runtime-invoked-function-arn", invocation.arn.encode()),
        ]
        if invocation.trace:
            headers.append((b"lambda-runtime-trace-id", invocation.trace.encode()))
        if invocation.client_context:
            headers.append((b"lambda-runtime-client-context", invocation.client_context.encode()))
        connection.respond(200, headers, invocation.event)

    def _time_out(self, result: "asyncio.Future[tuple[bytes, bool]]") -> None:
        if result.done() or self._invocation is None:
            return
        message = f"Task timed out after {self.spec.timeout:.2f} seconds"
        request_id = self._invocation.request_id
        self._read_output()
        self._log += f"{_stamp()} {request_id} {message}\n\n".encode()
        result.set_result((error_payload("Sandbox.Timedout", f"RequestId: {request_id} Error: {message}"), True))
        self.kill()

    def _look_for_exit(self, attempts: int = 20) -> None:
        """After an end-of-file: the process is gone, or about to be. Ask a few times, then take it as gone."""
        if self.dead or self._process is None:
            return
        status = self._process.poll()
        if status is None and attempts:
            if self._output < 0 or self._waiting is None:
                self._loop.call_later(0.01, self._look_for_exit, attempts - 1)
            return
        if status is None:
            return  # it only closed its streams; the time-out will end it if it never asks again
        how = f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        request_id = self._invocation.request_id if self._invocation else ""
        message = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
        if status == 0:
            message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
        self._read_output()
        payload = error_payload("Runtime.ExitError", message)
        self._init_error = self._init_error or payload
        if not self._ready.done():
            self._ready.set_result(None)
        self._fail_result(payload)
        self.kill()

    def _fail_result(self, payload: bytes) -> None:
        if self._result is not None and not self._result.done():
            self._result.set_result((payload, True))

    def _read_output(self) -> None:
        """Take what the process has written so far; it wrote all of it before it posted its answer."""
        while self._output >= 0:
            try:
                data = os.read(self._output, 65536)
            except BlockingIOError:
                return
            if not data:
                self._close_output()
                self._look_for_exit()
                return
            if len(self._log) < _LOG_LIMIT:
                self._log += data
            if self._invocation is None and not self.busy:
                self._on_log(self.spec, self._take_log())

    def _take_log(self) -> str:
        if self._output >= 0:
            self._loop.remove_reader(self._output)
            try:
                while data := os.read(self._output, 65536):
                    self._log += data
            except BlockingIOError:
                self._loop.add_reader(self._output, self._read_output)
            else:
                self._loop.call_soon(self._read_output)
        text = self._log.decode("utf-8", "replace")
        self._log.clear()
        return text

    def _close_output(self) -> None:
        if self._output >= 0:
            self._loop.remove_reader(self._output)
            os.close(self._output)
            self._output = -1


class _RuntimeConnection(HttpProtocol):
    """One connection of the process to its Runtime API."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker

    def on_request(self, request: Request) -> None:
        path = request.target
        if path == "/2018-06-01/runtime/invocation/next":
            self._worker.next_requested(self)
            return
        parts = path.removeprefix(_PREFIX).split("/")
        if parts == ["init", "error"]:
            self._worker.posted("init", "", request.body)
        elif len(parts) == 3 and parts[0] == "invocation":
            self._worker.posted(parts[2], parts[1], request.body)
        elif parts[0] == "restore":
            self.respond(200)
            return
        self.respond(*_ACCEPTED)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._worker.lost(self)


def error_payload(error_type: str, message: str) -> bytes:
    """An error of the platform, in the shape in which Lambda reports it."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def _stamp() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
