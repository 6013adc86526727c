"""The table of prices: data with a date, read when a forecast asks for it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """US dollars.

    Attributes:
        as_of: year and month that the prices are of.
        hours_per_month: what a monthly price is divided by.
        request: what a test request is assumed to do.
        rates: by service, for types whose price depends on their properties.
        hourly, per_request: by type, for those whose price does not.
        free: patterns of types that cost nothing as long as little data is in them.
    """

    as_of: str
    hours_per_month: float
    request: Mapping[str, Any]
    rates: Mapping[str, Mapping[str, Any]]
    hourly: Mapping[str, float]
    per_request: Mapping[str, float]
    free: tuple[str, ...]

    def is_free(self, kind: str) -> bool:
        """Whether a type costs nothing by being there."""
        return any(fnmatchcase(kind, pattern) for pattern in self.free)


@functools.cache
def prices() -> Prices:
    """The table that comes with Shoreward (`prices.json`)."""
    table: dict[str, Any] = json.loads(
        files("shoreward.app.sandboxes.costs").joinpath("prices.json").read_text(encoding="utf-8")
    )
    monthly = {kind: one["usd"] / table["hours_per_month"] for kind, one in table["monthly"].items()}
    return Prices(
        as_of=table["as_of"],
        hours_per_month=table["hours_per_month"],
        request=table["request"],
        rates=table["rates"],
        hourly={kind: one["usd"] for kind, one in table["hourly"].items()} | monthly,
        per_request={kind: one["usd"] for kind, one in table["per_request"].items()},
        free=tuple(table["free"]),
    )
