"""Runs the tools that build: uv, npm, esbuild and make; whatever they started ends with them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from shoreward.adapters import process
from shoreward.adapters.build.blame import blamed
from shoreward.app.interruption import Abandoned
from shoreward.domain import Place, Retryable, SpecError

_MINUTES = 30
_LAST_LINES = 15
_NETWORK = (
    "error sending request", "Failed to fetch", "dns error", "Connection refused", "ENOTFOUND", "ECONNREFUSED",
    "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "operation timed out",
)  # fmt: skip
_DEFAULTS = {"UV_SYSTEM_CERTS": "true"}
"""uv trusts whom this machine trusts, as pip and git do; many companies have certificates of their own."""

_DROPPED = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "NODE_PATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")


def run(
    command: Sequence[str | Path],
    directory: Path,
    *,
    subject: str,
    where: Place,
    stop: threading.Event,
    path: str | None = None,
    extra: Mapping[str, str] | None = None,
    advice: str = "",
) -> None:
    """Run a tool in a directory, to its end.

    Args:
        subject: what is being built, for people.
        where: place in the template to blame when the tool's words name none in `path`.
        stop: ends it when set.
        path: the directory in the repository, if it is one.
        extra: environment variables beside this process's own.
        advice: what to do when the tool fails.

    Raises:
        SpecError: BUILD_FAILED with the tool's last lines.
        Retryable: BUILD_NETWORK when the tool could not reach what it downloads from.
        Abandoned: it was stopped.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    tool = Path(command[0]).name
    with tempfile.TemporaryDirectory(prefix="shoreward-build-") as folder:
        ended = process.run(
            [str(part) for part in command],
            directory,
            _DEFAULTS | environment | {"SOURCE_DATE_EPOCH": "315532800"} | dict(extra or {}),
            Path(folder) / "log",
            timeout=_MINUTES * 60,
            stop=stop,
        )
    if ended.why == "stopped":
        raise Abandoned
    if ended.why == "late":
        what = f"Building {subject} took longer than {_MINUTES} minutes ({tool})."
        raise SpecError("BUILD_FAILED", what, where=where)
    words = ended.words
    if ended.code:
        last = "\n".join(f"    {line}" for line in words.strip().splitlines()[-_LAST_LINES:])
        what = f"Building {subject} failed; {tool} said:\n{last}\n"
        if any(sign in words for sign in _NETWORK):
            raise Retryable("BUILD_NETWORK", what, where=where, next="Try again when the package index can be reached.")
        named = blamed(words, directory, path) if path is not None else None
        raise SpecError("BUILD_FAILED", what, where=named or where, next=advice)
