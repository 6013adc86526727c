"""What a suite's command is made of: its parts, and the scripts of package.json that it stands for.

npm does no more for a script than the shell can do with `node_modules/.bin` on the PATH, so scripts are run without
it: that is quicker, and lets us see which test runner is behind them.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping

_TOKENS = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|&&|[^'\"\\&]+|.", re.DOTALL)
_SCRIPT = re.compile(
    r"^\s*(?:npm|pnpm|yarn)\s+(?:(?:run|run-script)\s+)?(?:-s\s+|--silent\s+)?(?P<name>[\w:.-]+)"
    r"(?:\s+(?:-s|--silent))?(?P<rest>\s+--(?:\s.*)?)?\s*$",
    re.DOTALL,
)
_RUN = re.compile(r"^\s*(?:npm|pnpm|yarn)\s+(?:run|run-script)\s")
_CHANGE = re.compile(r"^\s*cd\s+(?P<folder>[\w./-]+)\s*$")
_SHORT = {"t": "test", "tst": "test", "test": "test", "start": "start"}
_DEPTH = 8


def segments(command: str) -> list[str]:
    """The parts of a command between its `&&`."""
    parts = [""]
    for token in _TOKENS.findall(command):
        if token == "&&":
            parts.append("")
        else:
            parts[-1] += token
    return parts


def simple(segment: str) -> bool:
    """Whether a part is one call of one program, without pipes, redirections and the like."""
    try:
        words = list(shlex.shlex(segment, posix=True, punctuation_chars=True))
    except ValueError:
        return False
    return "\n" not in segment.strip() and not any(word and set(word) <= set("();<>|&") for word in words)


def folder_of(command: str, folder: str) -> str:
    """The folder in which the last part of a command runs, from the repository's root."""
    for segment in segments(command):
        if match := _CHANGE.match(segment):
            folder = posixpath.normpath(posixpath.join(folder, match["folder"]))
    return "" if folder == "." else folder


def expanded(command: str, scripts: Mapping[str, str], depth: int = 0) -> str:
    """A command with the scripts of package.json in place of `npm run NAME`, as npm would run them."""
    if depth > _DEPTH or not scripts:
        return command
    return "&&".join(_expanded(segment, scripts, depth) for segment in segments(command))


def _expanded(segment: str, scripts: Mapping[str, str], depth: int) -> str:
    match = _SCRIPT.match(segment)
    if not match or not simple(segment):
        return segment
    name = match["name"]
    if segment.split()[0] == "npm" and not _RUN.match(segment):
        name = _SHORT.get(name, "")
    if name not in scripts:
        return segment
    rest = (match["rest"] or "").strip().removeprefix("--").strip()
    chain = [scripts.get(f"pre{name}", ""), f"{scripts[name]} {rest}".strip(), scripts.get(f"post{name}", "")]
    return " && ".join(expanded(script, scripts, depth + 1) for script in chain if script)
