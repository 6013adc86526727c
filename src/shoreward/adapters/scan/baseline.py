"""`.secrets.baseline`: secrets that somebody has looked at, as detect-secrets writes it.

Taken from it are its results and what it says to exclude (`regex.should_exclude_*`). Its detectors and other filters
are not: they name code, and code of the commit that is checked is not run here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from shoreward.adapters.scan.shapes import Json, Malformed, listed, mapping, objects
from shoreward.domain import Place, SpecError

FILE = ".secrets.baseline"
_EXCLUDE = "detect_secrets.filters.regex.should_exclude_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What may stay.

    Attributes:
        known: (file, kind, sha1) of secrets that were looked at and are none, or are left for now.
        excluded: patterns of files that are not looked at.
        filters: what detect-secrets is told to leave out, in its own form.
    """

    known: frozenset[tuple[str, str, str]] = frozenset()
    excluded: tuple[str, ...] = ()
    filters: tuple[Json, ...] = ()

    def leaves_out(self, path: str) -> bool:
        """Whether a file is not looked at."""
        return any(re.search(pattern, path) for pattern in self.excluded)


def read_baseline(text: str | None) -> Baseline:
    """A baseline's content; an empty one when there is none. Raises SpecError BASELINE_INVALID."""
    if text is None:
        return Baseline()
    try:
        return _read(mapping(json.loads(text), "it"))
    except (ValueError, Malformed, re.error) as error:
        advice = "Write it anew: detect-secrets scan --all-files > .secrets.baseline"
        what = f"The baseline of secrets cannot be read: {error}."
        raise SpecError("BASELINE_INVALID", what, where=Place(file=FILE), next=advice) from error


def _read(document: Json) -> Baseline:
    known = {
        (file, str(one.get("type")), str(one.get("hashed_secret")))
        for file, secrets in mapping(document.get("results", {})).items()
        for one in objects(secrets)
        if one.get("is_secret") is not True  # an audit found that it is one
    }
    patterns: dict[str, list[str]] = {"file": [], "line": [], "secret": []}
    for one in objects(document.get("filters_used")):
        kind = str(one.get("path")).removeprefix(_EXCLUDE)
        if kind in patterns:
            patterns[kind] += [_pattern(pattern) for pattern in listed(one.get("pattern"))]
    filters = [
        {"path": f"{_EXCLUDE}{kind}", "pattern": patterns[kind]} for kind in ("line", "secret") if patterns[kind]
    ]
    return Baseline(known=frozenset(known), excluded=tuple(patterns["file"]), filters=tuple(filters))


def _pattern(pattern: Any) -> str:
    re.compile(str(pattern))
    return str(pattern)
