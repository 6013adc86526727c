"""Where a change begins: the first line of code that differs between two commits, to point at."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from shoreward.app.files import Entry, Source
from shoreward.domain import Pipeline, Place, SpecError
from shoreward.spec.template import find_assets, parameter_values, read_template

_CODE = re.compile(r"\.(py|[cm]?[jt]sx?|json|ya?ml|sql)$")
_TESTS = re.compile(
    r"(^|/)(tests?|__tests__|spec)/|(^|/)(test_[^/]*|conftest)\.py$|_test\.py$|\.(test|spec)\.[cm]?[jt]sx?$"
)
_SILENT = re.compile(r"\s*(#.*|//.*)?")


def first_change(source: Source, base: str, commit: str, pipeline: Pipeline) -> Place | None:
    """The first line of the functions' code that a commit has and its base has not; of the template when no code has.

    Code that no test is, in the order of paths; empty lines and comments are passed over where others changed, too.
    None when nothing of it changed, or files only went away.
    """
    folders = _folders(source, commit, pipeline)
    before = {one.path: one for one in source.entries(base)}
    now = {one.path: one for one in source.entries(commit)}
    code = sorted(path for path in now if _is_code(path, folders))
    for path in (*code, pipeline.template):
        if _differs(path, before, now) and (place := _first_line(source, base, commit, path)):
            return place
    return None


def _folders(source: Source, commit: str, pipeline: Pipeline) -> tuple[str, ...]:
    """Where the code of functions and layers is; the whole repository when the template does not tell."""
    content = source.read(commit, pipeline.template)
    targets = [(target.key, dict(target.parameters)) for target in pipeline.targets]
    try:
        template = read_template((content or b"").decode(), pipeline.template)
        return tuple(asset.source for asset in find_assets(template, parameter_values(template, targets)))
    except (SpecError, UnicodeDecodeError):
        return ("",)


def _is_code(path: str, folders: tuple[str, ...]) -> bool:
    inside = any(folder in ("", path) or path.startswith(f"{folder}/") for folder in folders)
    return inside and bool(_CODE.search(path)) and not _TESTS.search(path)


def _differs(path: str, before: Mapping[str, Entry], now: Mapping[str, Entry]) -> bool:
    return path in now and (path not in before or before[path].id != now[path].id)


def _first_line(source: Source, base: str, commit: str, path: str) -> Place | None:
    try:
        old = (source.read(base, path) or b"").decode().splitlines()
        new = (source.read(commit, path) or b"").decode().splitlines()
    except UnicodeDecodeError:
        return None
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = [number for tag, _, _, begin, end in blocks if tag != "equal" for number in range(begin, end)]
    telling = [number for number in changed if not _SILENT.fullmatch(new[number])] or changed
    return Place(file=path, line=telling[0] + 1) if telling else None
