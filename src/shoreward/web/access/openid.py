"""The OpenID Connect provider: where people are sent, and who they are when they come back.

Authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9207). Of the provider nothing is believed but
what its keys have signed for this client and this very sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlencode

from joserfc import jwk, jwt
from joserfc.errors import JoseError

from shoreward.app.access.accounts import Person
from shoreward.domain import Refused, ShorewardError
from shoreward.domain.access import SignIn
from shoreward.web.access.fetching import fetch, unusable
from shoreward.web.access.policy import Denied

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a pair of keys: `none`, and those with a shared secret, prove nothing here."""

_FRESH = 3_600.0
"""Seconds that a provider's description is kept."""

_PAUSE = 5.0
"""Seconds in which a provider that did not answer is not asked again: everybody who waits would wait for it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of somebody's browser, and all that is derived from it.

    For a sign-in that is what must be the same when they come back, so that the server need not remember it.
    """

    text: str

    def derived(self, purpose: str) -> str:
        """43 characters that nobody tells without the secret."""
        made = hmac.digest(self.text.encode(), purpose.encode(), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    @property
    def challenge(self) -> str:
        """The PKCE challenge (S256)."""
        digest = hashlib.sha256(self.derived("verifier").encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Provider:
    """A provider, as its discovery document describes it.

    Args:
        callback: the address that people come back to.
        environment: where the client's secret is.
        now: UNIX seconds.

    Raises:
        Refused: SIGN_IN_SECRET_MISSING.
    """

    def __init__(
        self, settings: SignIn, callback: str, environment: Mapping[str, str], now: Callable[[], float]
    ) -> None:
        if settings.secret and not environment.get(settings.secret):
            raise Refused(
                "SIGN_IN_SECRET_MISSING",
                f"The environment variable {settings.secret}, the client's secret at the provider, is not set.",
                next="Set it where the server runs.",
            )
        self._settings = settings
        self._callback = callback
        self._secret = environment.get(settings.secret, "")
        self._now = now
        self._lock = threading.Lock()
        self._described: tuple[float, dict[str, Any]] | None = None
        self._trouble: tuple[float, ShorewardError] | None = None
        self._keys: jwk.KeySet | None = None

    def where(self, browser: Secret) -> str:
        """The address at which somebody signs in."""
        asked = {
            "response_type": "code",
            "client_id": self._settings.client,
            "redirect_uri": self._callback,
            "scope": " ".join(self._settings.scopes),
            "state": browser.derived("state"),
            "nonce": browser.derived("nonce"),
            "code_challenge": browser.challenge,
            "code_challenge_method": "S256",
        }
        return _with(self._endpoint("authorization_endpoint"), asked)

    def person(self, browser: Secret, code: str) -> Person:
        """Who has come back.

        Raises:
            Denied: SIGN_IN_FAILED.
            OperationError: PROVIDER_SILENT, PROVIDER_UNUSABLE.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": browser.derived("verifier"),
        }
        methods = self._description().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers: dict[str, str] = {}
        if self._secret and "client_secret_basic" in methods:
            pair = f"{quote(self._settings.client, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self._settings.client
            form |= {"client_secret": self._secret} if self._secret else {}
        answer = fetch(self._endpoint("token_endpoint"), form, headers)
        return self._person(self._claims(answer.get("id_token"), browser.derived("nonce")))

    def leaving(self, back: str) -> str | None:
        """The address at which somebody signs out of the provider, too; None when it has none.

        Args:
            back: where they come to then.
        """
        end = self._description().get("end_session_endpoint")
        asked = {"client_id": self._settings.client, "post_logout_redirect_uri": back}
        return _with(end, asked) if isinstance(end, str) and end.startswith(("https://", "http://")) else None

    def _description(self) -> dict[str, Any]:
        with self._lock:
            now = self._now()
            if self._described is not None and now - self._described[0] < _FRESH:
                return self._described[1]
            if self._trouble is not None and now - self._trouble[0] < _PAUSE:
                raise self._trouble[1]
            try:
                found = fetch(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self._settings.issuer:
                    raise unusable("it says that it is another issuer")
            except ShorewardError as error:
                self._trouble = now, error
                raise
            self._described = now, found
            return found

    def _endpoint(self, name: str) -> str:
        found = self._description().get(name)
        if not isinstance(found, str):
            raise unusable(f"it has no {name}")
        return found

    def _claims(self, token: object, nonce: str) -> dict[str, Any]:
        """What an ID token says, once all of it is right."""
        if not isinstance(token, str):
            raise failed("the provider sends no ID token")
        try:
            claims = self._decoded(token)
            rules = jwt.JWTClaimsRegistry(
                now=int(self._now()),
                leeway=int(self._settings.skew),
                iss={"essential": True, "value": self._settings.issuer},
                aud={"essential": True, "value": self._settings.client},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            rules.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise failed(f"the ID token is not valid ({type(error).__name__})") from error
        party = claims.get("azp")
        alone = claims["aud"] in (self._settings.client, [self._settings.client])
        if (party is not None or not alone) and party != self._settings.client:
            raise failed("the ID token was made for somebody else")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        """The claims under a signature of the provider's; keys are asked for again when one is new."""
        if self._keys is not None:
            try:
                return jwt.decode(token, self._keys, algorithms=_ALGORITHMS).claims
            except JoseError:
                pass
        self._keys = _key_set(fetch(self._endpoint("jwks_uri")))
        return jwt.decode(token, self._keys, algorithms=_ALGORITHMS).claims

    def _person(self, claims: dict[str, Any]) -> Person:
        verified = claims.get("email_verified") is True
        email = claims.get("email") if verified else ""
        wanted = self._settings.claims.name
        name = email if wanted == "email" else claims.get(wanted)
        if not isinstance(name, str) or not 0 < len(name) <= 200 or not name.isprintable() or name.startswith("token "):
            verb = "verified " if wanted == "email" else ""
            raise failed(f"the ID token has no {verb}claim {wanted!r} that could be a name")
        return Person(
            subject=str(claims["sub"]),
            name=name,
            email=email if isinstance(email, str) else "",
            groups=_texts(claims.get(self._settings.claims.groups)),
        )


def failed(why: str) -> Denied:
    """Somebody could not be signed in."""
    return Denied(
        "SIGN_IN_FAILED",
        f"You could not be signed in: {why}.",
        status=403,
        next="Try again; when that does not help, tell whoever runs this server.",
    )


def _key_set(found: dict[str, Any]) -> jwk.KeySet:
    """The provider's keys, those left out that are of a kind that nobody here knows."""
    keys: list[Any] = []
    listed = found.get("keys")
    for each in cast("list[Any]", listed) if isinstance(listed, list) else []:
        try:
            keys.append(jwk.import_key(each))
        except (JoseError, ValueError, TypeError, AttributeError):
            continue
    return jwk.KeySet(keys)


def _texts(value: object) -> tuple[str, ...]:
    """A list of names, or one alone."""
    found = cast("list[object]", value) if isinstance(value, list) else [value]
    return tuple(each for each in found if isinstance(each, str))


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"
