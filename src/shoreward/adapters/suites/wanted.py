"""The Python environment that a suite is to have, by a name that changes with all that decides what is in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.adapters.suites.tools import Interpreter, fingerprint, kind_of_machine
from shoreward.domain import Place, digest_of

if TYPE_CHECKING:
    from shoreward.adapters.suites.requirements import Requirements

RESOLVING = (
    "UV_DEFAULT_INDEX", "UV_INDEX*", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_EXCLUDE_NEWER",
    "UV_PRERELEASE", "UV_RESOLUTION", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_OFFLINE",
)  # fmt: skip
"""Variables that decide which packages uv finds, and where."""

CONFIGURATION = ("~/.config/uv/uv.toml", "/etc/uv/uv.toml")
"""Files that decide it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A virtual environment to be made.

    Attributes:
        added: packages beside the requirements: the tool that runs the suite, where nobody asked for it.
        tree: id of the commit's tree when requirements name anything else in the repository, else "".
        where: the place where the suite is declared.
    """

    requirements: Requirements
    python: Interpreter
    added: tuple[str, ...] = ()
    tree: str = ""
    where: Place | None = None


def key_of(wanted: Wanted, environment: Mapping[str, str]) -> str:
    """Digest of all that decides what is in the environment."""
    needed = wanted.requirements
    contents = [[path, content.decode(errors="replace")] for path, content in needed.contents]
    asked = [list(needed.files), [[one.file, one.group, one.extra] for one in needed.projects], list(wanted.added)]
    base = os.path.realpath(wanted.python.path)
    made_by = [wanted.python.version, base, fingerprint(base), kind_of_machine()]
    return digest_of("python", contents, asked, wanted.tree, made_by, resolving(environment))


def resolving(environment: Mapping[str, str]) -> list[list[str]]:
    """What decides on this machine which packages uv finds."""
    names = tuple(name.removesuffix("*") for name in RESOLVING)
    chosen = [[name, value] for name, value in sorted(environment.items()) if name.startswith(names)]
    files = [Path(name).expanduser() for name in CONFIGURATION]
    return chosen + [[str(path), path.read_text(errors="replace")] for path in files if path.is_file()]
