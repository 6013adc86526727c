"""A lease as JSON text, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from shoreward.app.sandboxes import Injected, Lease, State
from shoreward.domain import Target, Terminal


def encode(lease: Lease) -> str:
    """The JSON text of a lease."""
    return json.dumps(asdict(lease), sort_keys=True, ensure_ascii=False)


def decode(text: str, *, where: str) -> Lease:
    """The lease of a text; raises `Terminal` (LEDGER_UNREADABLE) for one that we did not write.

    Args:
        where: the ledger, for the error.
    """
    try:
        held: dict[str, Any] = json.loads(text)
        target = held.pop("target")
        parameters = tuple((str(name), str(value)) for name, value in target.pop("parameters"))
        return Lease(
            target=Target(**target, parameters=parameters),
            state=State(held.pop("state")),
            unpriced=tuple(held.pop("unpriced")),
            faults=tuple(Injected(**one) for one in held.pop("faults", ())),
            **held,
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"An entry cannot be read: {error}."
        advice = (
            "It was written by a newer version of Shoreward, or damaged; `shoreward sandbox reap` works without it."
        )
        raise Terminal("LEDGER_UNREADABLE", what, where=where, next=advice) from error
