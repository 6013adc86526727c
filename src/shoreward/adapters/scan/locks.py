"""Lock files: which version of everything was chosen, and what asks for what.

They are read where the artifact does not show what went into it. A light reading: names, versions and edges; what a
format says beyond that is left alone. Which of the packages are meant for development is not read here but follows
from the edges (`inventory`).
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shoreward.adapters.scan.component import normalised
from shoreward.adapters.scan.manifests import npm_names
from shoreward.adapters.scan.shapes import Json, Malformed, listed, mapping, objects
from shoreward.adapters.scan.versions import Ecosystem
from shoreward.domain import Place, SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A package that a lock file pins.

    Attributes:
        requires: names, normalised.
        local: whether it is a part of the repository itself, and nothing that an index knows.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file.

    Attributes:
        linked: whether it says, for all of its packages, what asks for what.
    """

    file: str
    packages: tuple[Locked, ...]
    linked: bool = True


LOCKS: dict[Ecosystem, tuple[str, ...]] = {
    "PyPI": ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"),
    "npm": ("npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"),
}
"""Names of lock files, the one that installers prefer first; a pinned requirements.txt is one, too (`manifests`)."""


def read_lock(file: str, text: str) -> Lock:
    """A lock file's packages. Raises SpecError LOCK_UNREADABLE."""
    name = posixpath.basename(file)
    try:
        packages = tuple(_READERS[name](text))
        linked = name not in _UNLINKED and not (name == "pnpm-lock.yaml" and _workspace(text))
    except (ValueError, Malformed) as error:
        what = f"The lock file cannot be read: {error}."
        raise SpecError("LOCK_UNREADABLE", what, where=Place(file=file), next="Let its tool write it anew.") from error
    return Lock(file=file, packages=packages, linked=linked)


def _uv(text: str) -> Iterator[Locked]:
    for package in objects(tomllib.loads(text).get("package")):
        extras = mapping(package.get("optional-dependencies", {})).values()
        asked = [*objects(package.get("dependencies")), *(one for extra in extras for one in objects(extra))]
        local = bool(mapping(package.get("source", {})).keys() & {"virtual", "editable", "directory"})
        yield _python(package, [str(one.get("name")) for one in asked], local=local)


def _poetry(text: str) -> Iterator[Locked]:
    for package in objects(tomllib.loads(text).get("package")):
        yield _python(package, list(mapping(package.get("dependencies", {}))))


def _pdm(text: str) -> Iterator[Locked]:
    for package in objects(tomllib.loads(text).get("package")):
        names = [re.split(r"[^A-Za-z0-9._-]", str(one))[0] for one in listed(package.get("dependencies"))]
        yield _python(package, names)


def _pipfile(text: str) -> Iterator[Locked]:
    for name, about in mapping(mapping(json.loads(text)).get("default", {})).items():
        yield _python({"name": name, "version": str(mapping(about).get("version", "")).lstrip("=")}, [])


def _python(package: Json, requires: list[str], *, local: bool = False) -> Locked:
    return Locked(
        name=normalised("PyPI", str(package.get("name"))),
        version=str(package.get("version", "")),
        requires=tuple(sorted({normalised("PyPI", name) for name in requires})),
        local=local,
    )


def _npm(text: str) -> Iterator[Locked]:
    document = mapping(json.loads(text))
    if "packages" not in document:
        yield from _npm_before_7(mapping(document.get("dependencies", {})))
        return
    packages = mapping(document["packages"])
    for path, about in packages.items():
        package, folder = mapping(about), path.rpartition("node_modules/")[2]
        if "node_modules/" not in path:
            continue
        if package.get("link"):
            target = mapping(packages.get(str(package.get("resolved"))) or {})
            yield Locked(name=folder, version="", requires=_asked(target), local=True)
        else:
            name, version = str(package.get("name") or folder), str(package.get("version", ""))
            yield Locked(name=name, version=version, requires=_asked(package))


def _npm_before_7(dependencies: Json) -> Iterator[Locked]:
    for name, about in dependencies.items():
        package = mapping(about)
        alias = re.fullmatch(r"npm:(@?[^@]+)@(.+)", str(package.get("version", "")))
        named, version = (alias[1], alias[2]) if alias else (name, str(package.get("version", "")))
        yield Locked(name=named, version=version, requires=_names(mapping(package.get("requires") or {})))
        yield from _npm_before_7(mapping(package.get("dependencies", {})))


def _pnpm(text: str) -> Iterator[Locked]:
    document = _yaml(text)
    for part in ("packages", "snapshots"):  # newer ones say in the second part what asks for what
        for key, about in mapping(document.get(part) or {}).items():
            package, key = mapping(about or {}), key.partition("(")[0]
            found = _PNPM.fullmatch(key)
            name = package.get("name") or (found[1] if found else key[:1] + key[1:].partition("@")[0])
            version = found[2] if found else str(package.get("version", ""))
            if found or version:
                yield Locked(name=str(name), version=version, requires=_asked(package))


_PNPM = re.compile(r"/?(@[^/]+/[^/@]+|[^/@]+)[/@]([0-9][^_/(]*)(?:_.*)?")


def _workspace(text: str) -> bool:
    """Whether several packages of a repository share a lock of pnpm's, which does not say their names."""
    return len(mapping(_yaml(text).get("importers") or {})) > 1


def _yaml(text: str) -> Json:
    import yaml

    try:
        return mapping(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 (both are safe)
    except yaml.YAMLError as error:
        raise Malformed(str(error)) from error


def _yarn(text: str) -> Iterator[Locked]:
    for block in re.split(r"\n(?=\S)", text):
        head, _, body = block.partition("\n")
        head = head.split(",")[0].strip("\"': ")
        version = re.search(r"^  version:? \"?([^\"\s]+)\"?", body, re.MULTILINE)
        named = re.match(r"@?[^@]+@npm:(@?[^@]+)@", head) or re.match(r"(@?[^@]+)@", head)
        if version is not None and named is not None:
            local = "@workspace:" in head
            yield Locked(name=named[1], version=version[1], requires=tuple(sorted(_yarn_asks(body))), local=local)


def _yarn_asks(body: str) -> Iterator[str]:
    inside = False
    for line in body.splitlines():
        if re.fullmatch(r"  \w+:.*", line):
            inside = line.strip() in ("dependencies:", "optionalDependencies:", "peerDependencies:")
        elif inside and (found := re.match(r"    \"?(@?[^\s\":]+)\"?:? \"?([^\"]*)", line)):
            yield from npm_names(found[1], found[2])


def _asked(package: Json) -> tuple[str, ...]:
    groups = (package.get(key) for key in ("dependencies", "optionalDependencies", "peerDependencies"))
    return _names({name: wanted for group in groups for name, wanted in mapping(group or {}).items()})


def _names(asked: Json) -> tuple[str, ...]:
    """Names of packages that are asked for, in whatever way the lock file tells what was chosen for a name."""
    chosen = [_PNPM.fullmatch(str(wanted).partition("(")[0]) for wanted in asked.values()]
    told = {meant for name, wanted in asked.items() for meant in npm_names(name, wanted)}
    return tuple(sorted(told | {one[1] for one in chosen if one}))


_UNLINKED = ("Pipfile.lock",)
_READERS: dict[str, Callable[[str], Iterator[Locked]]] = {
    "uv.lock": _uv,
    "poetry.lock": _poetry,
    "pdm.lock": _pdm,
    "Pipfile.lock": _pipfile,
    "npm-shrinkwrap.json": _npm,
    "package-lock.json": _npm,
    "pnpm-lock.yaml": _pnpm,
    "yarn.lock": _yarn,
}
