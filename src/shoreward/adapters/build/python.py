"""Dependencies of Python functions and layers, installed by uv for the machine that they will run on.

Only wheels are installed, for Lambda's Linux and the function's own Python and architecture, whatever this machine is.
What uv leaves behind is made the same on every machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoreward.adapters.build.commands import run
from shoreward.domain import Place, SpecError

MANIFESTS = ("requirements.txt", "uv.lock", "pyproject.toml")
_LEFTOVERS = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
_ENVIRONMENT = ("UV_", "PIP_INDEX", "PIP_EXTRA")
_IGNORED = ("UV_CACHE_DIR", "UV_PYTHON_DOWNLOADS", "UV_NO_PROGRESS", "UV")
_ADVICE = "What has no wheel for Lambda's Linux can be compiled by a makefile: Metadata, BuildMethod: makefile."
_PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[^]]*])?\s*(===?\s*[^\s*,;]+|@\s*\S+)\s*(;.*)?(\s+--hash.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a package must fit: Python such as 3.12, and x86_64 or arm64."""

    version: str
    architecture: str

    @property
    def platform(self) -> str:
        """uv's name of Lambda's Linux: Python up to 3.11 runs on Amazon Linux 2 (glibc 2.26), newer on 2023 (2.34)."""
        cpu = {"x86_64": "x86_64", "arm64": "aarch64"}[self.architecture]
        modern = tuple(int(part) for part in self.version.split(".")) >= (3, 12)
        return f"{cpu}-manylinux_2_34" if modern else f"{cpu}-manylinux_2_17"


def manifest(source: Path) -> str | None:
    """The file that names a folder's dependencies, or None when it has none.

    A uv.lock goes before requirements.txt, and that before pyproject.toml's own list.
    """
    if (source / "uv.lock").is_file() and (source / "pyproject.toml").is_file():
        return "uv.lock"
    if (source / "requirements.txt").is_file():
        lines = (source / "requirements.txt").read_text(errors="replace").splitlines()
        if any(line.split("#", 1)[0].strip() for line in lines):
            return "requirements.txt"
    if (source / "pyproject.toml").is_file() and _project(source).get("dependencies"):
        return "pyproject.toml"
    return None


def pinned(source: Path, name: str) -> bool:
    """Whether the manifest names one version of everything, so that every machine installs the same."""
    if name != "requirements.txt":
        return name == "uv.lock"
    text = (source / name).read_text(errors="replace").replace("\\\n", " ")
    lines = [line.split(" #", 1)[0].strip() for line in text.splitlines()]
    return all(_PINNED.match(line) for line in lines if line and not line.startswith(("#", "--")))


def settings() -> str:
    """A digest of what decides on this machine where packages come from: uv's environment and its user's settings."""
    chosen = {
        name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT) and name not in _IGNORED
    }
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "uv" / "uv.toml"
    files = [path.read_bytes() for path in (home, Path("/etc/uv/uv.toml")) if path.is_file()]
    return hashlib.sha256(repr((sorted(chosen.items()), files)).encode()).hexdigest()


def install(
    source: Path,
    name: str,
    target: Path,
    machine: Machine,
    *,
    subject: str,
    where: Place,
    path: str,
    stop: threading.Event,
) -> None:
    """Install what a manifest asks for into a directory. Arguments and exceptions as of `commands.run`."""
    import uv

    command = uv.find_uv_bin()
    quiet = ("--no-progress", "--color", "never")
    extra = {"UV_PYTHON_DOWNLOADS": "never"}

    def ask(*arguments: str | Path) -> None:
        run(arguments, source, subject=subject, where=where, stop=stop, path=path, extra=extra)

    options: tuple[str, ...] = ("-r", name)
    listed = target.parent / f"{target.name}.txt"
    try:
        if name == "uv.lock":
            export = ("export", "--frozen", "--no-dev", "--no-emit-project", "--no-header", *quiet, "-o", listed)
            ask(command, *export, "--python", sys.executable)
            options = ("--no-deps", "-r", str(listed))
        arguments = (
            "--target", str(target), "--python", sys.executable, "--python-version", machine.version,
            "--python-platform", machine.platform, "--only-binary", ":all:", "--link-mode", "copy",
        )  # fmt: skip
        ask(command, "pip", "install", *quiet, *arguments, *options)
    finally:
        listed.unlink(missing_ok=True)
    normalise(target)


def normalise(target: Path) -> None:
    """Remove or rewrite what tells of this machine or this moment in an installed tree."""
    (target / ".lock").unlink(missing_ok=True)
    for cache in sorted(target.rglob("__pycache__")):
        shutil.rmtree(cache)
    for info in sorted(target.glob("*.dist-info")):
        for leftover in _LEFTOVERS:
            (info / leftover).unlink(missing_ok=True)
        if (record := info / "RECORD").is_file():
            record.write_text("".join(f"{line}\n" for line in _record(record.read_text().splitlines())))
    for script in sorted((target / "bin").glob("*")):
        if script.is_file():
            script.write_bytes(_shebang(script.read_bytes()))


def _record(lines: list[str]) -> list[str]:
    def kept(line: str) -> bool:
        path = line.rsplit(",", 2)[0].strip('"')
        # Scripts were rewritten, so their hashes would be wrong.
        return not (path.startswith(("bin/", "../")) or path.endswith((".pyc", *(f"/{name}" for name in _LEFTOVERS))))

    return sorted(line for line in lines if kept(line))


def _shebang(script: bytes) -> bytes:
    if script.startswith(b"#!/bin/sh\n'''exec'"):
        return b"#!/usr/bin/env python3\n" + script.split(b"\n", 3)[3]
    first, newline, rest = script.partition(b"\n")
    if first.startswith(b"#!") and b"python" in first:
        return b"#!/usr/bin/env python3" + newline + rest
    return script


def _project(source: Path) -> dict[str, Any]:
    path = source / "pyproject.toml"
    try:
        return tomllib.loads(path.read_text()).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(
            "BUILD_FAILED", f"pyproject.toml cannot be read: {error}.", where=Place(file=path.name)
        ) from error
