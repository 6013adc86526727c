"""`shoreward.yaml` to a pipeline: the way in for everybody else.

Text, then values with places (`spec.yaml`), then keys by the format (`spec._format`), then the whole
(`spec._assemble`). All mistakes of a file are reported at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from shoreward.domain import Pipeline, Place, SpecError, SpecErrors
from shoreward.spec._assemble import assemble
from shoreward.spec._format import PIPELINE
from shoreward.spec._shapes import At
from shoreward.spec._words import did_you_mean
from shoreward.spec.calendars import Beside
from shoreward.spec.yaml import read_yaml

FILE = "shoreward.yaml"
"""What the file is called."""


def load(path: Path, *, root: Path | None = None) -> Pipeline:
    """Read a pipeline and see that its template is there.

    Args:
        path: the file, or a folder that holds a `shoreward.yaml`.
        root: the repository's root, which the pipeline's template becomes relative to; the file's own folder when None.

    Raises:
        SpecError: the file cannot be read or is wrong; `SpecErrors` when several things are.
    """
    path = path / FILE if path.is_dir() else path
    root = (root or path.parent).resolve()
    folder = path.parent.resolve()
    if not folder.is_relative_to(root):
        raise SpecError("SPEC_PATH", f"The file is not in the repository {root}.", where=Place(file=str(path)))
    beside = Beside(read=lambda name: _content(root / name), year=datetime.now(UTC).year)
    return _read(_text(path), str(path), folder.relative_to(root).as_posix(), root, beside)


def parse(text: str, file: str = FILE, *, folder: str = "", beside: Beside | None = None) -> Pipeline:
    """Read a pipeline's text; looks at nothing else but calendars that it names.

    Args:
        file: the file's name, as people should see it in errors.
        folder: its folder relative to the repository's root, which the pipeline's template becomes relative to.
        beside: what lies beside it in the repository; None where there is nothing to read.

    Raises:
        SpecError: the text is wrong; `SpecErrors` when several things are.
    """
    return _read(text, file, folder, None, beside)


def _read(text: str, file: str, folder: str, root: Path | None, beside: Beside | None) -> Pipeline:
    document = read_yaml(text, file, intrinsics=False)
    at = At(document, [])
    pipeline = assemble(PIPELINE.read(document.value, at) or {}, at, folder, beside)
    if root and pipeline.configuration is None:
        _check_template(pipeline.template, root, at)
    if root and pipeline.checks and pipeline.checks.sandbox and pipeline.checks.sandbox.template:
        _check_template(pipeline.checks.sandbox.template, root, at / "checks" / "sandbox")
    errors = in_order(at.errors)
    if errors:
        raise errors[0] if len(errors) == 1 else SpecErrors(errors)
    return pipeline


def in_order(errors: list[SpecError]) -> tuple[SpecError, ...]:
    """Each mistake once, from the file's top to its bottom: a mistake in `defaults` is met again in every wave."""

    def position(error: SpecError) -> tuple[int, int]:
        place = error.where
        return (place.line or 0, place.column or 0) if isinstance(place, Place) else (0, 0)

    return tuple(sorted({str(error): error for error in errors}.values(), key=position))


def _check_template(template: str, root: Path, at: At) -> None:
    path = root / template
    if path.is_file() or any(error.code == "SPEC_PATH" for error in at.errors):
        return
    beside = [file.name for file in path.parent.glob("*.*") if file.suffix in (".yaml", ".yml", ".json", ".template")]
    advice = did_you_mean(path.name, (name for name in beside if name != FILE))
    (at / "template").complain("SPEC_TEMPLATE_MISSING", f"There is no template '{template}'.", advice)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _text(path: Path) -> str:
    return decoded(read_file(path), str(path))


def read_file(path: Path) -> bytes:
    """A file's content; raises `SpecError` (SPEC_FILE_MISSING, SPEC_FILE_UNREADABLE)."""
    place = Place(file=str(path))
    try:
        return path.read_bytes()
    except FileNotFoundError:
        advice = "Write one with `shoreward init`."
        raise SpecError("SPEC_FILE_MISSING", "There is no such file.", where=place, next=advice) from None
    except OSError as error:
        what = f"The file cannot be read: {error.strerror}."
        raise SpecError("SPEC_FILE_UNREADABLE", what, where=place) from error


def decoded(content: bytes, file: str) -> str:
    """The text of a file's content; raises `SpecError` (YAML_CHARACTER) when it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        place = Place(file=file, line=line)
        raise SpecError("YAML_CHARACTER", "The file is not UTF-8.", where=place, next="Save it as UTF-8.") from error
