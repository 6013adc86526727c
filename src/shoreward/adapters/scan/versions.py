"""The order of versions, as each ecosystem has it: PEP 440 on PyPI, semantic versioning on npm.

Advisories say from which version to which something is wrong; whether an installed version is among them is a matter of
this order and of nothing else. What is no version has no order (None), and whoever asks must not take that for "safe".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal

Ecosystem = Literal["PyPI", "npm"]
"""Where packages come from, by the names that OSV gives."""

Order = Any
"""Comparable with another one of the same ecosystem: `packaging.version.Version`, or a tuple."""

_SEMVER = re.compile(
    r"[v=\s]*([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?\s*"
)
_RELEASE = ((2, 0, ""),)
"""Comes after every pre-release of the same numbers."""


@lru_cache(maxsize=65_536)
def order(ecosystem: Ecosystem, version: str) -> Order | None:
    """Where a version stands among those of its ecosystem, or None when it is none.

    A local part (`2.1.0+cpu`) and build metadata do not count: advisories speak of what was published. Numbers that a
    semantic version leaves out are 0, as some advisories write them.
    """
    return _python(version) if ecosystem == "PyPI" else _node(version)


def _python(version: str) -> Order | None:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version.partition("+")[0])
    except InvalidVersion:
        return None


def _node(version: str) -> Order | None:
    found = _SEMVER.fullmatch(version)
    if found is None:
        return None
    numbers = tuple(int(number or 0) for number in found.groups()[:3])
    before: str | None = found[4]
    return (*numbers, tuple(_part(part) for part in before.split(".")) if before else _RELEASE)


def _part(part: str) -> tuple[int, int, str]:
    """Numbers come before words, and are compared as numbers."""
    return (0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part)
