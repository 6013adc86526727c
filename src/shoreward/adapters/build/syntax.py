"""Is this Python, in the eyes of the Python that will run it?

This interpreter judges what is as old as itself or older. What it does not understand and is meant for a newer one is
put before such an interpreter, if this machine has one. If it has none, a mistake counts as one where no line around it
has anything that newer Pythons brought.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from functools import cache

_KNOWN = (3, 14)
_NEWER = re.compile(
    r"""\b(?:[fFtT][rR]?|[rR][fFtT])["']          # strings with expressions: freer since 3.12, templates since 3.14
      | ^\s*type\s+\w+                           # 3.12
      | \b(?:def|class)\s+\w+\s*\[               # 3.12
      | ^\s*except\*?\s[^:(]*,                   # 3.14
    """,
    re.MULTILINE | re.VERBOSE,
)

_ASK = """
import ast, json, sys, warnings
warnings.simplefilter("ignore")
try:
    ast.parse(sys.stdin.buffer.read())
except SyntaxError as error:
    print(json.dumps([error.msg, error.lineno, error.offset]))
except ValueError as error:
    print(json.dumps([str(error), None, None]))
else:
    print("null")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """No Python: what the parser said, and where (counted from 1)."""

    message: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """Nothing that this interpreter understands.

    Attributes:
        sound: whether an interpreter of the right version found it good; False when there is none to ask.
    """

    sound: bool


def parse(
    source: bytes, version: tuple[int, int], *, here: tuple[int, int] = sys.version_info[:2]
) -> ast.Module | Broken | Newer:
    """Parse a module for a version of Python, such as (3, 12), with the judgement of `here` and older."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, feature_version=min(version, here))
    except SyntaxError as error:
        broken = Broken(message=error.msg, line=error.lineno, column=error.offset)
        if version <= here:
            return broken
        found = _asked(source, f"{version[0]}.{version[1]}")
        return broken if found == Newer(sound=False) and always_wrong(source, error, version) else found
    except (ValueError, RecursionError) as error:
        return Broken(message=str(error))


def always_wrong(source: bytes, error: SyntaxError, version: tuple[int, int]) -> bool:
    """Whether no Python up to the last one that is known here would understand what this one does not."""
    if version > _KNOWN or error.lineno is None:
        return False
    lines = source.decode(errors="replace").splitlines()
    around = lines[max(0, error.lineno - 2) : (error.end_lineno or error.lineno) + 1]
    return not _NEWER.search("\n".join(around))


def _asked(source: bytes, version: str) -> Broken | Newer:
    interpreter = _interpreter(version)
    if interpreter is None:
        return Newer(sound=False)
    done = subprocess.run([interpreter, "-I", "-c", _ASK], input=source, capture_output=True, check=False)
    if done.returncode:
        return Newer(sound=False)
    answer = json.loads(done.stdout)
    return Newer(sound=True) if answer is None else Broken(message=answer[0], line=answer[1], column=answer[2])


@cache
def _interpreter(version: str) -> str | None:
    import uv

    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    command = [uv.find_uv_bin(), "python", "find", "--no-project", "--no-python-downloads", version]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout.strip()
