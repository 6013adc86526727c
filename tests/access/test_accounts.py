"""Tokens, sessions and the audit are kept beside the journal, and secrets nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteAccounts
from shoreward.app.access import tokens
from shoreward.app.access.accounts import Audited, Person, Session
from shoreward.app.access.audit import audited
from shoreward.app.releases import Wish
from shoreward.domain import Refused, UserError
from shoreward.domain.access import EVERYTHING, Grant, Rights, Role

ADA = Wish(by="ada", at=1_000.0)
BEACHES = Rights(grants=(Grant(role=Role.OPERATOR, pipelines=("beach-*", "tides")),))


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[SqliteAccounts]:
    with closing(SqliteAccounts(tmp_path / "journal.db")) as made:
        yield made


def test_a_token_is_known_by_its_secret_alone_which_is_kept_nowhere(accounts: SqliteAccounts, tmp_path: Path):
    secret, token = tokens.create(accounts, "ci", BEACHES, 60.0, ADA)
    assert accounts.token(tokens.digest_of_secret(secret)) == token
    assert accounts.token(tokens.digest_of_secret(tokens.mint())) is None
    assert accounts.tokens() == (token,)
    assert (token.rights, token.by, token.expires_at) == (BEACHES, "ada", 1_060.0)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"beach-*" in written
    assert secret.encode() not in written


def test_a_token_holds_until_it_expires_or_is_revoked(accounts: SqliteAccounts):
    _, token = tokens.create(accounts, "ci", BEACHES, 60.0, ADA)
    assert (token.holds(1_059.0), token.holds(1_060.0)) == (True, False)
    tokens.revoke(accounts, "ci", replace(ADA, by="grace", at=1_010.0))
    (revoked,) = accounts.tokens()
    assert (revoked.holds(1_010.0), revoked.revoked_by, revoked.revoked_at) == (False, "grace", 1_010.0)
    with pytest.raises(Refused, match="TOKEN_UNKNOWN"):
        tokens.revoke(accounts, "ci", ADA)


def test_a_name_is_taken_while_its_token_holds(accounts: SqliteAccounts):
    _, first = tokens.create(accounts, "ci", BEACHES, 60.0, ADA)
    with pytest.raises(Refused, match="TOKEN_NAME_TAKEN"):
        tokens.create(accounts, "ci", BEACHES, 60.0, ADA)
    _, second = tokens.create(accounts, "ci", BEACHES, 60.0, replace(ADA, at=2_000.0))
    assert accounts.tokens() == (first, second)
    assert tokens.revoke(accounts, second.id, replace(ADA, at=2_001.0)) == second


@pytest.mark.parametrize(
    ("name", "lasts"), [("", 60.0), ("two words", 60.0), ("ci\n", 60.0), ("x" * 65, 60.0), ("ci", 0.0), ("ci", 4e7)]
)
def test_a_token_has_a_plain_name_and_an_end(accounts: SqliteAccounts, name: str, lasts: float):
    with pytest.raises(UserError, match="TOKEN_INVALID"):
        tokens.create(accounts, name, BEACHES, lasts, ADA)
    assert accounts.tokens() == ()


def test_scanners_find_tokens_in_any_text_and_know_them_by_their_checksum():
    secrets = {tokens.mint() for _ in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        assert tokens.PATTERN.findall(f"TOKEN={secret}; rm -rf") == [secret]
        assert tokens.well_formed(secret)
        other = "0" if secret[10] != "0" else "1"
        assert not tokens.well_formed(secret[:10] + other + secret[11:])
    assert not tokens.well_formed("")
    assert not tokens.well_formed(f"{tokens.PREFIX}{'a' * 39}é")


def test_rights_are_those_of_the_highest_role_that_reaches_a_pipeline():
    rights = Rights(grants=(*BEACHES.grants, Grant(role=Role.VIEWER), Grant(role=Role.ADMIN, pipelines=("tides",))))
    assert [rights.role(each) for each in ("beach-1", "tides", "tides-2", "")] == [
        Role.OPERATOR,
        Role.ADMIN,
        Role.VIEWER,
        Role.VIEWER,
    ]
    assert (BEACHES.role("other"), BEACHES.role(""), Rights().anywhere(Role.VIEWER)) == (None, None, False)
    assert (BEACHES.anywhere(Role.OPERATOR), BEACHES.anywhere(Role.ADMIN)) == (True, False)
    assert EVERYTHING.may(Role.ADMIN, "")


def test_a_session_is_known_until_it_is_over(accounts: SqliteAccounts):
    ada = Person(subject="1", name="ada@example.com", email="ada@example.com", groups=("beach", "ops"))
    first = Session(digest="a", person=ada, made_at=1_000.0, expires_at=1_060.0)
    accounts.add_session(first)
    assert accounts.session("a") == first
    accounts.add_session(replace(first, digest="b", made_at=1_060.0, expires_at=1_200.0))
    assert (accounts.session("a"), accounts.session("b") is not None) == (None, True)
    accounts.end_session("b")
    assert accounts.session("b") is None


def an_entry(what: str, application: str, **more: object) -> Audited:
    entry = Audited(
        at=1.0, who="ada", role="admin", via="session", origin="::1", what=what, application=application, allowed=True
    )
    return replace(entry, **more)


def test_the_audit_is_read_newest_first_by_the_admins_of_what_it_is_about(accounts: SqliteAccounts):
    first = accounts.note(an_entry("hold", "tides", why="the gauge"))
    accounts.note(an_entry("stop", "", who="grace", allowed=False, status=403, code="NOT_PERMITTED"))
    accounts.note(an_entry("abort", "beach-1"))
    accounts.conclude(first, 409, "RELEASE_ENDED")
    assert [each.what for each in audited(accounts)] == ["abort", "stop", "hold"]
    tides = Rights(grants=(Grant(role=Role.ADMIN, pipelines=("tides",)), Grant(role=Role.OPERATOR)))
    (held,) = audited(accounts, tides)
    assert (held.why, held.status, held.code, held.allowed) == ("the gauge", 409, "RELEASE_ENDED", True)
    assert [each.what for each in audited(accounts, refused=True)] == ["stop", "hold"]
    assert [each.what for each in audited(accounts, who="grace")] == ["stop"]
    assert [each.what for each in audited(accounts, limit=1, before=3)] == ["stop"]
    assert audited(accounts, BEACHES) == ()
