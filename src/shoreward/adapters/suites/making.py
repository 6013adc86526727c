"""Runs the tools that make environments: uv and npm, as the user of this machine, with his settings and caches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shoreward.adapters import process
from shoreward.adapters.suites import errors
from shoreward.domain import Place, Terminal

_MINUTES = 30
_DROPPED = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "NODE_PATH", "NODE_OPTIONS", "UV_PROJECT_ENVIRONMENT")
_DEFAULTS = {"UV_SYSTEM_CERTS": "true"}
"""uv trusts whom this machine trusts, as pip and git do; many companies have certificates of their own."""

_MACHINE = (
    "No space left on device", "Permission denied", "Read-only file system", "Too many open files", "ENOSPC", "EACCES",
    "401 Unauthorized", "403 Forbidden", "407 Proxy",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A call of a tool."""

    name: str
    command: tuple[str, ...]
    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Kitchen:
    """Where environments are made.

    Attributes:
        environment: this process's variables.
        scratch: a folder for temporary files.
        where: the place where the suite is declared.
    """

    environment: Mapping[str, str]
    scratch: Path
    stop: threading.Event
    say: Callable[[str], None]
    where: Place | None

    def run(self, tool: Tool) -> str:
        """Run a tool; returns "" when it went well, else what it said last.

        Raises:
            Retryable: SUITE_NETWORK when it could not reach what it downloads from, SUITE_STOPPED.
            Terminal: ENVIRONMENT_FAILED when this machine is at fault, or nobody can tell.
        """
        given = {name: value for name, value in self.environment.items() if name not in _DROPPED}
        log = self.scratch / f"{tool.name}.log"
        ended = process.run(
            tool.command,
            tool.folder,
            _DEFAULTS | given | dict(tool.extra),
            log,
            timeout=_MINUTES * 60,
            stop=self.stop,
        )
        if ended.why == "stopped":
            raise errors.stopped()
        if not ended.code:
            return ""
        words = errors.last(ended.words).replace(str(self.scratch), "")
        if any(sign in ended.words for sign in errors.NETWORK):
            raise errors.unreachable(
                f"{tool.name} could not reach what it downloads from; it said:\n{words}\n", self.where
            )
        if ended.why or ended.crash or any(sign in ended.words for sign in _MACHINE):
            took = f" (it took longer than {_MINUTES} minutes)" if ended.why == "late" else ""
            what = f"{tool.name} did not get through{took}; it said:\n{words}\n"
            advice = "Look at what it says, and run the check again."
            raise Terminal("ENVIRONMENT_FAILED", what, where=self.where, next=advice)
        return words.strip("\n")
