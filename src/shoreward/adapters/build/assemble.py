"""One asset: from a folder of a commit to the files that go into its zip."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from sysconfig import get_platform

from shoreward.adapters.build import node, python
from shoreward.adapters.build.commands import run
from shoreward.adapters.build.store import ArtifactFiles
from shoreward.adapters.build.zips import Member, members
from shoreward.domain import SpecError, digest_of
from shoreward.spec.template import Asset, Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """Files of an asset by their names in its zip.

    Attributes:
        own: names that come from the repository itself.
    """

    files: Mapping[str, Member]
    own: frozenset[str]
    notes: tuple[Note, ...] = ()


def language(asset: Asset) -> str:
    """How an asset is built: skip, makefile, esbuild, python, nodejs or plain. Raises SpecError BUILD_UNSUPPORTED."""
    method, runtime = asset.method, asset.runtime
    if method in ("skip", "makefile", "esbuild"):
        return method
    if asset.kind == "layer" and not method:
        return "plain"
    wanted = (method or runtime).removeprefix("python-uv") or runtime
    if wanted.startswith(("python", "nodejs")):
        return "python" if wanted.startswith("python") else "nodejs"
    if not method and runtime.startswith(("provided", "ruby")):
        return "plain"
    what = f"{asset.logical_id} would have to be compiled ({wanted}), which Shoreward leaves to a makefile."
    advice = f"Give it Metadata with BuildMethod: makefile, and a Makefile with the target build-{asset.logical_id}."
    raise SpecError("BUILD_UNSUPPORTED", what, where=asset.where, next=advice)


def assemble(
    asset: Asset, root: Path, work: Path, store: ArtifactFiles, whole: str, stop: threading.Event
) -> Assembled:
    """Build an asset.

    Args:
        root: the exported files of the commit.
        work: an empty directory that lives until the zip is written.
        whole: digest of the commit's tree when the build may look at all of it, else ''.
        stop: ends it when set; then `Abandoned` is raised.
    """
    source = root / asset.source
    match language(asset):
        case "makefile":
            return _made(asset, source, work, stop)
        case "esbuild":
            return _bundled(asset, source, work, store, whole, stop)
        case "python":
            return _python(asset, root, source, store, whole, stop)
        case "nodejs":
            return _node(asset, root, source, store, whole, stop)
        case _:
            files = members(source, inside=root)
            return Assembled(files=files, own=frozenset(files))


def _python(
    asset: Asset, root: Path, source: Path, store: ArtifactFiles, whole: str, stop: threading.Event
) -> Assembled:
    prefix = "python/" if asset.kind == "layer" else ""
    own = members(source, prefix, inside=root)
    name = python.manifest(source)
    if name is None:
        return Assembled(files=own, own=frozenset(own))
    version = (asset.method if asset.method.startswith("python3") else asset.runtime).removeprefix("python")
    machine = python.Machine(version=version, architecture=asset.architecture)
    contents = [(source / part).read_bytes().hex() for part in python.MANIFESTS if (source / part).is_file()]
    key = digest_of("python", name, contents, machine.version, machine.platform, python.settings(), whole)

    def make(target: Path) -> None:
        subject, where, path = asset.logical_id, asset.where, asset.source
        python.install(source, name, target, machine, subject=subject, where=where, path=path, stop=stop)

    tree = store.tree(key, make)
    notes = () if python.pinned(source, name) else (_unpinned(asset, name),)
    return Assembled(files=members(tree, prefix) | own, own=frozenset(own), notes=notes)


def _bundled(
    asset: Asset, source: Path, work: Path, store: ArtifactFiles, whole: str, stop: threading.Event
) -> Assembled:
    about = node.package(source, asset.where)
    notes: tuple[Note, ...] = ()
    if about.get("dependencies") or about.get("devDependencies"):
        notes = () if node.locked(source) else (_unpinned(asset, "package.json"),)

        def install(folder: Path) -> None:
            node.install(folder, asset, stop, bundling=True)

        if whole or (source / "node_modules").exists():  # dependencies that lie beside the function, or in it
            install(source)
        else:
            node.show(_kept(source, store, digest_of("bundling", get_platform(), _manifests(source)), install), source)
    node.bundle(source, work, asset, stop)
    files = members(work)
    return Assembled(files=files, own=frozenset(files), notes=notes)


def _manifests(source: Path) -> list[str]:
    return [(source / part).read_bytes().hex() if (source / part).is_file() else "" for part in node.MANIFESTS]


def _kept(source: Path, store: ArtifactFiles, key: str, install: Callable[[Path], None]) -> Path:
    """The folder in which a package's dependencies are installed, once for all that its manifests say."""

    def make(target: Path) -> None:
        for part in node.MANIFESTS:
            if (source / part).is_file():
                shutil.copyfile(source / part, target / part)
        install(target)
        for part in node.MANIFESTS:
            (target / part).unlink(missing_ok=True)

    return store.tree(key, make)


def _node(asset: Asset, root: Path, source: Path, store: ArtifactFiles, whole: str, stop: threading.Event) -> Assembled:
    prefix = "nodejs/" if asset.kind == "layer" else ""
    own = members(source, prefix, inside=root)
    if not node.package(source, asset.where).get("dependencies"):
        return Assembled(files=own, own=frozenset(own))
    key = digest_of("nodejs", _manifests(source), asset.architecture, whole)

    def install(folder: Path) -> None:
        node.install(folder, asset, stop)

    def make(target: Path) -> None:
        install(source)
        shutil.copytree(source / "node_modules", target / "node_modules", symlinks=False)

    # With `whole` there are dependencies that lie beside the function.
    tree = store.tree(key, make) if whole else _kept(source, store, key, install)
    notes = () if node.locked(source) else (_unpinned(asset, "package.json"),)
    return Assembled(files=members(tree, prefix) | own, own=frozenset(own), notes=notes)


def _made(asset: Asset, source: Path, work: Path, stop: threading.Event) -> Assembled:
    make = shutil.which("make")
    if make is None or not (source / "Makefile").is_file():
        missing = "a Makefile in its folder" if make else "the command make"
        raise SpecError("BUILD_FAILED", f"Building {asset.logical_id} needs {missing}.", where=asset.where)
    command = (make, "--no-print-directory", f"build-{asset.logical_id}")
    extra = {"ARTIFACTS_DIR": str(work)}
    run(command, source, subject=asset.logical_id, where=asset.where, stop=stop, path=asset.source, extra=extra)
    files = members(work)
    if not files:
        what = f"make build-{asset.logical_id} put nothing into $(ARTIFACTS_DIR)."
        raise SpecError("BUILD_FAILED", what, where=asset.where, next="Copy what is to be deployed there.")
    return Assembled(files=files, own=frozenset(files))


def _unpinned(asset: Asset, name: str) -> Note:
    text = f"{name} of {asset.logical_id} leaves versions open: another machine may build something else."
    return Note(code="DEPENDENCIES_OPEN", text=text, resource=asset.logical_id, where=asset.where)
