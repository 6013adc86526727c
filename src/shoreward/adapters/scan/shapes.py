"""Plain JSON that others wrote, taken at its word only when it has the shape that it should have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

Json = dict[str, Any]


class Malformed(Exception):
    """What was read is not what it should be; says why."""


def mapping(value: Any, what: str = "an entry") -> Json:
    """A JSON object; raises Malformed for anything else, and for none."""
    if not isinstance(value, dict):
        raise Malformed(f"{what} is no JSON object")
    return cast("Json", value)


def listed(value: Any) -> list[Any]:
    """A JSON array; empty for nothing. Raises Malformed for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed("something else stands where a list should be")
    return cast("list[Any]", value)


def objects(value: Any) -> Iterator[Json]:
    """The objects of a JSON array; raises Malformed as it goes."""
    return (mapping(one) for one in listed(value))


def text(value: Any, what: str) -> str:
    """A text; raises Malformed for anything else, and for none."""
    if not isinstance(value, str) or not value:
        raise Malformed(f"{what} is no text")
    return value
