"""Hooks: what is asked before a gate opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shoreward.domain import GateAnswer, Hook, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a hook is asked.

    Attributes:
        target: where a function is called; the wave's one-box when the question is about all of a wave.
        body: a JSON object: which release, which gate, where, and what is new there.
        key: the same for the same gate of the same release, however often it is asked.
    """

    target: Target
    body: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a hook says; `why` is in its own words."""

    answer: GateAnswer
    why: str = ""


class Hooks(Protocol):
    """Somebody outside who is asked whether a gate is open."""

    def ask(self, hook: Hook, question: Question) -> Reply:
        """Ask once, for `hook.timeout` seconds at most.

        An answer that is none is never taken for one: it raises `Retryable` (HOOK_UNCLEAR), as silence does
        (HOOK_SILENT). Raises `Terminal` (HOOK_REFUSED, HOOK_SECRET_MISSING, and what AWS says of a function) when
        asking again changes nothing.
        """
        ...
