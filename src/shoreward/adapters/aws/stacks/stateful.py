"""Which changes lose data: a stateful resource that is replaced or deleted is a person's decision, not a release's."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shoreward.domain import Change, Target, Terminal
from shoreward.domain.stateful import STATEFUL

__all__ = ["STATEFUL", "endangered"]


def endangered(changes: Sequence[Change], allowed: Collection[str] = ()) -> tuple[Change, ...]:
    """The changes that replace, may replace or delete a stateful resource that is not among the allowed logical ids.

    A resource that leaves the stack but is kept does not count: its action is `Retain` (`changeset`).
    """
    return tuple(
        change
        for change in changes
        if change.type in STATEFUL
        and change.logical_id not in allowed
        and (change.action in ("Remove", "Dynamic") or change.replacement in ("True", "Conditional"))
    )


def refuse_endangered(changes: Sequence[Change], allowed: Collection[str], target: Target) -> None:
    """Raise `Terminal` (STATEFUL_REPLACEMENT) when a change set would lose data."""
    found = endangered(changes, allowed)
    if not found:
        return
    listed = "; ".join(f"{change.logical_id} ({change.type}) would be {_fate(change)}" for change in found)
    raise Terminal(
        "STATEFUL_REPLACEMENT",
        f"Stateful resources are in danger: {listed}.",
        where=target.key,
        next="Give the resource DeletionPolicy and UpdateReplacePolicy Retain and migrate its data, "
        "or name it under allow-replacement in shoreward.yaml.",
    )


def _fate(change: Change) -> str:
    if change.action == "Remove":
        return "deleted"
    return "replaced" if change.replacement == "True" else "perhaps replaced"
