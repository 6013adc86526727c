"""A small OpenID Connect provider on this machine: it signs real tokens, rotates its keys, and misbehaves when told to.

Whoever comes to its authorization endpoint is signed in as `OpenIdProvider.claims` say, without being asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwk, jws, jwt


class Fault(Enum):
    """What may be wrong with a provider."""

    WRONG_NONCE = auto()
    NO_NONCE = auto()
    WRONG_AUDIENCE = auto()
    OTHERS_AUDIENCE = auto()
    WRONG_ISSUER = auto()
    EXPIRED = auto()
    NOT_YET = auto()
    ALG_NONE = auto()
    ALG_SHARED = auto()
    FOREIGN_KEY = auto()
    TAMPERED = auto()
    NO_TOKEN = auto()
    NO_JSON = auto()
    SILENT = auto()
    OTHER_ISSUER_DESCRIBED = auto()
    WRONG_STATE = auto()
    OTHER_SENDER = auto()
    DENIES = auto()


@dataclass(slots=True)
class OpenIdProvider:
    """A provider, running.

    Attributes:
        issuer: its address.
        claims: what its ID tokens say beside what every one says.
        fault: what is wrong with it, None while it behaves.
        ahead: seconds by which its clock is ahead.
        now: UNIX seconds.
        asked: paths that were asked for, in order.
    """

    client: str = "shoreward"
    secret: str = ""
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    fault: Fault | None = None
    ahead: float = 0.0
    now: Callable[[], float] = time.time
    issuer: str = ""
    asked: list[str] = field(default_factory=list[str])
    _keys: list[Any] = field(default_factory=list[Any])
    _codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def rotate(self) -> None:
        """Sign with a new key; the old one is published no more."""
        self._keys = [jwk.ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "alg": "ES256", "use": "sig"})]

    def described(self) -> dict[str, Any]:
        """The discovery document."""
        other = "http://127.0.0.1:1" if self.fault is Fault.OTHER_ISSUER_DESCRIBED else self.issuer
        return {
            "issuer": other,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/leave",
        }

    def published(self) -> dict[str, Any]:
        """The keys that it signs with, and one of a kind that nobody knows."""
        return {"keys": [*(key.as_dict(private=False) for key in self._keys), {"kty": "SEA", "kid": "salt"}]}

    def authorized(self, asked: dict[str, str]) -> str:
        """Where somebody is sent who has signed in."""
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        if self.fault is Fault.DENIES:
            back = {"error": "access_denied", "error_description": "<script>alert(1)</script>", "state": asked["state"]}
        if self.fault is Fault.WRONG_STATE:
            back["state"] = "another"
        if self.fault is Fault.OTHER_SENDER:
            back["iss"] = "https://elsewhere.example"
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def exchanged(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer to somebody who has a code, once; None for whoever has not."""
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or not self._is_client(form, authorization):
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (challenge, form.get("redirect_uri")) != (asked["code_challenge"], asked["redirect_uri"]):
            return None
        token = {"access_token": "unused", "token_type": "Bearer"}
        return token if self.fault is Fault.NO_TOKEN else {**token, "id_token": self._token(asked["nonce"])}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if not self.secret:
            return form.get("client_id") == self.client
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return (unquote(name), unquote(secret)) == (self.client, self.secret)

    def _token(self, nonce: str) -> str:
        now = self.now() + self.ahead
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client,
            "sub": "248289761001",
            "nonce": nonce,
            "iat": int(now),
            "exp": int(now) + 300,
            **self.claims,
        }
        match self.fault:
            case Fault.WRONG_NONCE:
                claims["nonce"] = "another"
            case Fault.NO_NONCE:
                del claims["nonce"]
            case Fault.WRONG_AUDIENCE:
                claims["aud"] = "somebody-else"
            case Fault.OTHERS_AUDIENCE:
                claims |= {"aud": [self.client, "somebody-else"], "azp": "somebody-else"}
            case Fault.WRONG_ISSUER:
                claims["iss"] = "https://elsewhere.example"
            case Fault.EXPIRED:
                claims |= {"iat": int(now) - 900, "exp": int(now) - 600}
            case Fault.NOT_YET:
                claims |= {"iat": int(now) + 600, "exp": int(now) + 900}
            case _:
                pass
        return self._signed(claims)

    def _signed(self, claims: dict[str, Any]) -> str:
        key = self._keys[0]
        header = {"alg": "ES256", "kid": key.kid}
        match self.fault:
            case Fault.ALG_NONE:
                parts = (json.dumps({"alg": "none"}), json.dumps(claims))
                return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."
            case Fault.ALG_SHARED:
                # What the public key says, taken for a shared secret: the oldest trick.
                shared = jwk.OctKey.import_key(key.as_pem(private=False)[:64].hex())
                return jws.serialize_compact({"alg": "HS256", "kid": key.kid}, json.dumps(claims), shared)
            case Fault.FOREIGN_KEY:
                return jwt.encode(header, claims, jwk.ECKey.generate_key("P-256"))
            case Fault.TAMPERED:
                first, _, last = jwt.encode(header, claims, key).split(".")
                forged = base64.urlsafe_b64encode(json.dumps({**claims, "groups": ["platform"]}).encode()).decode()
                return f"{first}.{forged.rstrip('=')}.{last}"
            case _:
                return jwt.encode(header, claims, key)


@contextmanager
def openid_provider(**more: Any) -> Generator[OpenIdProvider]:
    """A provider on a port of its own, for as long as the context lasts."""
    provider = OpenIdProvider(**more)
    provider.rotate()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(provider: OpenIdProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path:
                case "/.well-known/openid-configuration":
                    self._json(provider.described())
                case "/jwks":
                    self._json(provider.published())
                case "/authorize":
                    self._sent(provider.authorized(asked))
                case "/leave":
                    self._sent(asked["post_logout_redirect_uri"])
                case _:
                    self.send_error(404)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if provider.fault is Fault.SILENT:
                self.send_error(503)
            elif provider.fault is Fault.NO_JSON:
                self._answer(b"<html>", "text/html")
            elif answer := provider.exchanged(form, self.headers.get("Authorization", "")):
                self._json(answer)
            else:
                self.send_error(400)

        def _json(self, value: Any) -> None:
            self._answer(json.dumps(value).encode(), "application/json")

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _sent(self, where: str) -> None:
            self.send_response(303)
            self.send_header("Location", where)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
