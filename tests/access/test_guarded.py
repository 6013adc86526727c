"""A server that others can reach: where requests come from, what they may carry, how many there may be."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shoreward.app.access import tokens
from shoreward.app.access.audit import audited
from shoreward.app.releases import Wish
from shoreward.core import events as e
from shoreward.domain.access import Rates, Role
from shoreward.web.access.network import Proxies, Reach
from shoreward.web.access.policy import Asked, Need
from web.conftest import server

from .conftest import ADA, ROLES, Browser, Guarded, filled, guarding, pipelines

HOLD = "/api/v1/releases/app-1/hold"


@pytest.fixture
def operator(guarded: Guarded) -> Browser:
    return guarded.signed_in(groups=["beach"])


def test_the_journal_keeps_the_name_of_whoever_signed_in(guarded: Guarded, operator: Browser):
    assert operator.command(HOLD, {"why": "the moat is dry"}).status == 200
    placed = guarded.site.journal.events("app-1")[-1].event
    assert isinstance(placed, e.HoldPlaced)
    assert (placed.by, placed.why) == ("ada@example.com", "the moat is dry")
    _, entry = audited(guarded.accounts)[::-1]
    assert (entry.who, entry.role, entry.via, entry.what) == ("ada@example.com", "operator", "session", "hold")
    assert (entry.release, entry.application, entry.why, entry.status) == ("app-1", "app", "the moat is dry", 200)


def test_a_token_is_named_as_one(guarded: Guarded):
    secret = guarded.token(Role.OPERATOR, "app", name="ci")
    assert guarded.ask("POST", HOLD, secret, {"why": "so"}).status == 200
    assert guarded.site.journal.events("app-1")[-1].event.by == "token ci"


def test_an_operator_of_one_pipeline_stops_that_one_and_not_all(guarded: Guarded, operator: Browser):
    before = len(guarded.site.journal.orders())
    refused = operator.command("/api/v1/stop", {"why": "so"})
    assert (refused.status, refused.code) == (403, "NOT_PERMITTED")
    assert operator.command("/api/v1/stop", {"why": "so", "application": "tides"}).code == "NOT_PERMITTED"
    assert operator.command("/api/v1/stop", {"why": "so", "application": "ferry"}).code == "PIPELINE_UNKNOWN"
    assert operator.command("/api/v1/stop", {"why": "so", "application": "app"}).status == 200
    assert [order.application for order in guarded.site.journal.orders(before)] == ["app"]
    kept = [(entry.application, entry.status, entry.code, entry.allowed) for entry in audited(guarded.accounts)][:4]
    assert kept == [
        ("app", 200, "", True),
        ("ferry", 404, "PIPELINE_UNKNOWN", True),
        ("tides", 403, "NOT_PERMITTED", False),
        ("", 403, "NOT_PERMITTED", False),
    ]


def test_an_answer_is_remembered_for_whoever_asked_alone(guarded: Guarded):
    for role, status in ((Role.ADMIN, 200), (Role.OPERATOR, 403)):
        secret = guarded.token(role, *(() if role is Role.ADMIN else ("app",)))
        body = {"why": "so"}
        assert guarded.ask("POST", "/api/v1/stop", secret, body, Idempotency_Key="one").status == status


def test_pages_are_not_kept_for_somebody_else(guarded: Guarded, operator: Browser):
    other = guarded.signed_in(email="grace@example.com")
    assert "Moats are filled" in operator.visit("/pipelines").text
    assert "Moats are filled" not in other.visit("/pipelines").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Shoreward-Request": "1", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_page_of_another_site_does_nothing_with_a_session(
    guarded: Guarded, operator: Browser, headers: dict[str, str]
):
    before = guarded.site.journal.events("app-1")
    answer = operator.command(HOLD, {"why": "so"}, **headers)
    assert (answer.status, answer.code) == (403, "ORIGIN_FOREIGN")
    assert guarded.site.journal.events("app-1") == before


def test_a_form_of_another_site_does_nothing_with_a_session(guarded: Guarded, operator: Browser):
    sent = {"Content-Type": "text/plain", "Accept": "application/json"}
    for origin in ({}, {"Origin": guarded.site.address}, {"Origin": "https://evil.example"}):
        answer = operator.visit(HOLD, method="POST", body='{"why": "so"}', **sent, **origin)
        assert (answer.status, answer.code) == (403, "ORIGIN_FOREIGN")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "", "evil.example, 127.0.0.1", "[::1"])
def test_another_host_is_not_answered(guarded: Guarded, operator: Browser, host: str):
    answer = operator.visit("/account", Host=host, Accept="application/json")
    assert (answer.status, answer.code) == (403, "HOST_FOREIGN")


def test_a_token_in_an_address_is_refused_even_when_it_is_right(guarded: Guarded):
    secret = guarded.token()
    for path in (
        f"/api/v1/pipelines?access_token={secret}",
        f"/api/v1/pipelines?token={secret}",
        f"/api/v1/pipelines/{secret}",
        f"/api/v1/pipelines?x=%73{secret[1:]}",
        "/api/v1/pipelines?access_token=anything",
    ):
        for given in ("", secret):
            answer = guarded.ask("GET", path, given)
            assert (answer.status, answer.json()["code"]) == (400, "TOKEN_IN_URL")
            assert secret not in answer.text


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "bearer x y", "Token x", "", "Bearer é"])
def test_what_is_no_token_opens_nothing(guarded: Guarded, operator: Browser, header: str):
    answer = operator.visit("/api/v1/pipelines", Authorization=header.encode("latin-1").decode("latin-1"))
    assert (answer.status, answer.code) == (401, "TOKEN_REFUSED")


@pytest.mark.parametrize(
    "cookie", ["x", "../../etc/passwd", "é", '"', "a" * 3_000, "' OR 1=1 --", "\\x00", "a; shoreward=b"]
)
def test_what_is_no_session_opens_nothing(guarded: Guarded, cookie: str):
    browser = guarded.browser()
    browser.cookies["shoreward"] = cookie.encode().decode("latin-1")
    assert browser.visit("/api/v1/pipelines").code == "SIGN_IN_NEEDED"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../access/door.py",
        "/static/..%2faccess%2fdoor.py",
        "/static/%2e%2e/server.py",
        "/static/shoreward.css%00.js",
        "/static//etc/passwd",
        "/pipelines/..%2f..%2fetc%2fpasswd",
        "/releases/app-1/judgement/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/releases/..%2fapp-1",
        "/api/v1/releases/app-1/targets/../../../x/judgement",
    ],
)
def test_no_path_leads_out_of_what_there_is(guarded: Guarded, path: str):
    answer = guarded.ask("GET", path, guarded.token())
    assert answer.status in (400, 403, 404, 409)
    assert "root:" not in answer.text
    assert "import " not in answer.text


NASTY = "so\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>\x1b[2J{{7*7}}\x00\u202e'); DROP TABLE audit;--"


def test_what_people_say_is_kept_as_it_is_and_shown_as_nothing_else(guarded: Guarded, operator: Browser):
    assert operator.command(HOLD, {"why": NASTY}).status == 200
    answer = guarded.ask("GET", "/api/v1/audit", guarded.token())
    assert answer.json()["entries"][0]["why"] == NASTY
    page = operator.visit("/releases/app-1")
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert page.cookies == []
    for name in ("Idempotency_Key", "X_Forwarded_For", "User_Agent", "Last_Event_ID"):
        sent = {name: "a\tb; Set-Cookie: c=d"}
        assert "c=d" not in str(operator.visit("/api/v1/pipelines", **sent).headers)


def test_too_many_requests_wait_each_for_themselves(tmp_path: Path):
    rates = Rates(requests=5, commands=2, failures=3)
    with filled(tmp_path / "journal.db", pipelines) as site, guarding(site, rates=rates) as guarded:
        first, second = guarded.token(), guarded.token()
        read = [guarded.ask("GET", "/api/v1/pipelines", first) for _ in range(6)]
        assert [answer.status for answer in read] == [200] * 5 + [429]
        assert (read[-1].json()["code"], read[-1].headers["retry-after"]) == ("TOO_MANY", "12")
        assert read[-1].headers["content-type"] == "application/problem+json"
        done = [guarded.ask("POST", HOLD, second, {"why": "so"}).status for _ in range(3)]
        assert done == [200, 200, 429]
        assert len(audited(guarded.accounts)) == 2
        wrong = [guarded.ask("GET", "/api/v1/pipelines", tokens.mint()).status for _ in range(5)]
        assert wrong == [401, 401, 401, 429, 429]
        # Somebody who is known is not shut out by a neighbour who guesses.
        assert guarded.ask("GET", "/api/v1/pipelines", second).status == 200
        site.clock.time += 60
        assert guarded.ask("GET", "/api/v1/pipelines", first).status == 200


@contextmanager
def streaming(
    guarded: Guarded, secret: str, path: str = "/api/v1/events?after=0"
) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(guarded.site.address).netloc, timeout=20)
    with closing(connection):
        connection.request("GET", path, headers={"Authorization": f"Bearer {secret}", "Accept": "text/event-stream"})
        yield connection.getresponse()


def test_a_stream_ends_with_the_token_that_opened_it(guarded: Guarded):
    expiring = guarded.token(lasts=30.0)
    with streaming(guarded, guarded.token(name="gone")) as first, streaming(guarded, expiring) as second:
        assert b"retry:" in first.readline() + second.readline()
        tokens.revoke(guarded.accounts, "gone", Wish(by="grace", at=guarded.site.clock.time))
        first.read()
        guarded.site.clock.time += 30
        second.read()
    assert guarded.ask("GET", "/api/v1/events", expiring).status == 401


def test_a_stream_tells_of_what_its_reader_sees(guarded: Guarded):
    secret = guarded.token(Role.VIEWER, "tides", lasts=30.0)
    with streaming(guarded, secret) as stream:
        said = threading.Event()
        lines: list[bytes] = []

        def read() -> None:
            for line in stream:
                lines.append(line)
                if b"tides-1" in line:
                    said.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert said.wait(20)
        guarded.site.clock.time += 30
        reader.join()
    told = b"".join(lines)
    assert b"app-1" not in told
    assert b"ferry-1" not in told


def test_a_page_as_a_stream_shows_each_reader_what_they_see_and_ends_with_their_token(guarded: Guarded):
    names = {"app", "tides", "ferry"}
    tokens_of = {name: guarded.token(Role.VIEWER, name, lasts=30.0) for name in sorted(names)}
    with ExitStack() as stack:
        streams = {
            name: stack.enter_context(streaming(guarded, secret, "/pipelines")) for name, secret in tokens_of.items()
        }
        first = {name: b"".join(stream.readline() for _ in range(5)) for name, stream in streams.items()}
        guarded.site.clock.time += 30
        told = {name: first[name] + stream.read() for name, stream in streams.items()}
    for name, text in told.items():
        assert f"{name}-1".encode() in text
        assert [other for other in names - {name} if f"{other}-1".encode() in text] == []
    refused = guarded.ask("GET", "/pipelines", tokens_of["app"], Accept="text/event-stream")
    elsewhere = guarded.ask("GET", "/pipelines/app", guarded.token(Role.VIEWER, "tides"), Accept="text/event-stream")
    assert (refused.status, elsewhere.status) == (401, 403)


PROXY = ("127.0.0.1/32",)
HTTPS = {
    "Host": "shoreward.example.com",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "198.51.100.7, 203.0.113.9",
}


@contextmanager
def proxied(folder: Path) -> Iterator[Guarded]:
    with (
        filled(folder / "journal.db", pipelines) as site,
        guarding(site, address="https://shoreward.example.com", proxies=PROXY) as guarded,
    ):
        guarded.provider.claims = {**ADA, "groups": ["beach"]}
        yield guarded


def test_behind_a_proxy_cookies_are_for_https_and_this_very_host(tmp_path: Path):
    with proxied(tmp_path) as guarded:
        browser = Browser(guarded.site.address, headers=HTTPS)
        begun = browser.visit("/sign-in")
        back = urlsplit(browser.visit(begun.leads_to).leads_to)
        assert f"{back.scheme}://{back.netloc}{back.path}" == "https://shoreward.example.com/sign-in/callback"
        let_in = browser.visit(f"{back.path}?{back.query}")
        for cookie in (*begun.cookies, *let_in.cookies):
            for name, morsel in SimpleCookie(cookie).items():
                assert name.startswith("__Host-shoreward")
                assert (morsel["secure"], morsel["httponly"], morsel["path"]) == (True, True, "/")
        origin = {"Origin": "https://shoreward.example.com"}
        assert browser.command(HOLD, {"why": "so"}, **origin).status == 200
        assert browser.command(HOLD, {"why": "so"}, Origin="http://shoreward.example.com").status == 403
        held, signed = audited(guarded.accounts)[-2:][0], audited(guarded.accounts)[-1]
        assert {held.origin, signed.origin} == {"203.0.113.9"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"X-Forwarded-Proto": "http"}, "HTTPS_NEEDED"),
        ({"X-Forwarded-Proto": ""}, "HTTPS_NEEDED"),
        ({"X-Forwarded-Proto": "https, http"}, "HTTPS_NEEDED"),
        ({"Host": "evil.example"}, "HOST_FOREIGN"),
        ({"X-Forwarded-Host": "evil.example"}, "HOST_FOREIGN"),
        ({"Host": "upstream:8080", "X-Forwarded-Host": "shoreward.example.com"}, None),
        ({}, None),
    ],
)
def test_behind_a_proxy_only_https_to_the_right_name_is_answered(
    tmp_path: Path, changed: dict[str, str], code: str | None
):
    with proxied(tmp_path) as guarded:
        answer = guarded.ask("GET", "/api/v1/pipelines", guarded.token(), **{**HTTPS, **changed})
        assert answer.status == (403 if code else 200)
        assert code is None or answer.json()["code"] == code


def reached(peer: str, **headers: str) -> Reach:
    asked = Asked(
        need=Need.READ,
        method="GET",
        path="/",
        peer=peer,
        headers={"host": "a.example"} | {name.replace("_", "-"): value for name, value in headers.items()},
    )
    return Proxies(("10.0.0.0/8", "fd00::/8")).reach(asked)


def test_only_a_trusted_proxy_says_who_asks():
    invented = {"x_forwarded_for": "1.1.1.1", "x_forwarded_proto": "https", "x_forwarded_host": "b.example"}
    told = reached("203.0.113.9", **invented)
    assert told == Reach(origin="203.0.113.9", host="a.example", secure=False)
    assert reached("10.0.0.1", **invented) == Reach(origin="1.1.1.1", host="b.example", secure=True)
    assert reached("fd00::1", **invented).origin == "1.1.1.1"


@pytest.mark.parametrize(
    ("chain", "origin"),
    [
        ("1.1.1.1, 2.2.2.2", "2.2.2.2"),
        ("1.1.1.1, 2.2.2.2, 10.0.0.7", "2.2.2.2"),
        ("10.0.0.8, 10.0.0.7", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("1.1.1.1, garbage\x1b[2J", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_is_the_clients(chain: str, origin: str):
    assert reached("10.0.0.1", x_forwarded_for=chain).origin == origin


def test_who_has_no_role_is_known_and_may_leave_and_nothing_else(tmp_path: Path):
    named = tuple(rule for rule in ROLES if not rule.everyone)
    with filled(tmp_path / "journal.db", pipelines) as site, guarding(site, roles=named) as guarded:
        browser = guarded.signed_in(email="grace@example.com")
        assert "You have no role here yet" in browser.visit("/account").text
        refused = browser.visit("/api/v1/pipelines")
        assert (refused.status, refused.code) == (403, "NOT_PERMITTED")


def test_a_token_holds_on_a_laptop_too_and_for_no_more_than_it_says(tmp_path: Path):
    with filled(tmp_path / "journal.db", pipelines) as site, guarding(site) as guarded, server(site) as site.address:
        laptop = replace(guarded, site=site)
        viewer = laptop.token(Role.VIEWER, "app")
        assert laptop.ask("GET", "/api/v1/releases/app-1", viewer).status == 200
        assert laptop.ask("GET", "/api/v1/releases/tides-1", viewer).status == 403
        assert laptop.ask("POST", HOLD, viewer, {"why": "so"}).status == 403
        assert laptop.ask("GET", "/api/v1/pipelines", tokens.mint()).status == 401
        assert laptop.ask("GET", "/account", Accept="text/html").status == 200
        assert laptop.ask("GET", "/sign-in").status == 404
