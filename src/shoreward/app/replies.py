"""What a hook answers: JSON that says open, closed or failed. Anything else is no answer, and opens nothing."""

from __future__ import annotations

import json
from typing import Any, cast

from shoreward.app.ports import Reply
from shoreward.domain import Hook, Retryable


def reply_of(hook: Hook, content: bytes) -> Reply:
    """The reply in what a hook sent: `{"answer": "open", "why": "..."}`; raises `Retryable` (HOOK_UNCLEAR)."""
    try:
        said: object = json.loads(content)
    except ValueError as error:
        raise _unclear(hook, "it is not JSON") from error
    if not isinstance(said, dict):
        raise _unclear(hook, "it is not a JSON object")
    fields = cast("dict[str, Any]", said)
    said_why = fields.get("why", "")
    why = said_why if isinstance(said_why, str) else ""
    match fields.get("answer"):
        case "open" | "closed" | "failed" as answer:
            return Reply(answer=answer, why=why)
        case other:
            raise _unclear(hook, f"'answer' is {str(other)[:60]!r}")


def _unclear(hook: Hook, why: str) -> Retryable:
    return Retryable(
        "HOOK_UNCLEAR",
        f"What gate {hook.name} was answered says nothing: {why}.",
        next='It must be {"answer": "open", "closed" or "failed", "why": "..."}.',
    )
