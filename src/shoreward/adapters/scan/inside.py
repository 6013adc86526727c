"""What is really in a built artifact: the packages that installers left their names of.

Python's leave a folder `<name>-<version>.dist-info` (or `.egg-info`), wherever it lies; Node's a `package.json` at the
root of each folder in `node_modules`, nested ones included. What a bundler has melted into one file has no name any
more: that is known from lock files only (`inventory`).
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from email.parser import HeaderParser

from shoreward.adapters.scan.component import Component, normalised
from shoreward.adapters.scan.shapes import Json, Malformed, mapping
from shoreward.domain import Terminal

_PYTHON = re.compile(r"(?:.*/)?(?P<folder>[^/]+)\.(?P<kind>dist-info|egg-info)(?:/(?P<file>.*))?")
_NODE = re.compile(r"(?:.*/)?node_modules/(?P<folder>@[^/]+/[^/@.][^/]*|[^/@.][^/]*)/(?P<file>.+)")
_FOLDERS = re.compile(r"(?:^|/)node_modules/")
_INSTALLED = re.compile(r"(?:\.pnpm/[^/]+|@[^/]+/[^/]+|[^/@]+)/?")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def components(artifact: bytes, carriers: tuple[str, ...] = ()) -> tuple[Component, ...]:
    """The packages in a zip, sorted, each version once; one whose version nobody can tell has the version "".

    Raises:
        Terminal: ARTIFACT_DAMAGED when it is no sound zip.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(artifact)) as archive:
            found = {*_python(archive, carriers), *_node(archive, carriers)}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        advice = "Remove it from the artifacts' folder; it is built again."
        raise Terminal("ARTIFACT_DAMAGED", f"An artifact cannot be read: {error}.", next=advice) from error
    return tuple(sorted(found, key=lambda one: (one.package, one.requires)))


def _python(archive: zipfile.ZipFile, carriers: tuple[str, ...]) -> Iterator[Component]:
    folders: dict[tuple[str, str], str] = {}
    for name in archive.namelist():
        if found := _PYTHON.fullmatch(name):
            file = found["file"]
            key = (name.removesuffix(f"/{file}") if file else name.rstrip("/"), found["folder"])
            if file in ("METADATA", "PKG-INFO") or (file is None and found["kind"] == "egg-info"):
                folders[key] = name
            else:
                folders.setdefault(key, "")
    for (_, folder), described in sorted(folders.items()):
        text = archive.read(described).decode("utf-8", "replace") if described else ""
        yield _distribution(folder, text, carriers)


def _distribution(folder: str, text: str, carriers: tuple[str, ...]) -> Component:
    """A distribution by its metadata, or else by the name of its folder."""
    headers = HeaderParser().parsestr(text)
    name, _, version = folder.partition("-")
    version = version.partition("-py")[0]
    asked = (_REQUIREMENT.match(one) for one in headers.get_all("Requires-Dist", []) if "extra ==" not in one)
    return Component(
        ecosystem="PyPI",
        name=normalised("PyPI", (headers.get("Name") or name).strip()),
        version=(headers.get("Version") or version).strip(),
        carriers=carriers,
        requires=tuple(sorted({normalised("PyPI", one[1]) for one in asked if one})),
    )


def _node(archive: zipfile.ZipFile, carriers: tuple[str, ...]) -> Iterator[Component]:
    folders: dict[tuple[str, str], str] = {}
    for name in archive.namelist():
        if (found := _NODE.fullmatch(name)) and not name.endswith("/"):
            key = (name.removesuffix(found["file"]), found["folder"])
            folders[key] = name if found["file"] == "package.json" else folders.get(key, "")
    for (root, folder), described in sorted(folders.items()):
        found = _package(folder, archive.read(described) if described else b"{}", carriers)
        # Deep inside of a package lie test files that only look like packages.
        if found.version or all(_INSTALLED.fullmatch(part) for part in _FOLDERS.split(root)[1:]):
            yield found


def _package(folder: str, content: bytes, carriers: tuple[str, ...]) -> Component:
    """A package by its own description, whose name may differ from its folder's; without one, nobody can tell."""
    try:
        described = mapping(json.loads(content.decode("utf-8-sig")))
    except (ValueError, Malformed):
        described = Json()
    name, version = described.get("name"), described.get("version")
    asked = [described.get(key) for key in ("dependencies", "optionalDependencies")]
    return Component(
        ecosystem="npm",
        name=name if isinstance(name, str) and name else folder,
        version=version.strip() if isinstance(version, str) else "",
        carriers=carriers,
        requires=tuple(sorted({str(one) for names in asked if isinstance(names, dict) for one in mapping(names)})),
    )
