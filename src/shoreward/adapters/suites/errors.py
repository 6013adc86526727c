"""Why a suite could not be run, and who is to blame: the change, the network, or this machine."""

from __future__ import annotations

from shoreward.domain import Place, Retryable

NETWORK = (
    "error sending request", "Failed to fetch", "dns error", "Connection refused", "Connection reset", "ENOTFOUND",
    "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "operation timed out", "tcp connect error",
    "Network connectivity is disabled", "Service Unavailable", "Bad Gateway", "Gateway Time-out", "Gateway Timeout",
    "Too Many Requests", "Internal Server Error", "error decoding response body", "peer closed connection",
)  # fmt: skip
"""Signs, in the words of uv and npm, that what they download from did not answer."""

LAST_LINES = 15


def stopped() -> Retryable:
    """Nobody waits for the answer any more."""
    return Retryable("SUITE_STOPPED", "The suite was stopped before it ended.", next="Run the check again.")


def unreachable(what: str, where: Place | None) -> Retryable:
    """What is needed could not be downloaded."""
    return Retryable("SUITE_NETWORK", what, where=where, next="Try again when the package index can be reached.")


def last(words: str, count: int = LAST_LINES) -> str:
    """The last lines that a tool said, indented."""
    return "\n".join(f"    {line}" for line in words.strip().splitlines()[-count:])
