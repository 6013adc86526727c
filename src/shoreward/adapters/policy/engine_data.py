"""Data files that cfn-lint carries: resource schemas and service descriptions, read without importing it.

Importing cfn-lint takes two seconds; its data are JSON files, and they are renewed with every version of it.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from shoreward.domain import Terminal


def cfn_lint_data(*parts: str) -> bytes:
    """A data file of cfn-lint. Raises `Terminal` (POLICY_ENGINE_MISSING) when it is not there."""
    path = _folder().joinpath(*parts)
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"cfn-lint is not the version that Shoreward knows: it has no {'/'.join(parts)}."
        raise Terminal("POLICY_ENGINE_MISSING", what, next="Install Shoreward's own versions again.") from error


@cache
def _folder() -> Path:
    found = find_spec("cfnlint")
    if found is None or found.origin is None:
        advice = "Install Shoreward again with all that it needs."
        raise Terminal("POLICY_ENGINE_MISSING", "cfn-lint is not installed.", next=advice)
    return Path(found.origin).parent / "data"
