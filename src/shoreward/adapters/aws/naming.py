"""Names that a target fills in."""

from __future__ import annotations

import hashlib
import re

from shoreward.domain import Target


def fill(text: str, target: Target) -> str:
    """Put a target's `{account}`, `{region}` and `{stack}` into a text; other braces stay."""
    values = {"account": target.account, "region": target.region, "stack": target.stack}
    return re.sub(r"\{(account|region|stack)\}", lambda found: values[found.group(1)], text)


def change_set_name(key: str) -> str:
    """The change set of an effect: the same key gives the same name, so that a repeated effect finds its own."""
    return f"shoreward-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
