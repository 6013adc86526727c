"""Everything that an application carries: each artifact's packages, who uses them, and the line that asks for them.

    build's product ──► artifacts ──► what is inside ──┐
    template ──► assets ──► manifests, lock files ─────┴──► components with carriers and places

The artifact is believed first: what lies in it is what runs. A lock file is believed where an artifact does not show
what went into it, because a bundler or somebody's own command made it (`OPAQUE`). What such an artifact was surely
asked to hold, and what no lock file names a version of, is a component without a version, and so a finding.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

from shoreward.adapters.scan.beside import Beside, find_beside
from shoreward.adapters.scan.component import Component, Part
from shoreward.adapters.scan.graph import bringers, edges
from shoreward.adapters.scan.imports import imported
from shoreward.adapters.scan.inside import components
from shoreward.adapters.scan.manifests import MANIFESTS
from shoreward.adapters.scan.versions import Ecosystem
from shoreward.app.checking import Materials
from shoreward.app.ports import ArtifactStore
from shoreward.domain import Place
from shoreward.spec.template import Asset, Template, find_assets, parameter_values, read_template

OPAQUE = ("makefile", "esbuild", "skip")
"""Ways of building whose artifacts do not surely show what went into them."""

_ARCHIVES = (".zip", ".jar")
_LANGUAGES: dict[str, Ecosystem] = {"python": "PyPI", "nodejs": "npm"}


def inventory(materials: Materials, artifacts: ArtifactStore) -> tuple[Part, ...]:
    """What each artifact of the built revision holds.

    Raises:
        SpecError: MANIFEST_UNREADABLE, LOCK_UNREADABLE, and what is wrong with the template.
        Terminal: ARTIFACT_MISSING, ARTIFACT_DAMAGED.
    """
    repository = _Repository(materials)
    return tuple(_part(one, repository, artifacts) for one in json.loads(materials.products["build"])["artifacts"])


def _part(artifact: Mapping[str, Any], repository: _Repository, artifacts: ArtifactStore) -> Part:
    used_by = tuple(artifact["used_by"])
    carriers = repository.carriers(used_by)
    inside = components(artifacts.open(artifact["digest"]), carriers)
    assets = [repository.assets[name] for name in used_by if name in repository.assets]
    runtimes = {asset.runtime for asset in assets if asset.runtime and _language(asset) is None}
    found = _placed(assets[0], repository, inside, carriers) if assets else inside
    return Part(
        digest=artifact["digest"],
        carriers=carriers,
        components=tuple(sorted(found, key=lambda one: (one.package, str(one.where), one.requires))),
        unknown=tuple(sorted(runtimes)),
        where=assets[0].where if assets else None,
    )


def _placed(
    asset: Asset, repository: _Repository, inside: tuple[Component, ...], carriers: tuple[str, ...]
) -> set[Component]:
    """The components of an asset's artifact, with what left no name in it, each with the line that asks for it."""
    found: set[Component] = set()
    for ecosystem in MANIFESTS:
        mine = [one for one in inside if one.ecosystem == ecosystem]
        beside = repository.beside(asset, ecosystem)
        if ecosystem == _language(asset) and _opaque(asset, beside):
            mine += _melted(beside, repository, mine, ecosystem, carriers)
        brought = bringers(beside.asks, edges((one.name, one.requires) for one in mine))
        for one in mine:
            by = brought.get(one.name)
            nearest = Place(file=beside.files[0]) if beside.files else asset.where
            where = beside.asks[by].where if by else nearest
            found.add(replace(one, where=where, via=by if by and by != one.name else ""))
    return found


def _language(asset: Asset) -> Ecosystem | None:
    return next((found for name, found in _LANGUAGES.items() if asset.runtime.startswith(name)), None)


def _opaque(asset: Asset, beside: Beside) -> bool:
    """Whether an artifact may hold what left no name in it.

    Python's installers leave names, so there only what is asked for beside the code itself is missed. Bundles of
    JavaScript are made from anywhere in a repository.
    """
    made = asset.method in OPAQUE or asset.source.endswith(_ARCHIVES)
    near = {posixpath.dirname(file) for file in beside.files} == {asset.source}
    return made and (near or _language(asset) == "npm")


def _melted(
    beside: Beside, repository: _Repository, seen: Iterable[Component], ecosystem: Ecosystem, carriers: tuple[str, ...]
) -> Iterator[Component]:
    """Packages that went into an artifact without leaving their names in it."""
    names = {one.name for one in seen}
    for one in beside.carried(repository.imported(beside)):
        if one.name not in names:
            yield Component(
                ecosystem=ecosystem,
                name=one.name,
                version=one.version,
                carriers=carriers,
                seen="lock",
                requires=one.requires,
            )


class _Repository:
    """The commit's template, manifests and lock files, each read once."""

    def __init__(self, materials: Materials) -> None:
        self._materials = materials
        entries = materials.source.entries(materials.commit)
        self._paths = frozenset(entry.path for entry in entries if entry.kind in ("file", "executable"))
        self._beside: dict[tuple[str, Ecosystem], Beside] = {}

    def read(self, path: str) -> str | None:
        """A file of the commit, None when there is none."""
        content = self._materials.source.read(self._materials.commit, path) if path in self._paths else None
        return None if content is None else content.decode("utf-8", "replace").removeprefix("\ufeff")

    @cached_property
    def template(self) -> Template:
        """The application's template."""
        name = self._materials.pipeline.template
        return read_template(self.read(name) or "", name)

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """Functions and layers whose code is built, by logical id."""
        targets = [(target.key, dict(target.parameters)) for target in self._materials.pipeline.targets]
        found = find_assets(self.template, parameter_values(self.template, targets))
        return {asset.logical_id: asset for asset in found}

    def carriers(self, used_by: tuple[str, ...]) -> tuple[str, ...]:
        """Those that are an artifact, and the functions that use one of them as a layer."""
        users = (name for name in self.assets if _refers(self.template.property(name, "Layers"), used_by))
        return tuple(sorted({*used_by, *users}))

    def beside(self, asset: Asset, ecosystem: Ecosystem) -> Beside:
        """What is written down about an asset's packages."""
        folder = posixpath.dirname(asset.source) if asset.source.endswith(_ARCHIVES) else asset.source
        if (folder, ecosystem) not in self._beside:
            self._beside[folder, ecosystem] = find_beside(folder, ecosystem, self.read)
        return self._beside[folder, ecosystem]

    def imported(self, beside: Beside) -> frozenset[str]:
        """What code imports although it is asked for to develop only: a bundler takes it in all the same."""
        if beside.lock is None or not beside.development or not beside.files[0].endswith("package.json"):
            return frozenset()
        found = imported(self._materials.source, self._materials.commit, posixpath.dirname(beside.files[0]))
        return found & beside.development


def _refers(value: Any, names: tuple[str, ...]) -> bool:
    """Whether something in a template refers to one of some resources."""
    match value:
        case dict():
            pairs = cast("dict[str, Any]", value).items()
            return any((key == "Ref" and inner in names) or _refers(inner, names) for key, inner in pairs)
        case list():
            return any(_refers(inner, names) for inner in cast("list[Any]", value))
        case _:
            return False
