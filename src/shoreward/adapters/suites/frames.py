"""Where in the repository something went wrong, read out of stack traces and other words of tools.

Python tells the innermost frame last, JavaScript first; of both only frames in files of the workspace count, so that a
failure inside a library is shown at the line of the repository that called it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from shoreward.domain import Place

Locate = Callable[[str], str | None]
"""The repository's path of a file that a tool names, or None."""

_PYTHON = re.compile(
    r"""File\ "(?P<long>[^"\n]+)",\ line\ (?P<long_line>\d+)
      | ^(?:E\s+)?(?P<short>[^\s:][^:\n]*\.py):(?P<short_line>\d+):""",
    re.MULTILINE | re.VERBOSE,
)
_JAVASCRIPT = re.compile(
    r"(?:^|[\s(])(?P<file>(?:file://)?[^\s():]*\.(?:[cm]?[jt]sx?)):(?P<line>\d+)(?::(?P<column>\d+))?", re.MULTILINE
)
_PARSER = re.compile(r"SyntaxError: (?P<file>\S+?): .*\((?P<line>\d+):(?P<column>\d+)\)")
_IMPORTER = re.compile(r"Cannot find (?:module|package) '(?P<wanted>[^']+)'(?: imported from |[^-]*- )(?P<file>\S+)")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ANY = re.compile(r"(?<![\w./-])(?P<file>(?:/|\./)?[\w@.+-][\w@./+-]*)[:(](?P<line>\d+)(?:[:,](?P<column>\d+))?")
_UNREAD = re.compile(
    r"""\b(?:parse|read|load)\b[^\n]*?(?P<file>[^\s`'"]+\.\w+)
        [^\n]*\n?[^\n]*\bline\ (?P<line>\d+)(?:,?\ column\ (?P<column>\d+))?""",
    re.VERBOSE,
)
"""A file that a tool could not read, and behind it the line: `Failed to parse x.toml`, `at line 1, column 5`."""

_LINE = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:(?P<column>\d+):)?\s*(?:(?P<rule>[A-Z]+\d+):?\s+)?(?P<what>\S.*)$",
    re.MULTILINE,
)
_DUMP = re.compile(r"^(?:Current thread|Thread) .*\(most recent call first\):\n((?:  .*\n?)*)", re.MULTILINE)
_DUMPED = re.compile(r'^  File "(?P<file>[^"\n]+)", line (?P<line>\d+) in (?P<function>.+)$', re.MULTILINE)


def uncoloured(text: str) -> str:
    """A text without what terminals understand as colours."""
    return _ANSI.sub("", text)


def place_of(text: str, locate: Locate) -> Place | None:
    """The innermost place in the workspace that a text names, whichever language it is about."""
    return (
        _last(_PYTHON, text, locate)
        or _first(_PARSER, text, locate)
        or _first(_JAVASCRIPT, text, locate)
        or _first(_ANY, text, locate)
        or _first(_UNREAD, text, locate)
    )


def importer(text: str, locate: Locate) -> tuple[str, str] | None:
    """The file whose import Node could not follow, and what it asked for; Node names no line."""
    for match in _IMPORTER.finditer(text):
        if path := locate(match["file"].rstrip(",")):
            return path, match["wanted"]
    return None


def mentioned(text: str, file: str, locate: Locate) -> Place | None:
    """The first place in a JavaScript file that a text names."""
    return _first(_JAVASCRIPT, text, lambda name: file if locate(name) == file else None)


def complaints(text: str, locate: Locate) -> Iterator[tuple[Place, str, str]]:
    """Lines such as `file:line:column: E501 too long`, each as its place, its rule ('' for none) and its words."""
    for match in _LINE.finditer(text):
        if path := locate(match["file"]):
            yield _place(path, match["line"], match["column"]), match["rule"] or "", match["what"].strip()


def _last(pattern: re.Pattern[str], text: str, locate: Locate) -> Place | None:
    for match in reversed(list(pattern.finditer(text))):
        if path := locate(match["long"] or match["short"]):
            return _place(path, match["long_line"] or match["short_line"])
    return None


def _first(pattern: re.Pattern[str], text: str, locate: Locate) -> Place | None:
    for match in pattern.finditer(text):
        if "node_modules" not in match["file"] and (path := locate(match["file"])):
            return _place(path, match["line"], match["column"])
    return None


def _place(path: str, line: str, column: str | None = None) -> Place:
    return Place(file=path, line=int(line) or None, column=int(column) or None if column else None)


def dumped(text: str, locate: Locate) -> tuple[Place, str] | None:
    """Where Python was when it was aborted, or crashed: the innermost frame in the workspace, and the test's name.

    Of several threads the main one counts, which `faulthandler` writes last; of several processes the last that was in
    the workspace. The name is that of the outermost function in the workspace that is called like a test, or ''.
    """
    for thread in reversed(_DUMP.findall(text)):
        frames = [
            (path, frame["line"], frame["function"])
            for frame in _DUMPED.finditer(thread)
            if (path := locate(frame["file"]))
        ]
        if frames:
            tests = (f"{path}::{name}" for path, _, name in reversed(frames) if name.startswith("test"))
            return _place(*frames[0][:2]), next(tests, "")
    return None


def halted(stacks: Iterable[Sequence[tuple[str, int, str]]], locate: Locate) -> Place | None:
    """Where Node was when it was halted: the innermost frame in the workspace; frames are file, line and function."""
    for stack in stacks:
        for file, line, _ in stack:
            if file and "/node_modules/" not in file and (path := locate(file)):
                return Place(file=path, line=line)
    return None
