"""People sign in with an OpenID Connect provider; whatever is wrong with one lets nobody in."""

from __future__ import annotations

from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from shoreward.app.access.audit import audited
from shoreward.domain import Refused
from shoreward.domain.access import Rates
from shoreward.testing.openid import Fault, openid_provider
from shoreward.web.access.openid import Provider, Secret

from .conftest import ADA, Guarded, filled, guarding, pipelines


def test_who_is_not_signed_in_is_sent_to_the_provider_and_comes_back_to_where_they_wanted_to_go(guarded: Guarded):
    guarded.provider.claims = {**ADA, "groups": ["beach"]}
    browser = guarded.browser()
    assert browser.visit("/pipelines/app?x=1").leads_to == "/sign-in?next=%2Fpipelines%2Fapp%3Fx%3D1"
    shown = browser.follow("/pipelines/app?x=1")
    assert shown.status == 200
    assert "Moats are filled" in shown.text
    assert guarded.provider.asked[:3] == ["/.well-known/openid-configuration", "/authorize", "/token"]


def test_the_provider_is_asked_with_a_challenge_a_state_and_a_nonce_that_are_new_each_time(guarded: Guarded):
    asked = [parse_qs(urlsplit(guarded.browser().visit("/sign-in").leads_to).query) for _ in range(2)]
    first, second = asked
    assert (first["response_type"], first["code_challenge_method"]) == (["code"], ["S256"])
    assert first["redirect_uri"] == [f"{guarded.site.address}/sign-in/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) == 43
        assert first[name] != second[name]


def test_a_session_is_kept_in_a_cookie_that_no_script_reads_and_in_the_journal_as_a_digest(guarded: Guarded):
    browser = guarded.signed_in()
    cookie = next(iter(browser.cookies.values()))
    assert list(browser.cookies) == ["shoreward"]
    written = b"".join(file.read_bytes() for file in guarded.site.journal.path.parent.iterdir() if file.is_file())
    assert cookie.encode() not in written
    given = browser.visit("/sign-in").cookies
    (morsel,) = SimpleCookie(given[0]).values()
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "lax", "/", "")


CANNOT_BE_USED = {Fault.SILENT, Fault.NO_JSON, Fault.OTHER_ISSUER_DESCRIBED}
"""Told as the provider's trouble, and not as the person's."""


@pytest.mark.parametrize("fault", [each for each in Fault if each not in CANNOT_BE_USED])
def test_a_provider_that_misbehaves_lets_nobody_in(guarded: Guarded, fault: Fault):
    guarded.provider.claims = {**ADA, "groups": ["platform"]}
    guarded.provider.fault = fault
    browser = guarded.browser()
    refused = browser.sign_in()
    assert refused.status == 403
    assert "SIGN_IN_FAILED" in refused.text
    assert "<script>alert" not in refused.text
    assert "shoreward" not in browser.cookies
    (entry,) = audited(guarded.accounts, refused=True)
    assert (entry.what, entry.who, entry.allowed, entry.code) == ("sign_in", "", False, "SIGN_IN_FAILED")
    assert entry.origin == "127.0.0.1"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.SILENT, 503, "PROVIDER_SILENT"),
        (Fault.NO_JSON, 500, "PROVIDER_UNUSABLE"),
        (Fault.OTHER_ISSUER_DESCRIBED, 500, "PROVIDER_UNUSABLE"),
    ],
)
def test_a_provider_that_cannot_be_used_is_named_as_the_cause(guarded: Guarded, fault: Fault, status: int, code: str):
    guarded.provider.fault = fault
    browser = guarded.browser()
    refused = browser.sign_in()
    assert refused.status == status
    assert code in refused.text
    assert "shoreward" not in browser.cookies


def test_a_provider_may_change_its_keys_at_any_time(guarded: Guarded):
    guarded.signed_in()
    guarded.provider.asked.clear()
    guarded.provider.rotate()
    guarded.signed_in()
    guarded.signed_in()
    assert guarded.provider.asked.count("/jwks") == 1


@pytest.mark.parametrize(("ahead", "status"), [(50.0, 200), (-340.0, 200), (90.0, 403), (-400.0, 403)])
def test_clocks_may_differ_by_as_much_as_the_settings_say(guarded: Guarded, ahead: float, status: int):
    guarded.provider.claims = ADA
    guarded.provider.ahead = ahead
    assert guarded.browser().sign_in().status == status


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "ada@example.com", "email_verified": True}, 200),
        ({"email": "ada@example.com", "email_verified": False}, 403),
        ({"email": "ada@example.com"}, 403),
        ({"email_verified": True}, 403),
        ({"email": ["ada@example.com"], "email_verified": True}, 403),
        ({"email": "ada@example.com\n[2J", "email_verified": True}, 403),
        ({"email": "token ci", "email_verified": True}, 403),
        ({"email": "x" * 201, "email_verified": True}, 403),
        ({**ADA, "aud": "shoreward", "azp": "somebody"}, 403),
        ({**ADA, "aud": ["shoreward", "other"]}, 403),
        ({**ADA, "aud": ["shoreward", "other"], "azp": "shoreward"}, 200),
    ],
)
def test_people_have_a_name_that_the_provider_vouches_for(guarded: Guarded, claims: dict[str, object], status: int):
    guarded.provider.claims = claims
    assert guarded.browser().sign_in().status == status


def test_only_the_browser_that_began_comes_back_and_only_once(guarded: Guarded):
    guarded.provider.claims = ADA
    browser, other = guarded.browser(), guarded.browser()
    callback = browser.visit(browser.visit("/sign-in").leads_to).leads_to
    assert other.visit(callback).status == 403
    other.visit("/sign-in")
    assert other.visit(callback).status == 403
    assert browser.visit(callback).status == 303
    assert browser.visit(callback).status == 403
    assert "shoreward" not in other.cookies


def test_a_session_that_somebody_brings_along_is_not_the_one_they_get(guarded: Guarded):
    mallory = guarded.signed_in(email="mallory@example.com")
    planted = mallory.cookies["shoreward"]
    victim = guarded.browser()
    victim.cookies["shoreward"] = planted
    guarded.provider.claims = {**ADA, "groups": ["platform"]}
    victim.sign_in()
    assert victim.cookies["shoreward"] != planted
    assert mallory.visit("/account").leads_to.startswith("/sign-in")


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%09/evil.example\n",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
        "evil.example",
        "",
        "/" + "x" * 2_500,
    ],
)
def test_nobody_is_led_elsewhere_by_signing_in(guarded: Guarded, next: str):
    guarded.provider.claims = ADA
    browser = guarded.browser()
    back = browser.visit(browser.visit(browser.visit(f"/sign-in?next={quote(next)}").leads_to).leads_to)
    assert (back.status, back.leads_to) == (303, "/")


def test_somebody_signs_out_here_and_at_the_provider(guarded: Guarded):
    browser = guarded.signed_in()
    kept = dict(browser.cookies)
    page = browser.visit("/account")
    assert "ada@example.com" in page.text
    assert f"form-action 'self' {guarded.provider.issuer};" in page.headers["content-security-policy"]
    form = page.text.partition('name="form" value="')[2].partition('"')[0]
    out = browser.visit("/sign-out", method="POST", body=f"form={form}", Origin=guarded.site.address)
    assert out.leads_to.startswith(f"{guarded.provider.issuer}/leave?client_id=shoreward&")
    assert "You are signed out" in browser.follow(out.leads_to).text
    assert browser.cookies == {}
    browser.cookies = kept
    assert browser.visit("/account").status == 303


def test_nobody_else_signs_somebody_out(guarded: Guarded):
    browser = guarded.signed_in()
    other = guarded.signed_in(email="grace@example.com")
    form = other.visit("/account").text.partition('name="form" value="')[2].partition('"')[0]
    for origin, body in (
        (guarded.site.address, ""),
        (guarded.site.address, f"form={form}"),
        ("https://evil.example", f"form={form}"),
        ("null", ""),
    ):
        assert browser.visit("/sign-out", method="POST", body=body, Origin=origin).status == 403
    assert browser.visit("/account").status == 200


def test_a_session_ends_by_itself(guarded: Guarded):
    browser = guarded.signed_in()
    guarded.site.clock.time += guarded.settings.sign_in.lasts - 1
    assert browser.visit("/account").status == 200
    guarded.site.clock.time += 1
    assert browser.visit("/account").status == 303


def test_whoever_fails_too_often_is_not_even_heard(tmp_path: Path):
    with (
        filled(tmp_path / "journal.db", pipelines) as site,
        guarding(site, rates=Rates(requests=100, commands=100, failures=3)) as guarded,
    ):
        guarded.provider.claims = ADA
        guarded.provider.fault = Fault.WRONG_NONCE
        browser = guarded.browser()
        assert [browser.sign_in().status for _ in range(4)] == [403, 403, 403, 429]
        asked = len(guarded.provider.asked)
        refused = browser.visit("/sign-in", Accept="application/json")
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (429, "TOO_MANY", "20")
        assert len(guarded.provider.asked) == asked
        site.clock.time += 20
        guarded.provider.fault = None
        assert browser.sign_in().status == 200
        assert len(audited(guarded.accounts, refused=True)) == 3


def test_a_server_without_the_clients_secret_does_not_start(guarded: Guarded):
    with pytest.raises(Refused, match="SIGN_IN_SECRET_MISSING"):
        Provider(guarded.settings.sign_in, "http://127.0.0.1/sign-in/callback", {}, guarded.site.clock.now)


def test_a_public_client_has_no_secret(guarded: Guarded):
    with openid_provider(claims=ADA, now=guarded.site.clock.now) as provider:
        callback = f"{guarded.site.address}/sign-in/callback"
        public = replace(guarded.settings.sign_in, issuer=provider.issuer, secret="")
        asking = Provider(public, callback, {}, guarded.site.clock.now)
        browser = Secret("s" * 43)
        back = parse_qs(urlsplit(guarded.browser().visit(asking.where(browser)).leads_to).query)
        assert asking.person(browser, back["code"][0]).name == "ada@example.com"
