"""Why we cannot look: none of these is ever taken for "nothing was found"."""

from __future__ import annotations

from shoreward.domain import OperationError, Retryable, Terminal


def unreachable(source: str, why: str) -> Retryable:
    """Advisories cannot be had."""
    return Retryable(
        "ADVISORIES_UNREACHABLE",
        f"Vulnerabilities cannot be looked up: {why}.",
        where=source,
        next="Try again, or let checks.advisories.source in shoreward.yaml name an OSV API or a folder with archives.",
    )


def damaged(source: str, why: str) -> Terminal:
    """What is there is not what OSV publishes."""
    return Terminal(
        "ADVISORIES_DAMAGED",
        f"The advisories are damaged: {why}.",
        where=source,
        next="Get them anew; a part of them says nothing about what is safe.",
    )


def stale(source: str, age: float, limit: float) -> Terminal:
    """The newest thing in it is too old; both in seconds."""
    return Terminal(
        "ADVISORIES_STALE",
        f"The newest advisory is {age / 3600:.0f} hours old, and {limit / 3600:.0f} are allowed.",
        where=source,
        next="Get the archive anew, or allow more with checks.advisories.max-age in shoreward.yaml.",
    )


def stopped() -> Retryable:
    """Nobody waits for the answer any more."""
    return Retryable("SCAN_STOPPED", "The scan was stopped before its end.", next="Run the check again.")


def failed(engine: str, why: str) -> OperationError:
    """An engine that looks at files did not do so."""
    return Terminal(
        "SCAN_FAILED",
        f"{engine} could not look at the code: {why}.",
        next="Run the check again; if it fails again, please report it with the file that is named.",
    )
