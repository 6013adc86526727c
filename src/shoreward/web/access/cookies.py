"""Cookies of those who sign in: no script reads them, no other site has them sent with what changes anything."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response

SESSION = "shoreward"
"""The cookie of a session."""

SIGNING_IN = "shoreward-signing-in"
"""The cookie of somebody who is at the provider just now."""


def _named(name: str, secure: bool) -> str:
    # With this prefix browsers take it from this very host alone, over TLS, and not from its siblings.
    return f"__Host-{name}" if secure else name


def read(header: str, name: str, *, secure: bool) -> str:
    """What a cookie says, "" without it."""
    try:
        found = SimpleCookie(header).get(_named(name, secure))
    except CookieError:
        return ""
    return found.value if found else ""


def put(response: Response, name: str, value: str, lasts: float, *, secure: bool) -> None:
    """Set a cookie for so many seconds; 0 removes it."""
    response.set_cookie(
        _named(name, secure), value, max_age=int(lasts), path="/", secure=secure, httponly=True, samesite="lax"
    )
