"""Who is asked: a function or an address, as the hook says."""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.app.ports import Hooks, Question, Reply
from shoreward.domain import Hook


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Hooks of both kinds (`app.ports.Hooks`)."""

    functions: Hooks
    addresses: Hooks

    def ask(self, hook: Hook, question: Question) -> Reply:
        """Ask once; see `Hooks.ask`."""
        return (self.functions if hook.function else self.addresses).ask(hook, question)
