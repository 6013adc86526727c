"""A simulated hook: it says what a test wants it to, and remembers what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from shoreward.app.ports import Question, Reply
from shoreward.domain import Hook, OperationError


@dataclass(slots=True)
class SimulatedHooks:
    """Implements `app.ports.Hooks`; open unless it is told otherwise.

    Attributes:
        replies: by the gate's name: what is said, or what is raised.
        asked: the questions, in order.
    """

    replies: dict[str, Reply | OperationError] = field(default_factory=dict[str, "Reply | OperationError"])
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def ask(self, hook: Hook, question: Question) -> Reply:
        """See `Hooks.ask`."""
        self.asked.append(json.loads(question.body))
        reply = self.replies.get(hook.name, Reply(answer="open"))
        if isinstance(reply, OperationError):
            raise reply
        return reply
