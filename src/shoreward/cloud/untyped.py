"""Readers of values whose shape only AWS's documentation knows: requests, templates, and the emulator's records."""

from typing import Any


def mapping(value: Any) -> dict[str, Any]:
    """The value as a mapping; an absent one is empty."""
    return value or {}


def entries(value: Any) -> list[Any]:
    """The value as a list; an absent one is empty."""
    return list(value or ())
