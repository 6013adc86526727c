"""What each function of an application is made of: its files, those that its handler imports, layers, resources.

Read from the template and the files of one commit, as the builder reads them.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shoreward.app.blame.imports import imported
from shoreward.app.files import Entry, Source
from shoreward.domain import Pipeline, SpecError
from shoreward.spec.template import Asset, Template, find_assets, parameter_values, read_template
from shoreward.spec.template.document import FUNCTION
from shoreward.spec.template.files import bring_in_files
from shoreward.spec.template.plain import Json, mapping, several
from shoreward.spec.template.references import references, resource_references

FUNCTIONS = (FUNCTION, "AWS::Lambda::Function")
MANIFESTS = re.compile(
    r"(^|/)(requirements[^/]*\.txt|pyproject\.toml|[^/]*\.lock|Pipfile|package(-lock)?\.json|npm-shrinkwrap\.json"
    r"|pnpm-lock\.yaml|\.npmrc|go\.(mod|sum)|pom\.xml|build\.gradle(\.kts)?|Cargo\.toml|Gemfile|Makefile)$"
)
TESTS = re.compile(
    r"(^|/)(tests?|__tests__|spec)/|(^|/)(test_[^/]*|conftest)\.py$|_test\.py$|\.(test|spec)\.[cm]?[jt]sx?$"
)
_ELSEWHERE = re.compile(
    r"(?:(?:-r|-c|--requirement|--constraint|-e|--editable)[ =]+|file:|\"|^)(\.{1,2}/[^\s\"';#]*|[^\s\"']+\.txt)",
    re.MULTILINE,
)
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a function is made of.

    Attributes:
        folder: where its code is; None when it is not in the repository.
        handler: the files that have its handler.
        imported: the files that these import, however far away; with those of its layers.
        layers: logical ids and folders of its layers.
        outside: files and folders elsewhere that become a part of it, by links and manifests.
    """

    function: str
    folder: str | None = None
    handler: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    layers: Mapping[str, str] = field(default_factory=dict[str, str])
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """An application at a commit.

    Attributes:
        template: None when nobody can read it.
        tested: files that tests import, however far away: what they do has been looked at before the release.
        beside: for each resource, and each function, how many references lie between it and others, up to 2.
    """

    template: Template | None
    functions: Mapping[str, Made]
    beside: Mapping[str, Mapping[str, int]]
    tested: frozenset[str] = frozenset()

    def near(self, resource: str) -> Mapping[str, float]:
        """The functions that something seen on a resource may be about, each with how likely; all for no resource."""
        if resource in self.functions:
            return {resource: 1.0}
        distances = self._functions(resource)
        if not distances:  # an alarm, say, whose queue takes what another queue could not deliver
            further = [self._functions(name) for name, steps in self.beside.get(resource, {}).items() if steps == 1]
            distances = {name: steps + 1 for each in further for name, steps in each.items()}
        if not distances:
            return dict.fromkeys(self.functions, 0.5)
        return {name: 0.8 / steps for name, steps in distances.items()}

    def _functions(self, resource: str) -> dict[str, int]:
        return {name: steps for name, steps in self.beside.get(resource, {}).items() if name in self.functions}

    def alarm(self, name: str) -> str:
        """The logical id of the alarm of a name, "" when it is not the template's."""
        for logical_id, resource in self.template.resources.items() if self.template else ():
            if str(resource["Type"]).startswith("AWS::CloudWatch::"):
                given = mapping(resource.get("Properties")).get("AlarmName")
                text = mapping(given).get("Fn::Sub", given)
                parts = _PLACEHOLDER.split(text) if isinstance(text, str) else []
                pattern = ".*".join(re.escape(part) for part in parts)
                if len("".join(parts)) > 3 and re.fullmatch(pattern, name):
                    return logical_id
        return ""


def read_uses(source: Source, commit: str, pipeline: Pipeline) -> Uses:
    """What the functions are made of at a commit; nothing is known of any where the template cannot be read."""
    template = template_at(source, commit, pipeline.template)
    if template is None:
        return Uses(template=None, functions={}, beside={})
    targets = [(target.key, dict(target.parameters)) for target in pipeline.targets]
    try:
        assets = {asset.logical_id: asset for asset in find_assets(template, parameter_values(template, targets))}
    except SpecError:
        assets = {}
    entries = source.entries(commit)
    names = [name for name, _ in template.of_type(*FUNCTIONS)]
    made = {name: _made(source, commit, entries, template, assets, name) for name in names}
    tested = _tested(source, commit, entries, tuple(asset.source for asset in assets.values()))
    return Uses(template=template, functions=made, beside=_distances(template), tested=tested)


def inputs_of(source: Source, commit: str, pipeline: Pipeline) -> tuple[str, ...]:
    """The files and folders that an application is made of at a commit; ("",), all of it, where that is not sure.

    They are the template, what it brings in, the code of its functions and layers, and what their links and manifests
    lead to.
    """
    template, targets = template_at(source, commit, pipeline.template), pipeline.targets
    if template is None:
        return ("",)
    read: set[str] = {pipeline.template}

    def remember(path: str) -> bytes | None:
        read.add(path)
        return source.read(commit, path)

    try:
        values = parameter_values(template, [(target.key, dict(target.parameters)) for target in targets])
        folders = tuple(asset.source for asset in find_assets(template, values))
        bring_in_files(template, copy.deepcopy(template.value), remember)
    except SpecError:
        return ("",)
    outside = _outside(source, commit, source.entries(commit), folders)
    found = sorted({*read, *folders, *(path for path in outside if not path.startswith(".."))})
    return ("",) if {"", "."} & {*found} else tuple(found)


def template_at(source: Source, commit: str, path: str) -> Template | None:
    """The template as a commit has it, or None when it cannot be read."""
    try:
        return read_template((source.read(commit, path) or b"").decode(), path)
    except (SpecError, UnicodeDecodeError):
        return None


def inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it."""
    return folder in ("", path) or path.startswith(f"{folder}/")


def _made(
    source: Source, commit: str, entries: tuple[Entry, ...], template: Template, assets: Mapping[str, Asset], name: str
) -> Made:
    asset = assets.get(name)
    if asset is None:
        return Made(function=name)
    layers = {layer: assets[layer].source for layer in _layers(template, name) if layer in assets}
    outside = tuple(_outside(source, commit, entries, (asset.source, *layers.values())))
    paths = {entry.path for entry in entries if entry.kind != "submodule"}
    stem = asset.handler.rpartition(".")[0]
    stems = {posixpath.join(asset.source, each) for each in (stem, stem.replace(".", "/"))}
    handler = frozenset(path for path in paths if posixpath.splitext(path)[0] in stems)
    roots = (asset.source, *(posixpath.join(folder, sub) for folder in layers.values() for sub in ("python", "")))
    reached = imported(lambda path: source.read(commit, path) or b"", paths, handler, roots)
    return Made(function=name, folder=asset.source, handler=handler, imported=reached, layers=layers, outside=outside)


def _tested(source: Source, commit: str, entries: tuple[Entry, ...], folders: tuple[str, ...]) -> frozenset[str]:
    paths = {entry.path for entry in entries if entry.kind != "submodule"}
    tests = {path for path in paths if TESTS.search(path)}
    roots = ("", *folders, *(posixpath.join(folder, "python") for folder in folders))
    return imported(lambda path: source.read(commit, path) or b"", paths, tests, roots)


def _layers(template: Template, name: str) -> list[str]:
    layers = several(template.property(name, "Layers"))
    return [reference.name for layer in layers for reference in references(layer) if reference.to == "value"]


def _outside(source: Source, commit: str, entries: tuple[Entry, ...], folders: tuple[str, ...]) -> Iterator[str]:
    for entry in entries:
        parent = posixpath.dirname(entry.path)
        if not any(inside(entry.path, folder) for folder in folders):
            continue
        if entry.kind == "link":
            yield _joined(parent, (source.read(commit, entry.path) or b"").decode(errors="replace"))
        elif MANIFESTS.search(entry.path):
            text = (source.read(commit, entry.path) or b"").decode(errors="replace")
            yield from (_joined(parent, found) for found in _ELSEWHERE.findall(text))


def _joined(parent: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(parent, path))


def _distances(template: Template) -> dict[str, dict[str, int]]:
    """Neighbours, and neighbours of neighbours, over references in either direction."""
    next_to: dict[str, set[str]] = {name: set() for name in template.resources}
    for name, resource in template.resources.items():
        for one in _referred(template, name, resource):
            next_to[name].add(one)
            next_to[one].add(name)
    found: dict[str, dict[str, int]] = {}
    for name, direct in next_to.items():
        further = {other for each in direct for other in next_to[each]} - direct - {name}
        found[name] = {**dict.fromkeys(further, 2), **dict.fromkeys(direct, 1)}
    return found


def _referred(template: Template, name: str, resource: dict[str, Json]) -> set[str]:
    found = {each.name for each in resource_references(resource, ())}
    if resource["Type"] == FUNCTION:
        shared = mapping(mapping(template.value.get("Globals")).get("Function"))
        found |= {each.name for each in references(shared)}
    return (found & template.resources.keys()) - {name}
