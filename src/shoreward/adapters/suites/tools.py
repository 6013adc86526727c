"""The programs that suites run with: which Python, and what a program is, as a name that changes when it does."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PYTHONS = tuple(f"python3.{minor}" for minor in range(9, 16))
"""Names under which interpreters are looked for on the PATH."""

HOMES = ("~/.pyenv/versions", "~/.local/share/uv/python")
"""Folders in which other interpreters are looked for."""

_BLOCK = 1 << 20
_RUNTIME = re.compile(rb"""\bRuntime["']?\s*:\s*["']?python(3\.\d+)""")
_DEFAULT = re.compile(rb"\bpython(3\.\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python.

    Attributes:
        version: such as 3.12.
        wanted: the version that the functions run on, "" when they do not say.
    """

    path: str
    version: str
    wanted: str = ""

    @property
    def identity(self) -> str:
        """Changes with the interpreter."""
        if self.path == sys.executable:
            return sys.version
        return f"{os.path.realpath(self.path)} {fingerprint(self.path)}"

    def __str__(self) -> str:
        other = f" ({self.wanted}, which the functions run on, is not on this machine)"
        return f"Python {self.version}{other if self.wanted not in ('', self.version) else ''}"


def kind_of_machine() -> str:
    """What packages and results differ by: operating system and processor."""
    return f"{sys.platform} {os.uname().machine}"


def runtime_of(template: bytes) -> str:
    """The Python that a template's functions run on, such as 3.12; the newest of several, '' for none.

    Looks at the text alone: keys of checks are asked for often, and a template takes long to read properly.
    """
    found = _RUNTIME.findall(template) or _DEFAULT.findall(template)
    return max((one.decode() for one in found), key=_number, default="")


def _number(version: str) -> int:
    return int(version.split(".")[1])


def interpreter(wanted: str, environment: Mapping[str, str]) -> Interpreter:
    """The Python of a version, if this machine has it, else the one that runs this."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if wanted and wanted != here:
        for path in _candidates(wanted, environment):
            if _is_program(path):
                return Interpreter(path=str(path), version=wanted, wanted=wanted)
    return Interpreter(path=sys.executable, version=here, wanted=wanted)


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[Path]:
    for folder in environment.get("PATH", "").split(os.pathsep):
        if folder:
            yield Path(folder) / f"python{version}"
    for home in HOMES:
        folder = Path(home).expanduser()
        if folder.is_dir():
            for name in sorted(folder.iterdir(), reverse=True):
                if name.name.removeprefix("cpython-").startswith(f"{version}."):
                    yield name / "bin" / f"python{version}"


def _is_program(path: Path) -> bool:
    """Whether this is an interpreter itself: version managers put scripts there that may refuse to run one."""
    try:
        with path.open("rb") as file:
            return os.access(path, os.X_OK) and file.read(2) != b"#!"
    except OSError:
        return False


def find(name: str, environment: Mapping[str, str]) -> str | None:
    """Where a program is on the PATH."""
    return shutil.which(name, path=environment.get("PATH", os.defpath))


def fingerprint(path: str | None) -> str:
    """What a program is, the same on every machine that has the same: size and a digest; '' when it is not there.

    Of a big one the beginning and the end count. A script may do no more than load what lies elsewhere, so where it
    lies, and since when, counts for it as well.
    """
    if path is None:
        return ""
    real = os.path.realpath(path)
    about = os.stat(real)  # noqa: PTH116
    return _fingerprint(real, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=256)
def _fingerprint(path: str, size: int, changed: int) -> str:
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        begin = file.read(_BLOCK)
        digest.update(begin)
        if size > _BLOCK:
            file.seek(max(_BLOCK, size - _BLOCK))
            digest.update(file.read())
    found = f"{digest.hexdigest()} {size}"
    return f"{found} {path} {changed}" if begin.startswith(b"#!") else found


def packages_beside(program: str) -> tuple[Path, ...]:
    """Folders of packages of a Python, or of a program beside it; their listing tells which packages there are."""
    root = Path(os.path.abspath(program)).parent.parent  # noqa: PTH100  a virtual environment's own, not its base's
    patterns = ("lib/python3*/site-packages", "lib/python3/dist-packages", "local/lib/python3*/dist-packages")
    return tuple(path for pattern in patterns for path in sorted(root.glob(pattern)))
