"""Tokens and sessions as keys: whoever has one is known by it."""

from __future__ import annotations

from urllib.parse import unquote_plus

from shoreward.app.access.accounts import Accounts, Session
from shoreward.app.access.tokens import PATTERN, digest_of_secret, well_formed
from shoreward.app.ports import Clock
from shoreward.domain.access import ServerSettings
from shoreward.web.access.policy import Asked, Caller, Denied, Via

_NOTED = 600.0
"""Seconds between two notes of when a token was used."""


def bearer(asked: Asked) -> str | None:
    """The secret that a request carries in its Authorization header, None without one.

    Raises:
        Denied: TOKEN_IN_URL, TOKEN_REFUSED for a header of another kind.
    """
    address = unquote_plus(f"{asked.path}?{asked.query}")
    if PATTERN.search(address) or "access_token=" in address:
        raise Denied(
            "TOKEN_IN_URL",
            "A token stands in the address, which logs and histories keep.",
            status=400,
            next="Revoke it, and send the new one in the header Authorization: Bearer.",
        )
    given = asked.headers.get("authorization")
    if given is None:
        return None
    scheme, _, secret = given.partition(" ")
    if scheme.lower() != "bearer" or not well_formed(secret):
        raise refused("It is no token of Shoreward's")
    return secret


def refused(why: str) -> Denied:
    """A token that opens nothing."""
    return Denied(
        "TOKEN_REFUSED", f"The token opens nothing: {why}.", status=401, next="Ask for one: `shoreward token create`."
    )


class Keys:
    """Who is known by what.

    Args:
        settings: what sessions may do; None where nobody can sign in.
    """

    def __init__(self, accounts: Accounts, clock: Clock, settings: ServerSettings | None = None) -> None:
        self._accounts = accounts
        self._clock = clock
        self._settings = settings

    def by_token(self, secret: str, origin: str) -> Caller:
        """Who has a token; raises `Denied` (TOKEN_REFUSED)."""
        now = self._clock.now()
        token = self._accounts.token(digest_of_secret(secret))
        if token is None:
            raise refused("nobody knows it")
        if not token.holds(now):
            raise refused("it was revoked" if token.revoked_at else "it has expired")
        if now - token.used_at > _NOTED:
            self._accounts.used(token.digest, now)
        return Caller(name=f"token {token.name}", rights=token.rights, via=Via.TOKEN, key=token.digest, origin=origin)

    def by_session(self, secret: str, origin: str) -> Caller | None:
        """Who has a session; None when there is none, or none any more."""
        session = self._session(digest_of_secret(secret))
        if session is None or self._settings is None:
            return None
        rights = self._settings.rights(session.person.groups, session.person.email)
        return Caller(name=session.person.name, rights=rights, via=Via.SESSION, key=session.digest, origin=origin)

    def _session(self, digest: str) -> Session | None:
        session = self._accounts.session(digest)
        return session if session is not None and session.holds(self._clock.now()) else None

    def still(self, caller: Caller) -> bool:
        """Whether the caller's key still opens anything; see `Access.still`."""
        match caller.via:
            case Via.TOKEN:
                token = self._accounts.token(caller.key)
                return token is not None and token.holds(self._clock.now())
            case Via.SESSION:
                return self._session(caller.key) is not None
            case _:
                return True
