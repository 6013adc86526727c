"""The key of a suite: a digest of all that its verdict depends on.

What lies outside of the commit is named as `Outside`, too, so that the graph notices when it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shoreward.adapters.suites.commands import segments
from shoreward.adapters.suites.ground import Ground, speaks_node
from shoreward.adapters.suites.tools import HOMES, PYTHONS, find, fingerprint, kind_of_machine, packages_beside
from shoreward.adapters.suites.wanted import CONFIGURATION, RESOLVING, Wanted, resolving
from shoreward.app.checking import Outside
from shoreward.app.checking.inputs import content_of
from shoreward.domain import IN_SANDBOX, Suite, digest_of

_READING = 1
"""Raised when the same run of a suite is read as another verdict."""


def key_of(suite: Suite, ground: Ground) -> str:
    """Digest of a suite's verdict. Raises what reading its declaration may raise."""
    package = ground.package(suite)
    wanted = ground.wanted(suite, ground.parts(suite, package))
    about = [suite.kind, suite.command, suite.folder, suite.report, suite.timeout, suite.repeat, ground.region]
    return digest_of(
        "suite",
        _READING,
        about,
        content_of(ground.inputs(suite)),
        # A suite in the sandbox meets the whole application there, whatever it reads itself.
        ground.tree if suite.kind in IN_SANDBOX or (package and package.local) else "",
        _python(wanted, ground.environment) if wanted else _found(suite, ground.environment),
        [[name, content.decode(errors="replace")] for name, content in package.contents] if package else [],
        [[name, fingerprint(find(name, ground.environment))] for name in _tools(suite, node=bool(package))],
        kind_of_machine(),
    )


def _python(wanted: Wanted, environment: Mapping[str, str]) -> list[object]:
    contents = [[path, content.decode(errors="replace")] for path, content in wanted.requirements.contents]
    return [contents, list(wanted.added), wanted.tree, wanted.python.identity, resolving(environment)]


def _found(suite: Suite, environment: Mapping[str, str]) -> list[object]:
    """The programs of this machine that a suite without an environment of its own begins with."""
    found: list[object] = []
    for name in _programs(suite):
        path = find(name, environment)
        folders = packages_beside(path) if path else ()
        installed = {one.name for folder in folders for one in folder.iterdir() if one.name.endswith("-info")}
        found.append([name, fingerprint(path), sorted(installed)])
    return found


def outside(suite: Suite, environment: Mapping[str, str]) -> Outside:
    """What a suite's verdict depends on beside the commit."""
    tools, variables = [*_tools(suite, node=speaks_node(suite.command))], [*suite.environment]
    files: list[str] = []
    if suite.requirements:
        tools += PYTHONS
        files += [*HOMES, *CONFIGURATION]
        variables += RESOLVING
    else:
        tools += _programs(suite)
        paths = (find(name, environment) for name in _programs(suite))
        files += [str(folder) for path in paths if path for folder in packages_beside(path)]
    return Outside(
        environment=tuple(dict.fromkeys(variables)),
        tools=tuple(dict.fromkeys(tools)),
        files=tuple(dict.fromkeys(files)),
    )


def reads(suite: Suite) -> str:
    """What a suite reads, in a few words."""
    return ", ".join([*(suite.inputs or ("all files",)), *suite.requirements, *suite.environment, *suite.tools])


def _tools(suite: Suite, *, node: bool) -> tuple[str, ...]:
    return tuple(sorted({*suite.tools, *(("node",) if node else ())}))


def _programs(suite: Suite) -> Iterator[str]:
    for segment in segments(suite.command):
        words = [word for word in segment.split() if "=" not in word]
        if words and "/" not in words[0]:
            yield words[0]
