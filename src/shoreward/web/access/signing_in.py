"""Signing in and out, with a browser.

/sign-in ──► provider ──► /sign-in/callback ──► a new session, and on to where somebody wanted to go
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Annotated
from urllib.parse import parse_qs, quote, unquote, urlsplit

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shoreward.app.access.accounts import Audited, Person, Session
from shoreward.app.access.tokens import digest_of_secret
from shoreward.domain import ShorewardError, UserError
from shoreward.domain.access import Role
from shoreward.web.access import cookies
from shoreward.web.access.door import Door, needs
from shoreward.web.access.openid import Secret, failed
from shoreward.web.access.policy import Denied, Need, Via
from shoreward.web.access.signed_in import CALLBACK, SigningIn
from shoreward.web.drawing import render
from shoreward.web.headers import with_form
from shoreward.web.problems import status_of
from shoreward.web.routing import Ground, Stands

routes = APIRouter(route_class=Door, include_in_schema=False)

_PATIENCE = 600.0
"""Seconds that somebody may take at the provider."""

_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")
"""An address of our own: a path, without what browsers take for the beginning of another host."""

Said = Annotated[str, Query(max_length=4_000)]


def local(address: str) -> str:
    """Where somebody wanted to go, when that is here; the first page otherwise."""
    return address if _LOCAL.fullmatch(address) else "/"


def _signing_in(ground: Ground) -> SigningIn:
    if ground.signing_in is None:
        raise UserError("NOT_FOUND", "Nobody signs in to this server.", next="Start it with --settings.")
    return ground.signing_in


def _cookie(request: Request, name: str, signing: SigningIn) -> str:
    return cookies.read(request.headers.get("cookie", ""), name, secure=signing.secure)


@routes.get("/sign-in")
@needs(Need.NOTHING)
def sign_in(ground: Stands, next: Said = "/") -> Response:
    """On to the provider."""
    signing = _signing_in(ground)
    signing.policy.failed(ground.caller.origin, count=0)
    browser = Secret(secrets.token_urlsafe(32))
    answer = RedirectResponse(signing.provider.where(browser), status_code=303)
    kept = f"{browser.text}.{quote(local(next), safe='')}"
    cookies.put(answer, cookies.SIGNING_IN, kept, _PATIENCE, secure=signing.secure)
    return answer


@routes.get(CALLBACK)
@needs(Need.NOTHING)
def callback(
    request: Request, ground: Stands, code: Said = "", state: Said = "", iss: Said = "", error: Said = ""
) -> Response:
    """Back from the provider."""
    signing = _signing_in(ground)
    signing.policy.failed(ground.caller.origin, count=0)
    text, _, wanted = _cookie(request, cookies.SIGNING_IN, signing).partition(".")
    try:
        browser = _same(Secret(text), state)
        if error or not code:
            raise failed("the provider did not let you")
        if iss not in ("", signing.settings.sign_in.issuer):
            raise failed("somebody else sent you back")
        person = signing.provider.person(browser, code)
    except ShorewardError as wrong:
        signing.policy.failed(ground.caller.origin)
        _note(ground, None, wrong)
        raise
    _note(ground, person, None)
    answer = RedirectResponse(local(unquote(wanted)), status_code=303)
    cookies.put(answer, cookies.SIGNING_IN, "", 0, secure=signing.secure)
    # Always a new one: a session that somebody brings along may be somebody else's.
    ground.accounts.end_session(digest_of_secret(_cookie(request, cookies.SESSION, signing)))
    lasts = signing.settings.sign_in.lasts
    cookies.put(answer, cookies.SESSION, _begun(ground, person, lasts), lasts, secure=signing.secure)
    return answer


def _same(browser: Secret, state: str) -> Secret:
    """The browser's secret, when it is the one that was sent to the provider."""
    if not browser.text or not hmac.compare_digest(browser.derived("state").encode(), state.encode()):
        raise failed("this browser has not begun to, or took too long")
    return browser


def _begun(ground: Ground, person: Person, lasts: float) -> str:
    """The secret of a new session."""
    secret = secrets.token_urlsafe(32)
    now = ground.now()
    ground.accounts.add_session(
        Session(digest=digest_of_secret(secret), person=person, made_at=now, expires_at=now + lasts)
    )
    return secret


def _note(ground: Ground, person: Person | None, wrong: ShorewardError | None) -> None:
    ground.accounts.note(
        Audited(
            at=ground.now(),
            who=person.name if person else "",
            role="",
            via=Via.SESSION if person else Via.NOTHING,
            origin=ground.caller.origin,
            what="sign_in",
            allowed=wrong is None,
            status=status_of(wrong) if wrong else 303,
            code=wrong.code if wrong else "",
        )
    )


@routes.get("/account")
@needs(Need.KNOWN)
def account(request: Request, ground: Stands) -> Response:
    """Who somebody is here, what they may do, and the way out."""
    form, policy = "", with_form()
    if ground.signing_in is not None and ground.caller.via is Via.SESSION:
        form = _form_token(request, ground.signing_in)
        policy = with_form(*_origins(ground.signing_in))
    shown = render(
        "account.html",
        sight=ground.sight,
        now=ground.now(),
        path="/account",
        caller=ground.caller.name,
        barred="",
        barred_from_all="" if ground.caller.rights.may(Role.OPERATOR, "") else "You are no operator of every pipeline.",
        grants=ground.caller.rights.grants,
        form=form,
        stop=None,
    )
    return HTMLResponse(shown, headers={"Content-Security-Policy": policy})


def _origins(signing: SigningIn) -> tuple[str, ...]:
    """Where the form leads beside us: browsers follow it to the provider only when the policy says so."""
    end = _leaving(signing)
    return (f"{urlsplit(end).scheme}://{urlsplit(end).netloc}",) if end else ()


def _leaving(signing: SigningIn) -> str | None:
    try:
        return signing.provider.leaving(f"{signing.settings.address}/signed-out")
    except ShorewardError:
        # Whoever wants to leave is let out, whatever the provider says.
        return None


def _form_token(request: Request, signing: SigningIn) -> str:
    """What a form of this session carries: no other site can read it."""
    return Secret(_cookie(request, cookies.SESSION, signing)).derived("form")


@routes.post("/sign-out")
@needs(Need.KNOWN)
def sign_out(
    request: Request, ground: Stands, body: Annotated[bytes, Body(media_type="application/x-www-form-urlencoded")] = b""
) -> Response:
    """Forget the session, here and at the provider."""
    signing = _signing_in(ground)
    given = parse_qs(body.decode("ascii", "replace")).get("form", [""])[0]
    if not hmac.compare_digest(given.encode(), _form_token(request, signing).encode()):
        raise Denied("ORIGIN_FOREIGN", "The form is not one of this session's.", status=403, caller=ground.caller)
    ground.accounts.end_session(ground.caller.key)
    answer = RedirectResponse(_leaving(signing) or "/signed-out", status_code=303)
    cookies.put(answer, cookies.SESSION, "", 0, secure=signing.secure)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@routes.get("/signed-out")
@needs(Need.NOTHING)
def signed_out(ground: Stands) -> Response:
    """That somebody is out."""
    shown = render("signed-out.html", sight=None, now=ground.now(), path="", stop=None)
    return HTMLResponse(shown)
