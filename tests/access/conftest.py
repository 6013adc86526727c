"""The servers of tests/web, and a server that people sign in to, with a provider of its own."""

from __future__ import annotations

import http.client
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from shoreward.adapters.journal import SqliteAccounts
from shoreward.app.access import tokens
from shoreward.app.people import levers, orders
from shoreward.app.releases import Wish
from shoreward.app.sandboxes.lease import Lease
from shoreward.domain.access import Grant, Rates, Rights, Role, RoleRule, ServerSettings, SignIn
from shoreward.testing.builders import a_lease, an_opening
from shoreward.testing.openid import OpenIdProvider, openid_provider
from shoreward.web.access.signed_in import signing_in
from shoreward.web.server import address, listen
from web.conftest import Answer, server
from web.conftest import Site as Site
from web.conftest import build as build  # the fixture: a server of one's own
from web.conftest import filled as filled
from web.conftest import past as past  # the fixture: a server with releases that have ended

HTML = {"Accept": "text/html"}
ROLES = (
    RoleRule(grant=Grant(role=Role.ADMIN), groups=("platform",)),
    RoleRule(grant=Grant(role=Role.OPERATOR, pipelines=("app",)), groups=("beach",), emails=("ada@example.com",)),
    RoleRule(grant=Grant(role=Role.VIEWER, pipelines=("tides",)), everyone=True),
)
NAMES = {"application": "app", "release": "app-1", "target": "eu-north-1", "sandbox": "app-ada"}
"""What there is, by the names of parameters in paths."""

ADA = {"email": "ada@example.com", "email_verified": True}


@dataclass(kw_only=True)
class Visited:
    """An answer, whether it leads on or not."""

    status: int
    headers: dict[str, str]
    text: str
    cookies: list[str]

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return self.json()["code"]

    @property
    def leads_to(self) -> str:
        return self.headers["location"]


@dataclass
class Browser:
    """What a browser does of its own: it keeps cookies, and follows where it is led."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def visit(self, where: str, *, method: str = "GET", body: str = "", **headers: str) -> Visited:
        """One request, nothing followed."""
        parts = urlsplit(where if "://" in where else self.address + where)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        said = {**HTML, **self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        here = parts.netloc == urlsplit(self.address).netloc
        if here and self.cookies:
            said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(connection):
            connection.request(method, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, said)
            answer = connection.getresponse()
            text = answer.read().decode()
        given = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        for name, morsel in ((name, morsel) for each in given for name, morsel in SimpleCookie(each).items()):
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Visited(status=answer.status, headers=found, text=text, cookies=given)

    def follow(self, where: str) -> Visited:
        """Where a request leads in the end."""
        for _ in range(8):
            answer = self.visit(where)
            if answer.status != 303:
                return answer
            where = answer.leads_to
        raise AssertionError("it leads in a circle")

    def sign_in(self, next: str = "/account") -> Visited:
        return self.follow(f"/sign-in?{urlencode({'next': next})}")

    def command(self, path: str, body: Any, **headers: str) -> Visited:
        """What the page's script sends."""
        said = {"Origin": self.address, "Sec-Fetch-Site": "same-origin", "Shoreward-Request": "1"}
        said |= {"Content-Type": "application/json", "Accept": "application/json"}
        return self.visit(path, method="POST", body=json.dumps(body), **{**said, **headers})


@dataclass(kw_only=True)
class Guarded:
    """A server that people sign in to."""

    site: Site
    provider: OpenIdProvider
    accounts: SqliteAccounts
    settings: ServerSettings

    def browser(self) -> Browser:
        return Browser(self.site.address)

    def signed_in(self, **claims: object) -> Browser:
        """Somebody's browser, signed in."""
        self.provider.claims = {**ADA, **claims}
        browser = self.browser()
        assert browser.sign_in("/health").text == "alive\n"
        return browser

    def token(self, role: Role = Role.ADMIN, *pipelines: str, lasts: float = 3_600.0, name: str = "") -> str:
        """The secret of a new token."""
        rights = Rights(grants=(Grant(role=role, pipelines=pipelines or ("*",)),))
        wish = Wish(by="grace", at=self.site.clock.time)
        secret, _ = tokens.create(self.accounts, name or f"t{len(self.accounts.tokens())}", rights, lasts, wish)
        return secret

    def ask(self, method: str, path: str, secret: str = "", body: Any = None, **headers: str) -> Answer:
        said = {"Authorization": f"Bearer {secret}"} if secret else {}
        said |= {"Content-Type": "application/json"} if body is not None else {}
        content = json.dumps(body).encode() if body is not None else None
        return self.site.ask(method, path, body=content, headers={**said, **headers})


@contextmanager
def guarding(site: Site, **changed: Any) -> Iterator[Guarded]:
    """A site behind sign-in, for as long as the context lasts."""
    listening = listen("127.0.0.1", 0)
    now = site.clock.now
    with openid_provider(secret="tide", now=now) as provider, closing(SqliteAccounts(site.journal.path)) as accounts:
        settings = ServerSettings(
            address=address(listening),
            sign_in=SignIn(issuer=provider.issuer, client="shoreward", secret="SECRET"),
            roles=ROLES,
            rates=Rates(requests=100_000, commands=100_000, failures=100_000),
        )
        settings = replace(settings, **changed)
        signing = signing_in(settings, accounts, site.clock, {"SECRET": "tide"})
        served = replace(site, address="")
        parts: dict[str, Any] = {"access": signing.policy, "signing_in": signing, "sandboxes": sandboxes}
        with server(served, listening=listening, **parts) as served.address:
            yield Guarded(site=served, provider=provider, accounts=accounts, settings=settings)


def pipelines(site: Site) -> None:
    """Three pipelines, each with a release that has just been opened; people see one, two, or all of them."""
    for application, subject in (
        ("app", "Moats are filled"),
        ("tides", "Tides are told"),
        ("ferry", "Dogs have tickets"),
    ):
        pipeline = replace(an_opening("x", None, 0.0).pipeline, application=application)
        site.opened(f"{application}-commit", pipeline, subject)


def sandboxes() -> tuple[Lease, ...]:
    """A sandbox of each pipeline."""
    return tuple(a_lease(name, "ada", branch=f"{name}-feast") for name in ("app", "tides", "ferry"))


def words(site: Site) -> None:
    """What people said of each pipeline."""
    for header in site.journal.releases():
        wish = Wish(by="grace", at=site.clock.time, why=f"{header.application} may rest")
        orders.stop(site.journal, header.application, wish)
        until = site.clock.time + 600
        orders.freeze(site.journal, f"{header.application}-feast", 0.0, until, wish, application=header.application)
        levers.hold(site.journal, header.id, wish)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server of three pipelines that people sign in to, for all tests of a module."""
    with filled(tmp_path_factory.mktemp("guarded") / "journal.db", pipelines) as site, guarding(site) as made:
        yield made


@pytest.fixture
def guarded(lasting: Guarded) -> Guarded:
    """The same, as if nobody had come yet; only the journal's events and orders stay."""
    site, provider = lasting.site, lasting.provider
    with closing(sqlite3.connect(site.journal.path)) as connection, connection:
        for table in ("tokens", "sessions", "audit"):
            connection.execute(f"DELETE FROM {table}")
    provider.fault, provider.ahead, provider.claims = None, 0.0, {}
    provider.asked.clear()
    # What is known of the provider grows old, and is asked for again.
    site.clock.time += 3_601
    afresh = Wish(by="grace", at=site.clock.time, why="the next test")
    levers.resume(site.journal, "app-1", afresh)
    orders.lift_stop(site.journal, "app", afresh)
    return lasting
