"""Node's dependencies of suites, installed by npm: once for what package.json and its lock file say, and then kept.

As when functions are built, npm runs no lifecycle scripts: what a dependency runs while it is installed is nobody's
business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from shoreward.adapters.suites.making import Kitchen, Tool
from shoreward.adapters.suites.packages import LOCKS, Package
from shoreward.adapters.suites.tools import find, fingerprint, kind_of_machine
from shoreward.domain import Place, SpecError, Terminal, digest_of

_ADVICE = "Mend package.json, run npm install, and commit its lock file."


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
    locked = any(name in LOCKS for name, _ in package.contents)
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
    said = words.replace("%2f", "/").replace("%2F", "/")
    for name in sorted(package.names, key=len, reverse=True):
        if re.search(rf"(?<![\w@-]){re.escape(name)}(?![\w-])", said):
            return Place(file=package.file, line=package.line(name))
    return Place(file=package.file, line=1)
