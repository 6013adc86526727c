"""Edits of an application's files. A mark in a new text says on which line a finding belongs; it is not written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MARK = "§"

Place = tuple[str, int | None]
"""A file and a line in it; None when only the file can be told."""


@dataclass(frozen=True, slots=True)
class Into:
    """In a file, a text that stands there once is replaced by another."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Added:
    """A new file, or another content of one."""

    file: str
    text: str | bytes


@dataclass(frozen=True, slots=True)
class Removed:
    """A file that goes."""

    file: str


@dataclass(frozen=True, slots=True)
class Seen:
    """No edit: the finding belongs on the line of a file on which a text stands, which it does once.

    Without a text it belongs to the file, or folder, which need not be there.
    """

    file: str
    text: str


Edit = Into | Added | Removed | Seen


def apply(root: Path, edits: tuple[Edit, ...]) -> Place | None:
    """Change the files; returns the marked place, if there is one."""
    places = [place for edit in edits if (place := _apply(root, edit))]
    assert len(places) <= 1, f"a finding is in one place, not at {places}"
    return places[0] if places else None


def _apply(root: Path, edit: Edit) -> Place | None:
    path = root / edit.file
    match edit:
        case Into(old=old, new=new):
            text = path.read_text()
            assert text.count(old) == 1, f"{edit.file} holds {text.count(old)} times: {old!r}"
            return _write(path, edit.file, text.replace(old, new))
        case Added(text=str(text)):
            return _write(path, edit.file, text)
        case Added(text=content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(content, "utf-8") if isinstance(content, str) else content)
            return None
        case Removed():
            path.unlink()
            return None
        case Seen(text=""):
            return edit.file, None
        case Seen(text=text):
            lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line]
            assert len(lines) == 1, f"{text!r} stands on the lines {lines} of {edit.file}"
            return edit.file, lines[0]


def _write(path: Path, name: str, text: str) -> Place | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(MARK, ""))
    before, mark, _ = text.partition(MARK)
    return (name, before.count("\n") + 1) if mark else None
