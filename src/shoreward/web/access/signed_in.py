"""The policy of a server that others can reach: a session or a token, and a role; nothing for whoever has neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shoreward.app.access.accounts import Accounts
from shoreward.app.ports import Clock
from shoreward.domain import Refused
from shoreward.domain.access import ServerSettings
from shoreward.web.access import cookies
from shoreward.web.access.keys import Keys, bearer
from shoreward.web.access.loopback import Loopback, is_loopback
from shoreward.web.access.network import Proxies, Reach
from shoreward.web.access.openid import Provider
from shoreward.web.access.origin import must_be_ours
from shoreward.web.access.policy import Access, Asked, Caller, Denied, Need, Via, allow
from shoreward.web.access.rates import Rate

_ATTEMPTS = "failed attempts to be let in"

_FAILURES = 60
"""Of them, in a minute, where there are no settings."""

CALLBACK = "/sign-in/callback"
"""Where the provider sends people back to."""


class SignedIn:
    """Everybody says who they are; see `Access`."""

    def __init__(self, settings: ServerSettings, accounts: Accounts, clock: Clock) -> None:
        parts = urlsplit(settings.address)
        self._address = settings.address
        self._host = parts.netloc
        self._secure = parts.scheme == "https"
        self._proxies = Proxies(settings.proxies)
        self._keys = Keys(accounts, clock, settings)
        self._requests = Rate(settings.rates.requests, clock, "requests")
        self._commands = Rate(settings.rates.commands, clock, "commands")
        self._failures = Rate(settings.rates.failures, clock, _ATTEMPTS)

    def admit(self, asked: Asked) -> Caller:
        """See `Access.admit`."""
        reach = self._proxies.reach(asked)
        if asked.need is Need.SIGNED:
            return Caller(name="webhook", via=Via.WEBHOOK, origin=reach.origin)
        if asked.need is Need.NOTHING:
            return Caller(name="", origin=reach.origin)
        self._must_reach(reach)
        caller = self._known(asked, reach)
        self._requests.take(caller.key, caller)
        if asked.changes:
            self._commands.take(caller.key, caller)
            if caller.via is Via.SESSION:
                must_be_ours(asked, self._address)
        return allow(asked, caller)

    def still(self, caller: Caller) -> bool:
        """See `Access.still`."""
        return self._keys.still(caller)

    def failed(self, origin: str, *, count: float = 1.0) -> None:
        """Count an attempt to be let in that failed, or with 0 only look; raises `Denied` (TOO_MANY)."""
        self._failures.take(origin, count=count)

    def _must_reach(self, reach: Reach) -> None:
        if reach.host.lower() != self._host:
            raise Denied(
                "HOST_FOREIGN",
                "The server answers requests to its own name only.",
                status=403,
                next="Use the address that its settings name; a proxy must pass Host or X-Forwarded-Host on.",
            )
        if self._secure and not reach.secure:
            raise Denied(
                "HTTPS_NEEDED",
                "The request did not come over HTTPS.",
                status=403,
                next="Name the reverse proxy under 'proxies' in the settings, and let it send X-Forwarded-Proto.",
            )

    def _known(self, asked: Asked, reach: Reach) -> Caller:
        try:
            if secret := bearer(asked):
                return self._keys.by_token(secret, reach.origin)
        except Denied:
            self.failed(reach.origin)
            raise
        secret = cookies.read(asked.headers.get("cookie", ""), cookies.SESSION, secure=self._secure)
        if secret and (caller := self._keys.by_session(secret, reach.origin)):
            return caller
        if asked.changes or secret:
            self.failed(reach.origin)
        raise Denied(
            "SIGN_IN_NEEDED",
            "Nobody is signed in.",
            status=401,
            next="Sign in, or send a token: Authorization: Bearer.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """How people sign in: with whom, to which policy."""

    settings: ServerSettings
    provider: Provider
    policy: SignedIn

    @property
    def secure(self) -> bool:
        """Whether browsers come over HTTPS."""
        return self.settings.address.startswith("https:")


def signing_in(settings: ServerSettings, accounts: Accounts, clock: Clock, environment: Mapping[str, str]) -> SigningIn:
    """The sign-in of a server; raises `Refused` (SIGN_IN_SECRET_MISSING)."""
    return SigningIn(
        settings=settings,
        provider=Provider(settings.sign_in, f"{settings.address}{CALLBACK}", environment, clock.now),
        policy=SignedIn(settings, accounts, clock),
    )


def policy_for(host: str, accounts: Accounts, clock: Clock) -> Access:
    """The policy of a server without sign-in that listens at an address.

    Raises:
        Refused: SIGN_IN_MISSING for any but this machine's own, where everybody could steer production.
    """
    if is_loopback(host):
        return Loopback(Keys(accounts, clock), Rate(_FAILURES, clock, _ATTEMPTS))
    raise Refused(
        "SIGN_IN_MISSING",
        f"At {host} others could reach the server, and nobody would have to say who they are.",
        next="Say in a file who may sign in (--settings server.yaml), or listen at 127.0.0.1.",
    )
