"""Asks a command that hangs where it is, before it is ended.

Python says so when it is aborted (`faulthandler`). Node opens its debugger on loopback when it gets SIGUSR1, even in an
endless loop, and can then be asked for its stack.
https://nodejs.org/en/learn/getting-started/debugging, https://chromedevtools.github.io/devtools-protocol/v8/Debugger/
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GRACE = 10.0
"""Seconds in which an answer is waited for."""

NODE_OPTIONS = "--inspect-port=0"
"""Each process of Node has a port of its own, should it be asked."""

_LISTENING = re.compile(rb"Debugger listening on ws://127\.0\.0\.1:(\d+)(/\S+)")
_STEPS = 200

Frame = tuple[str, int, str]
"""File or address, line counted from 1, and function."""


def abort(group: int) -> None:
    """Have the processes of a group say where they are, and end."""
    until = time.monotonic() + GRACE
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGABRT)
        while time.monotonic() < until:
            time.sleep(0.02)
            os.killpg(group, 0)


@dataclass(slots=True)
class Inspection:
    """Asks processes of Node for their stacks.

    Attributes:
        log: file with what they say.
        enough: whether a stack tells all that we want to know.
        stacks: where they were, innermost frame first.
    """

    log: Path
    enough: Callable[[list[Frame]], bool]
    stacks: list[list[Frame]] = field(default_factory=list[list[Frame]])

    def __call__(self, group: int) -> None:
        """Ask all that answer in time."""
        until = time.monotonic() + GRACE
        asked: dict[bytes, threading.Thread] = {}
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGUSR1)
        while time.monotonic() < until and not self._answered and (not asked or _alive(asked)):
            time.sleep(0.1)
            for match in _LISTENING.finditer(self.log.read_bytes()):
                if match[0] not in asked:
                    given = (int(match[1]), match[2].decode(), until)
                    thread = threading.Thread(target=self._ask, args=given, daemon=True)
                    asked[match[0]] = thread
                    thread.start()

    @property
    def _answered(self) -> bool:
        return any(self.enough(stack) for stack in self.stacks)

    def _ask(self, port: int, path: str, until: float) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            for stack in _stacks(port, path, until):
                self.stacks.append(stack)
                if self._answered:
                    return


def _alive(asked: Mapping[bytes, threading.Thread]) -> bool:
    return any(thread.is_alive() for thread in asked.values())


def _stacks(port: int, path: str, until: float) -> Iterator[list[Frame]]:
    """Where a process is when it is halted, and where its next steps lead."""
    with socket.create_connection(("127.0.0.1", port), timeout=max(0.01, until - time.monotonic())) as connection:
        debugger = _Debugger(connection, path)
        debugger.send("Debugger.enable")
        debugger.send("Debugger.pause")
        for _ in range(_STEPS):
            yield debugger.paused(until)
            debugger.send("Debugger.stepInto")


class _Debugger:
    """A debugger's client: as much of WebSocket (RFC 6455) as short questions need."""

    def __init__(self, connection: socket.socket, path: str) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self._number = 0
        self._scripts: dict[str, str] = {}
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines = (
            f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "",
        )  # fmt: skip
        connection.sendall("\r\n".join(lines).encode())
        while self._file.readline().strip():
            pass

    def send(self, method: str) -> None:
        """Ask something; the question is shorter than 126 bytes."""
        self._number += 1
        text = json.dumps({"id": self._number, "method": method}).encode()
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
        self._connection.sendall(bytes((0x81, 0x80 | len(text))) + mask + masked)

    def paused(self, until: float) -> list[Frame]:
        """The stack at which it halts next. Raises OSError when it does not."""
        while (left := until - time.monotonic()) > 0:
            self._connection.settimeout(left)
            message = self._receive()
            given = message.get("params", {})
            match message.get("method"):
                case "Debugger.scriptParsed":
                    self._scripts[given["scriptId"]] = given["url"]
                case "Debugger.paused":
                    return [self._frame(frame) for frame in given["callFrames"]]
                case _:
                    pass
        raise TimeoutError

    def _frame(self, frame: dict[str, Any]) -> Frame:
        location = frame["location"]
        file = frame["url"] or self._scripts.get(location["scriptId"], "")
        return file, location["lineNumber"] + 1, frame["functionName"]

    def _receive(self) -> dict[str, Any]:
        header = self._read(2)
        size = header[1] & 0x7F
        if size > 125:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        return json.loads(self._read(size))

    def _read(self, count: int) -> bytes:
        found = self._file.read(count)
        if len(found) < count:
            raise ConnectionError
        return found
