"""The server on its socket, beside whatever else its process does: carrying releases, as a rule."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from shoreward.domain import Refused
from shoreward.web.application import application
from shoreward.web.hub import Hub
from shoreward.web.routing import Ground


class Server(uvicorn.Server):
    """Ends its streams when it is to end, so that no browser keeps it.

    Args:
        application: on a ground with this hub.
    """

    def __init__(self, application: FastAPI, hub: Hub) -> None:
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=30,
            ws="none",
        )
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything."""
        self._hub.end()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A socket at an address; port 0 takes a free one.

    Raises:
        Refused: ADDRESS_TAKEN when it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP: only of such sockets asyncio sends each answer at once, and not after the reader's next word.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Refused(
            "ADDRESS_TAKEN",
            f"Nobody can listen at {host}:{port}: {error.strerror or error}.",
            next="Name another one with --port, or end what has it.",
        ) from error
    return listening


def address(listening: socket.socket) -> str:
    """The address of a server, for a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def serving(ground: Ground, listening: socket.socket) -> Generator[str]:
    """A server in a thread of its own, for as long as the context lasts; gives its address.

    The main thread stays free for whoever carries releases, and for interruptions.
    """
    server = Server(application(ground), ground.hub)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="server", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield address(listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
