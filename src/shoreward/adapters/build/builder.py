"""A commit becomes a Revision: `app.ports.Builder` on this machine.

The way: the commit's files are listed, the template read, what its functions and layers are made of is built or
remembered, the template rendered with the digests that came out, and all of it named by one digest. Nothing is read
from the work tree, and nothing is said to AWS.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shoreward.adapters.build import memory, python
from shoreward.adapters.build.assemble import assemble, language
from shoreward.adapters.build.configuration import revision_of, untried
from shoreward.adapters.build.handlers import check_handler
from shoreward.adapters.build.keys import asset_key, below, tools
from shoreward.adapters.build.store import ArtifactFiles
from shoreward.adapters.build.trial import trial_of
from shoreward.adapters.build.zips import LIMIT, biggest_parts, pack, unpacked_size
from shoreward.app.files import Entry, Source
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.ports import Blobs
from shoreward.domain import (
    Artifact,
    Pipeline,
    Place,
    Revision,
    SandboxPlan,
    SpecError,
    SpecErrors,
    Terminal,
    Wave,
    canonical,
    digest_of,
)
from shoreward.spec.template import (
    Asset,
    Note,
    Read,
    Template,
    Values,
    find_assets,
    misfits,
    parameter_values,
    read_template,
    render,
)

_ZIPPED = (".zip", ".jar")
NO_CODE = "0" * 64
"""Stands for the digest of any code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A revision, and what a person should know of how it came about.

    Attributes:
        outline: digest of the template as it would be if all code of functions were the same zip (`app.ports.Blobs`):
            what may be said of the template without looking at code, may be said of this one.
        cached: whether nothing had to be built or rendered.
        rebuilt: logical ids whose artifacts were built anew.
    """

    revision: Revision
    outline: str
    notes: tuple[Note, ...]
    cached: bool
    rebuilt: tuple[str, ...] = ()


class LocalBuilder:
    """Builds on this machine.

    Args:
        source: the repository.
        blobs: keeps rendered templates.
        artifacts: keeps artifacts and what was remembered of earlier builds.
    """

    def __init__(self, source: Source, blobs: Blobs, artifacts: ArtifactFiles) -> None:
        self._source = source
        self._blobs = blobs
        self._artifacts = artifacts

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        """Render the template and build the artifacts of a commit, or gather its values; see `app.ports.Builder`."""
        stop = threading.Event()
        if interruption:
            interruption.listen(stop.set)
        return self.make(pipeline, commit, stop).revision

    def make(self, pipeline: Pipeline, commit: str, stop: threading.Event | None = None) -> Built:
        """Build a commit, with notes.

        Args:
            stop: ends it when set.

        Raises:
            SpecError: the template or the code cannot be built, or BUILD_DIFFERS; `SpecErrors` for several mistakes.
            UserError: there is no such commit.
            Retryable: BUILD_NETWORK, a package index could not be reached.
            Abandoned: it was stopped, and what it had begun has ended.
        """
        oid = self._source.resolve(commit).id
        if pipeline.configuration is not None:
            revision = revision_of(self._source, self._blobs, pipeline.configuration, oid, pipeline.targets)
            notes = tuple(untried(pipeline.configuration, tried=_sandbox(pipeline) is not None))
            return Built(revision=revision, outline=revision.template, notes=notes, cached=False)
        settings = python.settings()
        key = self._key(pipeline, oid, settings)
        return self._remembered(key, oid) or self._make(pipeline, oid, settings, key, stop or threading.Event())

    def trial(self, pipeline: Pipeline, commit: str) -> Revision:
        """What stands in a sandbox: the revision of a commit; of a configuration the application that reads it, too."""
        made, plan = self.build(pipeline, commit), _sandbox(pipeline)
        if pipeline.configuration is None or plan is None:
            return made
        there = (Wave(name="sandbox", targets=(plan.target,)),)
        reader = self.build(
            dataclasses.replace(pipeline, configuration=None, template=plan.template, waves=there), commit
        )
        return trial_of(reader, made, pipeline.targets[0], self._blobs)

    def key(self, pipeline: Pipeline, commit: str) -> str:
        """What the revision of a commit depends on, as one digest; costs milliseconds."""
        return self._key(pipeline, commit, python.settings())

    def outline(self, pipeline: Pipeline, commit: str) -> str | None:
        """The outline (see `Built`) of a commit that was built on this machine, or None; costs milliseconds."""
        found = self._artifacts.recall(self.key(pipeline, self._source.resolve(commit).id))
        return found.get("outline") if found is not None else None

    def has(self, templates: Iterable[str], artifacts: Iterable[tuple[str, int]]) -> bool:
        """Whether rendered templates and artifacts (digest and size) are on this machine."""
        try:
            for template in templates:
                self._blobs.get(template)
        except Terminal:
            return False
        return all(self._artifacts.size(digest) == size for digest, size in artifacts)

    def _key(self, pipeline: Pipeline, oid: str, settings: str) -> str:
        tree, sandbox = self._source.tree(oid), _sandbox(pipeline)
        own = [sandbox.target.parameters, str(sandbox.where)] if sandbox else None
        carried = pipeline.template if pipeline.configuration is None else dataclasses.asdict(pipeline.configuration)
        return digest_of("revision", tools(), tree, carried, _targets(pipeline), own, settings)

    def _make(self, pipeline: Pipeline, oid: str, settings: str, key: str, stop: threading.Event) -> Built:
        targets = _targets(pipeline)
        entries = self._source.entries(oid)
        template = self._read(pipeline, oid, entries)
        values = parameter_values(template, targets)
        assets = find_assets(template, values)
        _check_sandbox(pipeline, template, values)
        build = _Build(self._source, self._artifacts, oid, entries, settings, stop)
        made = build.all(assets)
        digests = {name: one.digest for name, one in made.items()}
        same = digests | {asset.logical_id: NO_CODE for asset in assets if asset.kind == "function"}
        read: Read = lambda path: self._source.read(oid, path)  # noqa: E731
        regions = {target.region for target in pipeline.targets}
        rendered = render(template, values, assets, digests, read, self._artifacts, regions)
        outline = self._blobs.put(canonical(render(template, values, assets, same, read, self._artifacts).template))
        blob = self._blobs.put(canonical(rendered.template))
        artifacts = _artifacts(made, self._artifacts)
        parameters = [[name, sorted(given.items())] for name, given in sorted(targets)]
        revision = Revision(
            digest=digest_of(blob, [artifact.digest for artifact in artifacts], parameters),
            commit=oid,
            template=blob,
            functions=rendered.functions,
            artifacts=artifacts,
        )
        notes = (*(note for one in made.values() for note in one.notes), *rendered.notes)
        kept = {"revision": dataclasses.asdict(revision), "outline": outline, "notes": memory.plain(notes)}
        self._artifacts.remember(key, kept)
        rebuilt = tuple(name for name, one in made.items() if one.fresh)
        return Built(revision=revision, outline=outline, notes=notes, cached=False, rebuilt=rebuilt)

    def _read(self, pipeline: Pipeline, oid: str, entries: tuple[Entry, ...]) -> Template:
        content = self._source.read(oid, pipeline.template)
        if content is None:
            alike = [entry.path for entry in entries if entry.path.endswith((".yaml", ".yml", ".json", ".template"))]
            advice = f"The commit has: {', '.join(alike[:5])}." if alike else "Is it committed?"
            what = f"The commit {oid[:10]} has no template {pipeline.template}."
            raise SpecError("TEMPLATE_MISSING", what, where=Place(file=pipeline.template), next=advice)
        try:
            return read_template(content.decode(), pipeline.template)
        except UnicodeDecodeError as error:
            where = Place(file=pipeline.template)
            raise SpecError("TEMPLATE_INVALID", "The template is not UTF-8 text.", where=where) from error

    def _remembered(self, key: str, oid: str) -> Built | None:
        """An earlier build of the same tree, if all that it made is still there."""
        found = self._artifacts.recall(key)
        if found is None or "outline" not in found:
            return None
        revision, outline = memory.revision(found["revision"], oid), str(found["outline"])
        artifacts = ((artifact.digest, artifact.size) for artifact in revision.artifacts)
        if not self.has((revision.template, outline), artifacts):
            return None
        return Built(revision=revision, outline=outline, notes=memory.notes(found["notes"]), cached=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    digest: str
    notes: tuple[Note, ...]
    fresh: bool


class _Build:
    """The assets of one commit."""

    def __init__(
        self,
        source: Source,
        artifacts: ArtifactFiles,
        oid: str,
        entries: tuple[Entry, ...],
        settings: str,
        stop: threading.Event,
    ) -> None:
        self._source = source
        self._artifacts = artifacts
        self._oid = oid
        self._entries = entries
        self._settings = settings
        self._stop = stop

    def all(self, assets: tuple[Asset, ...]) -> dict[str, _Made]:
        """Artifact digest by logical id; mistakes of all assets are gathered before anything is said."""
        made: dict[str, _Made] = {}
        errors: list[SpecError] = []
        for asset in assets:
            if self._stop.is_set():
                raise Abandoned
            try:
                made[asset.logical_id] = self._one(asset)
            except SpecErrors as several:
                errors.extend(several.errors)
            except SpecError as error:
                errors.append(error)
        if errors:
            raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0]
        return made

    def _one(self, asset: Asset) -> _Made:
        entries = below(self._entries, asset.source)
        self._check(asset, entries)
        whole = self._whole(asset, entries)
        key = asset_key(asset, entries, self._settings, whole)
        found = self._artifacts.recall(key)
        if found is not None and self._artifacts.size(found["digest"]) is not None:
            return _Made(digest=found["digest"], notes=memory.placed(memory.notes(found["notes"]), asset), fresh=False)
        if len(entries) == 1 and entries[0].path == asset.source and asset.source.endswith(_ZIPPED):
            digest, notes = self._artifacts.put(self._source.read(self._oid, asset.source) or b""), ()
        else:
            digest, notes = self._build(asset, whole)
        self._artifacts.remember(key, {"digest": digest, "notes": memory.plain(notes)})
        return _Made(digest=digest, notes=notes, fresh=True)

    def _build(self, asset: Asset, whole: str) -> tuple[str, tuple[Note, ...]]:
        root = Path(tempfile.mkdtemp(prefix="shoreward-build-"))
        try:
            (root / "commit").mkdir()
            (root / "made").mkdir()
            self._source.export(self._oid, root / "commit", "" if whole else asset.source)
            assembled = assemble(asset, root / "commit", root / "made", self._artifacts, whole, self._stop)
            if (size := unpacked_size(assembled.files)) > LIMIT:
                parts = ", ".join(f"{name} {bytes_ / 1e6:.0f} MB" for name, bytes_ in biggest_parts(assembled.files))
                what = f"{asset.logical_id} has {size / 1e6:.0f} MB unpacked, and Lambda takes {LIMIT / 1e6:.0f} MB."
                raise SpecError("PACKAGE_TOO_LARGE", what, where=asset.where, next=f"The biggest parts: {parts}.")
            notes = assembled.notes
            if asset.kind == "function":
                notes += check_handler(asset, assembled.files, assembled.own)
            return self._artifacts.put(pack(assembled.files)), notes
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _check(self, asset: Asset, entries: tuple[Entry, ...]) -> None:
        if not entries:
            what = (
                f"{asset.logical_id} has its code in {asset.source}, which the commit {self._oid[:10]} does not have."
            )
            advice = "The path is relative to the template; is the folder committed?"
            raise SpecError("CODE_MISSING", what, where=asset.where, next=advice)
        outside = [entry for entry in self._entries if entry.kind == "submodule" and _overlap(entry.path, asset.source)]
        if outside:
            what = f"{asset.logical_id} has code in the submodule {outside[0].path}, which the commit does not hold."
            advice = "Copy the code into the repository (git subtree), or install it as a dependency."
            raise SpecError("GIT_SUBMODULE", what, where=asset.where, next=advice)
        if not asset.source.endswith(_ZIPPED):
            language(asset)

    def _whole(self, asset: Asset, entries: tuple[Entry, ...]) -> str:
        """Digest of the commit's tree when the asset may be made of files outside of its own folder, else ''."""
        if any(entry.kind == "link" for entry in entries) or self._mentions_elsewhere(asset, entries):
            return self._source.tree(self._oid) or ""
        return ""

    def _mentions_elsewhere(self, asset: Asset, entries: tuple[Entry, ...]) -> bool:
        manifests = {"requirements.txt", "pyproject.toml", "uv.lock", "package.json"}
        for entry in entries:
            folder, _, name = entry.path.rpartition("/")
            if folder == asset.source and name in manifests:
                content = self._source.read(self._oid, entry.path) or b""
                if b".." in content or b"file:" in content or b"workspace:" in content:
                    return True
        return False


def _targets(pipeline: Pipeline) -> list[tuple[str, dict[str, str]]]:
    return [(target.key, dict(target.parameters)) for target in pipeline.targets]


def _sandbox(pipeline: Pipeline) -> SandboxPlan | None:
    return pipeline.checks.sandbox if pipeline.checks else None


def _check_sandbox(pipeline: Pipeline, template: Template, values: Values) -> None:
    """Raises SpecError BUILD_DIFFERS when sandboxes would run what was not built for them."""
    if plan := _sandbox(pipeline):
        errors = list(misfits(template, values, plan.target, plan.where))
        if errors:
            raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0]


def _overlap(submodule: str, source: str) -> bool:
    return not source or submodule == source or submodule.startswith(f"{source}/") or source.startswith(f"{submodule}/")


def _artifacts(made: dict[str, _Made], store: ArtifactFiles) -> tuple[Artifact, ...]:
    users: dict[str, list[str]] = {}
    for name, one in made.items():
        users.setdefault(one.digest, []).append(name)
    return tuple(
        Artifact(digest=digest, size=store.size(digest) or 0, used_by=tuple(sorted(users[digest])))
        for digest in sorted(users)
    )
