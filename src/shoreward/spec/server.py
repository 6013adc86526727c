"""`server.yaml` to a server's settings: its format, and the way in. All mistakes are told at once."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoreward.domain import SpecErrors
from shoreward.domain.access import EVERY, Claims, Grant, Rates, Role, RoleRule, ServerSettings, SignIn
from shoreward.spec._kinds import Choice, Duration, Flag, Number, Text, duration_text
from shoreward.spec._shapes import At, Field, ListOf, Record, Schema
from shoreward.spec.load import decoded, in_order, read_file
from shoreward.spec.yaml import read_yaml

_SIGN_IN = SignIn(issuer="", client="")
_RATES = Rates()
_PORT = r"(:[1-9][0-9]{0,4})?"
_HERE = rf"http://(localhost|127\.[0-9.]{{5,11}}|\[::1\]){_PORT}"
_HTTPS = rf"https://[a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?{_PORT}"
_ADDRESS = Text(rf"({_HTTPS}|{_HERE})", "an address such as https://shoreward.example.com (http on this machine only)")
_ISSUER = Text(rf"({_HTTPS}|{_HERE})(/[A-Za-z0-9._~/-]{{0,500}})?", "an issuer such as https://id.example.com")
_CLAIM = Text(r"\S{1,200}", "the name of a claim")
_SHORT = Text(r"\S(.{0,254}\S)?", "text of 1 to 256 characters, without blanks at its ends")
_PIPELINE = Text(r"\*|[A-Za-z][A-Za-z0-9-]{0,127}\*?", "a pipeline's name, or its beginning with a star behind it")
_EMAIL = Text(r"[^\s@]{1,200}@[^\s@]{1,200}", "an e-mail address")
_VARIABLE = Text(r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable")


@dataclass(frozen=True, slots=True)
class Network:
    """Network addresses: `10.0.0.0/8`, or one alone."""

    def read(self, value: Any, at: At) -> str | None:
        """The network, or None after complaining; see `Shape`."""
        if not isinstance(value, str):
            return at.mistyped(value, "a network, such as 10.0.0.0/8")
        try:
            network = ipaddress.ip_network(value)
        except ValueError as error:
            return at.complain("SERVER_NETWORK", f"{at.name} is no network: {error}.", "Write it as 10.0.0.0/8.")
        if network.prefixlen == 0:
            what = f"{at.name} trusts everybody to say who asks."
            return at.complain("SERVER_NETWORK", what, "Name the addresses of your proxies alone.")
        return str(network)

    def schema(self) -> Schema:
        """See `Shape`."""
        return {"type": "string"}


SIGN_IN = Record(
    "'sign-in'",
    (
        Field("issuer", _ISSUER, "The OpenID Connect provider, as its tokens name it.", required=True),
        Field("client-id", _SHORT, "What the provider calls this server.", required=True),
        Field("client-secret", _VARIABLE, "Environment variable with the client's secret; none for a public client."),
        Field("scopes", ListOf(_CLAIM, distinct=True), "What is asked for.", default=list(_SIGN_IN.scopes)),
        Field(
            "name-claim",
            _CLAIM,
            "The claim by which the journal calls people; `email` counts when the provider has verified it.",
            default=_SIGN_IN.claims.name,
        ),
        Field("groups-claim", _CLAIM, "The claim with people's groups.", default=_SIGN_IN.claims.groups),
        Field("lasts", Duration(), "How long somebody stays signed in.", default=duration_text(_SIGN_IN.lasts)),
        Field("skew", Duration(), "By how much clocks may differ, 5m at most.", default=duration_text(_SIGN_IN.skew)),
    ),
)

ROLE = Record(
    "a role",
    (
        Field("role", Choice(tuple(Role)), "viewer, operator or admin.", required=True),
        Field("pipelines", ListOf(_PIPELINE, distinct=True), "Where; `beach-*` is all that begin so.", default=[EVERY]),
        Field("groups", ListOf(_SHORT, distinct=True), "Whoever is in one of these groups."),
        Field("emails", ListOf(_EMAIL, distinct=True), "Whoever has one of these addresses, verified."),
        Field("everyone", Flag(), "Whoever the provider lets sign in.", default=False),
    ),
)

_COUNT = Number(1, 1_000_000, whole=True)

SERVER = Record(
    "the file",
    (
        Field("address", _ADDRESS, "How browsers reach the server.", required=True),
        Field("proxies", ListOf(Network()), "Networks of the reverse proxies before it, whose X-Forwarded-* count."),
        Field("sign-in", SIGN_IN, "How people say who they are.", required=True),
        Field(
            "roles",
            ListOf(ROLE, empty=("SERVER_NOBODY", "Say who may do what: `- role: viewer`.")),
            "Who may do what; all that fit count.",
            required=True,
        ),
        Field(
            "rates",
            Record(
                "'rates'",
                (
                    Field("requests", _COUNT, "Of each session and token.", default=_RATES.requests),
                    Field("commands", _COUNT, "Likewise.", default=_RATES.commands),
                    Field("failures", _COUNT, "To be let in, of each address.", default=_RATES.failures),
                ),
            ),
            "How much is answered in a minute.",
        ),
    ),
)


def is_pipeline(text: str) -> bool:
    """Whether a text names pipelines as `pipelines` of a role does."""
    return re.fullmatch(_PIPELINE.pattern, text) is not None


def load_settings(path: Path) -> ServerSettings:
    """Read a server's settings.

    Raises:
        SpecError: the file cannot be read or is wrong; `SpecErrors` when several things are.
    """
    document = read_yaml(decoded(read_file(path), str(path)), str(path), intrinsics=False)
    at = At(document, [])
    found: dict[str, Any] = SERVER.read(document.value, at) or {}
    rates: dict[str, int] = found.get("rates") or {}
    settings = ServerSettings(
        address=found.get("address") or "",
        proxies=tuple(filter(None, found.get("proxies") or ())),
        sign_in=_sign_in(found.get("sign-in") or {}, at / "sign-in"),
        roles=tuple(_rule(each or {}, at / "roles" / index) for index, each in enumerate(found.get("roles") or ())),
        rates=Rates(**rates),
    )
    if settings.address.startswith("https:") and not settings.proxies and not at.errors:
        what = "Browsers come over HTTPS, and no proxy is named that could have taken it off."
        (at / "address").complain("SERVER_PROXY_MISSING", what, "Name the reverse proxy under 'proxies'.")
    if errors := in_order(at.errors):
        raise errors[0] if len(errors) == 1 else SpecErrors(errors)
    return settings


def _sign_in(found: dict[str, Any], at: At) -> SignIn:
    scopes = tuple(filter(None, found.get("scopes") or _SIGN_IN.scopes))
    if "openid" not in scopes:
        (at / "scopes").complain("SERVER_SCOPE", "Without 'openid' nobody is told who signs in.", "Add it.")
    lasts, skew = found.get("lasts", _SIGN_IN.lasts), found.get("skew", _SIGN_IN.skew)
    if not 60 <= lasts <= 30 * 86_400:
        (at / "lasts").complain("SERVER_TIME", "A session lasts from a minute to 30 days.")
    if skew > 300:
        (at / "skew").complain("SERVER_TIME", "Clocks that differ by more than 5 minutes want mending.")
    return SignIn(
        issuer=found.get("issuer", ""),
        client=found.get("client-id", ""),
        secret=found.get("client-secret", ""),
        scopes=scopes,
        claims=Claims(
            name=found.get("name-claim", _SIGN_IN.claims.name),
            groups=found.get("groups-claim", _SIGN_IN.claims.groups),
        ),
        lasts=lasts,
        skew=skew,
    )


def _rule(found: dict[str, Any], at: At) -> RoleRule:
    rule = RoleRule(
        grant=Grant(
            role=Role(found.get("role", Role.VIEWER)), pipelines=tuple(filter(None, found.get("pipelines", (EVERY,))))
        ),
        groups=tuple(filter(None, found.get("groups", ()))),
        emails=tuple(filter(None, found.get("emails", ()))),
        everyone=found.get("everyone", False),
    )
    if not (rule.groups or rule.emails or rule.everyone):
        at.complain("SERVER_NOBODY", "Nobody is named who has this role.", "Add groups, emails, or everyone: true.")
    return rule
