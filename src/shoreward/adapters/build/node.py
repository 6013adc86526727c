"""Dependencies and bundles of Node functions and layers: npm and esbuild.

npm runs without lifecycle scripts: what they compile would fit this machine and not Lambda's, and what a dependency
runs while it is installed is nobody's business. A package that must be compiled is built with BuildMethod: makefile.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from shoreward.adapters.build.commands import run
from shoreward.domain import Place, SpecError
from shoreward.spec.template import Asset

MANIFESTS = ("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc")
_FLAGS = {
    "Minify": "--minify",
    "Sourcemap": "--sourcemap",
    "KeepNames": "--keep-names",
    "SourcesContent": "--sources-content",
}
_VALUES = {"Target": "--target", "Format": "--format", "MainFields": "--main-fields", "LogLevel": "--log-level"}
_LISTS = {"External": "--external", "OutExtension": "--out-extension", "Loader": "--loader", "Banner": "--banner"}
_KNOWN = ("EntryPoints", *_FLAGS, *_VALUES, *_LISTS)


def package(source: Path, where: Place) -> dict[str, Any]:
    """A folder's package.json, or nothing when it has none."""
    path = source / "package.json"
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise SpecError("BUILD_FAILED", f"package.json cannot be read: {error}.", where=where) from error
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def locked(source: Path) -> bool:
    """Whether a lock file says which version of everything to install."""
    return any((source / name).is_file() for name in MANIFESTS[1:3])


def install(source: Path, asset: Asset, stop: threading.Event, *, bundling: bool = False) -> None:
    """Install a folder's dependencies into its node_modules.

    Args:
        stop: ends it when set.
        bundling: they are for esbuild, which runs on this machine; what is needed in development only comes with them
            unless esbuild itself is needed in production, as `sam build` has it.

    Raises NPM_MISSING, and as `commands.run` does.
    """
    subject, where = asset.logical_id, asset.where
    npm = shutil.which("npm")
    if npm is None:
        advice = (
            "Install Node.js with npm on the machine that builds, or bring node_modules with BuildMethod: makefile."
        )
        raise SpecError("NPM_MISSING", f"Building {subject} needs npm.", where=where, next=advice)
    how = ("ci",) if locked(source) else ("install", "--no-package-lock")
    development = bundling and "esbuild" not in (package(source, where).get("dependencies") or {})
    kind = () if development else ("--omit=dev",)
    cpu = {"x86_64": "x64", "arm64": "arm64"}[asset.architecture]
    fit = () if bundling else ("--os=linux", f"--cpu={cpu}", "--libc=glibc")
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error", *kind, *fit)
    run((npm, *how, *options), source, subject=subject, where=where, stop=stop, path=asset.source)
    if not bundling:  # links to commands, which no function runs
        shutil.rmtree(source / "node_modules" / ".bin", ignore_errors=True)
    (source / "node_modules" / ".package-lock.json").unlink(missing_ok=True)


def show(installed: Path, source: Path) -> None:
    """Let a folder have the dependencies that were installed elsewhere."""
    if (installed / "node_modules").is_dir():
        (source / "node_modules").symlink_to(installed / "node_modules", target_is_directory=True)


def bundle(source: Path, target: Path, asset: Asset, stop: threading.Event) -> None:
    """Bundle a function with esbuild as its BuildProperties say; dependencies are in its folder, or shown there.

    Raises ESBUILD_MISSING, BUILD_PROPERTY_UNKNOWN, and as `commands.run` does.
    """
    arguments = tuple(_arguments(asset))
    local = source / "node_modules" / ".bin" / "esbuild"
    tool = str(local) if local.exists() else shutil.which("esbuild")
    if tool is None:
        advice = "Add it to devDependencies (npm install --save-dev esbuild), or install it on the machine that builds."
        raise SpecError("ESBUILD_MISSING", f"{asset.logical_id} is bundled by esbuild.", where=asset.where, next=advice)
    points = _texts(asset.properties.get("EntryPoints")) or [f"{asset.handler.rsplit('.', 1)[0]}.js"]
    # The bundle names its parts by their paths: where dependencies are kept on this machine must not show.
    shown = ("--preserve-symlinks",) if (source / "node_modules").is_symlink() else ()
    command = (tool, *points, "--bundle", "--platform=node", f"--outdir={target}", *shown, *arguments)
    run(command, source, subject=asset.logical_id, where=asset.where, stop=stop, path=asset.source)


def _arguments(asset: Asset) -> Iterator[str]:
    given = {"Minify": True, "Target": "es2020", "Format": "cjs"} | asset.properties
    for name, value in given.items():
        if name not in _KNOWN:
            what = f"BuildProperties of {asset.logical_id}: '{name}' is not known."
            advice = f"Known: {', '.join(_KNOWN)}."
            raise SpecError("BUILD_PROPERTY_UNKNOWN", what, where=asset.where, next=advice)
        if name in _FLAGS and value:
            yield _FLAGS[name]
        elif name in _VALUES:
            yield f"{_VALUES[name]}={','.join(_texts(value))}"
        elif name in _LISTS:
            yield from (f"{_LISTS[name]}:{item}" for item in _texts(value))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}={inner}" for key, inner in cast("dict[str, Any]", value).items()]
    listed = cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]
    return [str(item) for item in listed]
