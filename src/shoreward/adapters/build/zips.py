"""Zips that depend on nothing but their content: the same files give the same bytes, always and everywhere.

Entries are sorted, times are 1980-01-01, modes are 0644 or 0755 (Lambda must be able to read what it unpacks), links
are followed, and what Python compiles on its own is left out.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shoreward.domain import Place, SpecError

LIMIT = 262_144_000
"""Bytes that a function or a layer may have when it is unpacked (Lambda's quota of 250 MB)."""

_TIME = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = ("__pycache__", ".git")
_LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file that goes into a zip: where it lies on this machine, and whether it may be executed."""

    path: Path
    executable: bool


def members(directory: Path, prefix: str = "", *, inside: Path | None = None) -> dict[str, Member]:
    """Files of a directory by their names in a zip, links followed.

    Args:
        prefix: folder in the zip, such as `python/`.
        inside: links may lead anywhere in here (default: the directory itself).

    Raises:
        SpecError: LINK_OUTSIDE for a link that leads elsewhere or nowhere: its target is not part of the commit.
    """
    root = (inside or directory).resolve()
    return {f"{prefix}{name}": member for name, member in _walk(directory, "", root, ())}


def _walk(directory: Path, prefix: str, root: Path, above: tuple[Path, ...]) -> Iterator[tuple[str, Member]]:
    here = directory.resolve()
    for path in sorted(directory.iterdir()):
        name = f"{prefix}{path.name}"
        if path.name in _LEFT_OUT or path.suffix == ".pyc":
            continue
        if path.is_symlink() and not _leads_inside(path, root, (*above, here)):
            what = f"The link {name} leads outside of what is built, to nothing, or around in a circle."
            advice = "Link to a file of the same repository, or copy it."
            raise SpecError("LINK_OUTSIDE", what, where=Place(file=name), next=advice)
        if any("\ud800" <= character <= "\udfff" for character in path.name):
            what = f"The file name {path.name!r} is not UTF-8, and a zip for Lambda cannot hold it."
            raise SpecError("NAME_NOT_UTF8", what, where=Place(file=prefix or "."), next="Rename the file.")
        if path.is_dir():
            yield from _walk(path, f"{name}/", root, (*above, here))
        else:
            yield name, Member(path=path, executable=bool(path.stat().st_mode & stat.S_IXUSR))


def _leads_inside(link: Path, root: Path, above: tuple[Path, ...]) -> bool:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return target.is_relative_to(root) and target not in above


def unpacked_size(files: Mapping[str, Member]) -> int:
    """Bytes of all files together."""
    return sum(member.path.stat().st_size for member in files.values())


def biggest_parts(files: Mapping[str, Member], count: int = 5) -> tuple[tuple[str, int], ...]:
    """Top-level folders and files with their bytes, largest first."""
    sizes: dict[str, int] = {}
    for name, member in files.items():
        part = name.split("/", 1)[0]
        sizes[part] = sizes.get(part, 0) + member.path.stat().st_size
    return tuple(sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:count])


def pack(files: Mapping[str, Member]) -> bytes:
    """The zip of some files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system = 3  # Unix, whatever this machine is
            info.external_attr = (stat.S_IFREG | (0o755 if files[name].executable else 0o644)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name].path.read_bytes(), compresslevel=_LEVEL)
    return out.getvalue()
