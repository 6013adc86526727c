"""What the policies say when they cannot look; each stands in docs/errors.md."""

from __future__ import annotations

from shoreward.domain import Place, Retryable, Terminal, UserError


def stopped() -> Retryable:
    """Nobody waits for the answer any more."""
    return Retryable("POLICY_STOPPED", "The check was stopped before it ended.", next="Run it again.")


def engine_failed(engine: str, words: str) -> Terminal:
    """An engine crashed, hung or did not answer."""
    what = f"The engine {engine} failed: {words}"
    return Terminal("POLICY_ENGINE_FAILED", what, next="Leave the rule out that it met last, or report it.")


def unreadable(what: str, where: Place | str | None, next: str = "") -> UserError:
    """A rule cannot be read: nobody knows what it would have found."""
    return UserError("POLICY_UNREADABLE", what, where=where, next=next)


def broken(what: str, where: Place | str | None) -> UserError:
    """A rule can be read but not evaluated."""
    advice = "Let the rule ask whether something is there before it reads it."
    return UserError("POLICY_BROKEN", what, where=where, next=advice)


def empty(what: str, where: Place | None) -> UserError:
    """A source of rules has none: most likely its path is wrong, and no rule finds nothing."""
    return UserError("POLICY_EMPTY", what, where=where, next="Correct the path, or take the source out.")


def unreachable(what: str, where: Place | None, next: str) -> Retryable:
    """A git repository with rules cannot be asked."""
    return Retryable("POLICY_SOURCE_UNREACHABLE", what, where=where, next=next)
