"""Node's dependencies of suites, installed by npm: once for what package.json and its lock file say, and then kept.

As when functions are built, npm runs no lifecycle scripts: what a dependency runs while it is installed is nobody's
business.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from shoreward.adapters.suites.making import Kitchen, Tool
from shoreward.adapters.suites.tools import find, fingerprint, kind_of_machine
from shoreward.domain import Place, SpecError, Terminal, digest_of

_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
_MANIFESTS = ("package.json", *_LOCKS, ".npmrc")
_KINDS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_ADVICE = "Mend package.json, run npm install, and commit its lock file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A folder with a package.json.

    Attributes:
        contents: its manifests, by their names.
        about: what package.json says.
        local: whether it depends on folders beside it, so that all of the repository counts.
    """

    folder: str
    contents: tuple[tuple[str, bytes], ...]
    about: Mapping[str, Any]
    local: bool

    @property
    def scripts(self) -> Mapping[str, str]:
        """Commands by their names."""
        return {name: text for name, text in _mapping(self.about.get("scripts")).items() if isinstance(text, str)}

    @property
    def depends(self) -> bool:
        """Whether there is anything to install."""
        return any(self.about.get(kind) for kind in (*_KINDS, "workspaces"))

    @property
    def file(self) -> str:
        """Path of its package.json."""
        return posixpath.join(self.folder, "package.json")

    def line(self, word: str) -> int | None:
        """The line of package.json that has a quoted word."""
        text = dict(self.contents)["package.json"].decode(errors="replace")
        found = re.search(rf'"{re.escape(word)}"\s*:', text)
        return text.count("\n", 0, found.start()) + 1 if found else None


def package_of(folder: str, read: Callable[[str], bytes | None]) -> Package | None:
    """The package that a folder belongs to, perhaps from a folder above it; None when there is none.

    Raises:
        SpecError: PACKAGE_INVALID.
    """
    while (content := read(posixpath.join(folder, "package.json"))) is None:
        if not folder:
            return None
        folder = posixpath.dirname(folder)
    place = Place(file=posixpath.join(folder, "package.json"), line=1)
    try:
        about = json.loads(content)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        where = Place(file=place.file, line=line)
        raise SpecError("PACKAGE_INVALID", f"package.json cannot be read: {error}.", where=where) from error
    if not isinstance(about, dict):
        raise SpecError("PACKAGE_INVALID", "package.json holds no object.", where=place)
    found = ((name, read(posixpath.join(folder, name))) for name in _MANIFESTS)
    about = cast("dict[str, Any]", about)
    return Package(
        folder=folder,
        contents=tuple((name, content) for name, content in found if content is not None),
        about=about,
        local="workspaces" in about or b'"file:' in content or b'"link:' in content,
    )


def key_of(package: Package, tree: str, environment: Mapping[str, str]) -> str:
    """Digest of all that decides what is installed.

    Args:
        tree: id of the commit's tree when the package depends on folders beside it, else "".
    """
    contents = [[name, content.decode(errors="replace")] for name, content in package.contents]
    return digest_of("node", contents, tree, kind_of_machine(), fingerprint(find("node", environment)))


def make(package: Package, target: Path, staged: Path, kitchen: Kitchen) -> None:
    """Install dependencies into `target`/node_modules.

    Args:
        staged: a folder with the manifests, or all of the commit when they need it.

    Raises:
        SpecError: REQUIREMENTS_UNRESOLVABLE, at the line of package.json that cannot be had.
        Retryable: SUITE_NETWORK, SUITE_STOPPED.
        Terminal: SUITE_TOOL_MISSING, ENVIRONMENT_FAILED.
    """
    where = Place(file=package.file, line=1)
    npm = find("npm", kitchen.environment)
    if npm is None:
        advice = "Install Node.js with npm on the machine that checks."
        raise Terminal("SUITE_TOOL_MISSING", "The package's dependencies need npm.", where=where, next=advice)
    locked = any(name in _LOCKS for name, _ in package.contents)
    how = ("ci",) if locked else ("install", "--no-package-lock")
    quiet = (
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
        "--install-links",
    )
    folder = staged / package.folder
    failed = kitchen.run(Tool(name="npm", command=(npm, *how, *quiet), folder=folder))
    if failed:
        what = f"The dependencies of {package.file} cannot be installed; npm said:\n{failed}\n"
        raise SpecError("REQUIREMENTS_UNRESOLVABLE", what, where=_blamed(package, failed), next=_ADVICE)
    (folder / "node_modules").mkdir(exist_ok=True)
    (folder / "node_modules").rename(target / "node_modules")


def link(installed: Path, modules: Path) -> None:
    """Show installed dependencies in a workspace.

    A package of the repository itself (a workspace of npm) is a relative link there, which must stay one, so that it
    leads to the workspace's own files.
    """
    modules.mkdir(parents=True, exist_ok=True)
    for entry in sorted(installed.iterdir()):
        shown = modules / entry.name
        if shown.exists() or shown.is_symlink():
            continue
        if entry.is_symlink():
            shown.symlink_to(entry.readlink())
        elif entry.name == ".bin" or (entry.name.startswith("@") and any(one.is_symlink() for one in entry.iterdir())):
            link(entry, shown)
        else:
            shown.symlink_to(entry)


def _blamed(package: Package, words: str) -> Place:
    """The line of package.json that npm complains about, as well as one can tell."""
    names = [name for kind in _KINDS for name in _mapping(package.about.get(kind))]
    said = words.replace("%2f", "/").replace("%2F", "/")
    for name in sorted(names, key=len, reverse=True):
        if re.search(rf"(?<![\w@-]){re.escape(name)}(?![\w-])", said):
            return Place(file=package.file, line=package.line(name))
    return Place(file=package.file, line=1)


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
