"""Plain JSON, whose shape nobody has checked: what is a mapping or a list is taken as one, all else as empty."""

from __future__ import annotations

from typing import Any, cast

Json = Any
"""Plain JSON: dict with text keys, list, str, int, float, bool, None."""
Path = tuple[str | int, ...]
"""Keys and positions from the top of a value."""


def mapping(value: Json) -> dict[str, Json]:
    """The value when it is a mapping, else an empty one."""
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}


def listed(value: Json) -> list[Json]:
    """The value when it is a list, else an empty one."""
    return cast("list[Json]", value) if isinstance(value, list) else []


def several(value: Json) -> list[Json]:
    """The value when it is a list, else it alone; nothing for None."""
    return cast("list[Json]", value) if isinstance(value, list) else [] if value is None else [value]


def only(value: Json) -> tuple[str, Json]:
    """Key and value of a mapping that has one key, such as an intrinsic function; ("", None) for anything else."""
    found = mapping(value)
    return next(iter(found.items())) if len(found) == 1 else ("", None)


def as_text(value: Json) -> str:
    """A scalar as CloudFormation writes it where it wants text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
