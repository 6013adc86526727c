"""Suites in Python: folders of tests that pytest runs, and linters that are configured."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, cast

from shoreward.adapters.suites.looking import PYTEST, Look
from shoreward.domain import IN_SANDBOX, Place, SpecError, Suite, SuiteKind

_KINDS: dict[str, SuiteKind] = {
    "unit": "unit",
    "integration": "integration",
    "acceptance": "acceptance",
    "e2e": "acceptance",
    "performance": "performance",
    "load": "performance",
    "resilience": "resilience",
    "chaos": "resilience",
    "security": "dynamic",
    "dast": "dynamic",
}
_TESTS = ("tests", "test")
_DEVELOPMENT = (
    "requirements-dev.txt",
    "requirements-test.txt",
    "requirements-tests.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
    "requirements_dev.txt",
    "requirements_test.txt",
    "requirements/dev.txt",
    "requirements/test.txt",
)
_GROUPS = ("test", "tests", "testing", "dev")


def python_suites(look: Look) -> Iterator[Suite]:
    """Suites of a commit. Raises SpecError PYPROJECT_INVALID."""
    folders: dict[SuiteKind, dict[str, None]] = {}
    for path in look.tests:
        kind, folder = _kind(path.removeprefix(f"{look.root}/" if look.root else ""))
        folders.setdefault(kind, {})[folder] = None
    beside = [folder for kind, found in folders.items() if kind != "unit" for folder in found]
    for kind, found in folders.items():
        yield Suite(
            name=kind,
            kind=kind,
            command=_command(list(found), beside if kind == "unit" else []),
            folder=look.root,
            requirements=_requirements(look, kind, [posixpath.join(look.root, folder) for folder in found]),
            where=_where(look, kind, folders),
        )
    yield from _linter(look)


def _kind(path: str) -> tuple[SuiteKind, str]:
    """What a test is for, and the folder that says so; '.' when none does."""
    folders = path.split("/")[:-1]
    tests = next((place for place, folder in enumerate(folders) if folder in _TESTS), None)
    if tests is None:
        return "unit", "."
    for place, folder in enumerate(folders[tests + 1 :], tests + 2):
        if folder.lower() in _KINDS:
            return _KINDS[folder.lower()], "/".join(folders[:place])
    return "unit", "/".join(folders[: tests + 1])


def _command(folders: list[str], beside: list[str]) -> str:
    """pytest for folders, but for those of other suites inside them; '.' leaves it to pytest's configuration."""
    within = [one for one in folders if not any(one != other and one.startswith(f"{other}/") for other in folders)]
    asked = [] if "." in within else sorted(within)
    ignored = [one for one in sorted(beside) if not asked or any(one.startswith(f"{folder}/") for folder in asked)]
    return shlex.join(["python", "-m", "pytest", *asked, *(f"--ignore={one}" for one in ignored)])


def _where(look: Look, kind: SuiteKind, folders: dict[SuiteKind, dict[str, None]]) -> Place:
    for name, section in PYTEST.items():
        path = posixpath.join(look.root, name)
        if look.has(path) and (place := look.line_of(path, section)):
            return place
    inside = [posixpath.normpath(posixpath.join(look.root, folder)) for folder in folders[kind]]
    own = (path for path in look.tests if any(folder == "." or path.startswith(f"{folder}/") for folder in inside))
    return Place(file=next(own, look.tests[0]))


def _requirements(look: Look, kind: SuiteKind, folders: Sequence[str]) -> tuple[str, ...]:
    """What the tests need, nearest first, and for tests of functions what the functions need."""
    found: list[str] = []
    for folder in folders:
        found += _upwards(look, posixpath.normpath(folder).removeprefix("."))
    if not found:
        found += _project(look)
    if kind not in IN_SANDBOX:
        own = (posixpath.join(folder, "requirements.txt") for folder in (look.root, *look.code()))
        found += [path for path in own if _asks(look, path)]
    return tuple(dict.fromkeys(found))


def _asks(look: Look, path: str) -> bool:
    """Whether a file asks for anything; those of functions without dependencies are often empty."""
    return any(line.split(b"#", 1)[0].strip() for line in (look.read(path) or b"").splitlines())


def _upwards(look: Look, folder: str) -> Iterator[str]:
    while True:
        inside = any(part in _TESTS for part in folder.split("/"))
        if path := look.named(folder, (*_DEVELOPMENT, *(("requirements.txt",) if inside else ()))):
            yield path
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _project(look: Look) -> Iterator[str]:
    """What pyproject.toml says that tests need, beside what the project itself needs."""
    path = posixpath.join(look.root, "pyproject.toml")
    content = look.read(path)
    if content is None:
        return
    import tomllib

    try:
        read = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = Place(file=path)
        raise SpecError("PYPROJECT_INVALID", f"pyproject.toml cannot be read: {error}.", where=where) from error
    project = _mapping(read.get("project"))
    if project.get("dependencies"):
        yield path
    yield from (f"{path}:{name}" for name in _GROUPS if name in _mapping(read.get("dependency-groups")))
    yield from (f"{path}[{name}]" for name in _GROUPS if name in _mapping(project.get("optional-dependencies")))


def _linter(look: Look) -> Iterator[Suite]:
    """ruff or flake8, where the repository configures one of them."""
    at = look.root
    ruff = look.named(at, ("ruff.toml", ".ruff.toml"))
    place = Place(file=ruff) if ruff else look.line_of(posixpath.join(at, "pyproject.toml"), "[tool.ruff")
    command = "ruff check"
    if place is None:
        command = "flake8"
        flake8 = look.named(at, (".flake8",))
        configured = (look.line_of(posixpath.join(at, name), "[flake8]") for name in ("setup.cfg", "tox.ini"))
        place = Place(file=flake8) if flake8 else next((one for one in configured if one), None)
    if place:
        requirements = _requirements(look, "quality", [at])
        yield Suite(name="quality", kind="quality", command=command, folder=at, requirements=requirements, where=place)


def _mapping(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
