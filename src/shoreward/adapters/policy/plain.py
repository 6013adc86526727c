"""Plain JSON, whose shape nobody has checked: what is a mapping or a list is taken as one, all else as empty."""

from __future__ import annotations

from typing import Any, cast

Json = Any
Path = tuple[str | int, ...]


def mapping(value: Json) -> dict[str, Json]:
    """The value when it is a mapping, else an empty one."""
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}


def listed(value: Json) -> list[Json]:
    """The value when it is a list, else an empty one."""
    return cast("list[Json]", value) if isinstance(value, list) else []


def only(value: Json) -> tuple[str, Json]:
    """Key and value of a mapping that has one key, such as an intrinsic function; ("", None) for anything else."""
    found = mapping(value)
    return next(iter(found.items())) if len(found) == 1 else ("", None)
