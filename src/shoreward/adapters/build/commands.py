"""Runs the tools that build: uv, npm, esbuild and make."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from shoreward.adapters.build.blame import blamed
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
    path: str | None = None,
    extra: Mapping[str, str] | None = None,
    advice: str = "",
) -> str:
    """Run a tool in a directory; returns what it printed.

    Args:
        subject: what is being built, for people.
        where: place in the template to blame when the tool's words name none in `path`.
        path: the directory in the repository, if it is one.
        extra: environment variables beside this process's own.
        advice: what to do when the tool fails.

    Raises:
        SpecError: BUILD_FAILED with the tool's last lines.
        Retryable: BUILD_NETWORK when the tool could not reach what it downloads from.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    tool = Path(command[0]).name
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=directory,
            env=_DEFAULTS | environment | {"SOURCE_DATE_EPOCH": "315532800"} | dict(extra or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_MINUTES * 60,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        what = f"Building {subject} took longer than {_MINUTES} minutes ({tool})."
        raise SpecError("BUILD_FAILED", what, where=where) from late
    words = done.stdout.decode(errors="replace")
    if done.returncode:
        last = "\n".join(f"    {line}" for line in words.strip().splitlines()[-_LAST_LINES:])
        what = f"Building {subject} failed; {tool} said:\n{last}\n"
        if any(sign in words for sign in _NETWORK):
            raise Retryable("BUILD_NETWORK", what, where=where, next="Try again when the package index can be reached.")
        named = blamed(words, directory, path) if path is not None else None
        raise SpecError("BUILD_FAILED", what, where=named or where, next=advice)
    return words
