"""Suites in Node: scripts of package.json."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from shoreward.adapters.suites.looking import Look
from shoreward.adapters.suites.packages import package_of
from shoreward.domain import Place, Suite, SuiteKind

_SCRIPTS: dict[SuiteKind, tuple[str, ...]] = {
    "unit": ("test:unit", "unit", "test"),
    "integration": ("test:integration", "test:int", "integration"),
    "acceptance": ("test:acceptance", "test:e2e", "acceptance", "e2e"),
    "performance": ("test:performance", "test:load"),
    "resilience": ("test:resilience", "test:chaos"),
    "dynamic": ("test:security", "test:dast"),
    "quality": ("lint",),
}
_NONE = "no test specified"


def node_suites(look: Look) -> Iterator[Suite]:
    """Suites of a commit. Raises SpecError PACKAGE_INVALID."""
    workspaces: list[str] = []
    for path in sorted(look.below(look.root), key=lambda path: (path.count("/"), path)):
        folder = posixpath.dirname(path)
        if posixpath.basename(path) != "package.json" or any(_inside(folder, one) for one in workspaces):
            continue
        package = package_of(folder, look.read)
        if package is None:
            continue
        for kind, names in _SCRIPTS.items():
            name = next((name for name in names if name in package.scripts), None)
            if name and _NONE not in package.scripts[name]:
                command = "npm test" if name == "test" else f"npm run {name}"
                where = Place(file=path, line=package.line(name))
                yield Suite(name=kind, kind=kind, command=command, folder=folder, where=where)
                if "workspaces" in package.about and folder not in workspaces:
                    workspaces.append(folder)  # its scripts speak for all of them


def _inside(folder: str, outer: str) -> bool:
    return folder != outer and (not outer or folder.startswith(f"{outer}/"))
