"""The lines of a file with samples, in CSV or JSON Lines, as fields with places; what they mean is in `rows`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shoreward.domain import Place, SpecError

_NAMES = ("time", "target", "arm", "metric")
_CSV_COLUMNS = (*_NAMES, "requests", "bad", "value")
_JSON_FIELDS = (*_CSV_COLUMNS, "histogram")
_BEGIN = "Begin the file with: time,target,arm,metric,requests,bad (or value)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A line's fields, and where each is.

    Attributes:
        fields: what is given, by name; an empty value of CSV is not given.
        columns: where a field begins in its line, when that is known.
    """

    fields: Mapping[str, Any]
    columns: Mapping[str, int]
    place: Place

    def at(self, field: str) -> Place:
        """The field's place."""
        return Place(file=self.place.file, line=self.place.line, column=self.columns.get(field))


def csv_lines(text: str, file: str) -> Iterator[Record | SpecError]:
    """The lines of CSV below its header, or what is wrong with them."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    while True:
        began = reader.line_num + 1
        place = Place(file=file, line=began)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield invalid(place, f"This line is not CSV: {error}.", "Close its quotation marks.")
            return
        if cells is None:
            break
        if not cells:
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            if (mistake := _mistaken(header, place)) is not None:
                yield mistake
                return
        elif len(cells) != len(header):
            yield invalid(
                place, f"This line has {len(cells)} values for {len(header)} columns.", "Give each column one."
            )
        else:
            yield Record(
                fields={name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()},
                columns=dict(zip(header, _columns(cells), strict=True)),
                place=place,
            )
    if header is None:
        yield invalid(Place(file=file, line=1), "The file is empty.", _BEGIN)


def _columns(cells: Iterable[str]) -> Iterator[int]:
    """Where each value begins in its line, as long as none is in quotation marks."""
    column = 1
    for cell in cells:
        yield column
        column += len(cell) + 1


def _mistaken(header: Sequence[str], place: Place) -> SpecError | None:
    """What is wrong with the names of the columns."""
    missing = [name for name in _NAMES if name not in header]
    if not missing and "value" not in header:
        missing = [name for name in ("requests", "bad") if name not in header]
    unknown = [name for name in header if name not in _CSV_COLUMNS]
    if missing:
        return invalid(place, f"The first line lacks {', '.join(missing)}.", _BEGIN)
    if unknown:
        return invalid(place, f"The first line names {', '.join(map(repr, unknown))}.", _BEGIN)
    if len(set(header)) != len(header):
        return invalid(place, "The first line names a column twice.", _BEGIN)
    return None


def json_lines(text: str, file: str) -> Iterator[Record | SpecError]:
    """The lines of JSON Lines, or what is wrong with them."""
    for number, line in enumerate(text.splitlines(), start=1):
        place = Place(file=file, line=number)
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            column = error.colno if isinstance(error, json.JSONDecodeError) else None
            yield invalid(Place(file=file, line=number, column=column), "This line is not JSON.", "One object a line.")
            continue
        if not isinstance(fields, dict):
            yield invalid(place, "This line is not an object.", 'Write {"time": ..., "target": ..., ...}.')
            continue
        given = cast("dict[str, Any]", fields)
        unknown = [name for name in given if name not in _JSON_FIELDS]
        if unknown:
            known = ", ".join(_JSON_FIELDS)
            yield invalid(place, f"Nobody knows {', '.join(map(repr, unknown))}.", f"Known are {known}.")
            continue
        yield Record(fields=given, columns={}, place=place)


def invalid(place: Place, what: str, next: str) -> SpecError:
    """A line that cannot be read."""
    return SpecError("SAMPLES_INVALID", what, where=place, next=next)
