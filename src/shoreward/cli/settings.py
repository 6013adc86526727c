"""The options of all commands: which server is asked, and how to log; kept where it costs nothing to load them."""

from __future__ import annotations

from typing import Protocol

COMMANDS = frozenset(
    ("release", "status", "watch", "why", "history", "where", "dora", "gates", "hold", "resume", "abort", "rollback",
     "retry", "skip", "freeze", "set", "quarantine", "approve", "override")
)  # fmt: skip
"""The commands that may be given to a server; others are about this machine."""

_server = ""
_open: list[Closeable] = []
_log = "console", "info"


class Closeable(Protocol):
    """What is to be closed when a command has ended."""

    def close(self) -> None:
        """Close it."""
        ...


def address(server: str, command: str, *, named: bool) -> None:
    """Address the command line to a server, "" for this machine.

    Args:
        named: whether this very command names it; one that the environment names is not for every command.

    Raises:
        UserError: SERVER_UNUSED for a command that is about this machine.
    """
    global _server
    if server and named and command not in COMMANDS:
        from shoreward.domain import UserError

        raise UserError(
            "SERVER_UNUSED",
            f"`shoreward {command}` is about this machine, and asks no server.",
            next="Leave --server out.",
        )
    _server = server


def log_as(format: str, level: str) -> None:
    """Log in this way from now on."""
    global _log
    _log = format, level


def log_settings() -> tuple[str, str]:
    """Format and level of the log."""
    return _log


def keep(opened: Closeable) -> None:
    """Close something when the command has ended."""
    _open.append(opened)


def leave() -> None:
    """The command has ended."""
    while _open:
        _open.pop().close()


def server() -> str:
    """The server's address; "" for this machine."""
    return _server
