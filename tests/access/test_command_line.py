"""Tokens and the audit from the command line, and a server with settings."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteAccounts
from shoreward.app.access import tokens
from shoreward.app.access.accounts import Audited
from shoreward.cli import main


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    file = tmp_path / "journal.db"
    SqliteAccounts(file).close()
    return file


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code
    return capsys.readouterr().out


def test_a_token_is_made_listed_and_revoked(journal: Path, capsys: pytest.CaptureFixture[str]):
    given = ("--journal", str(journal), "--json")
    made = ("token", "create", "ci", "--role", "operator", "--pipeline", "app", "--pipeline", "beach-*", "--days", "30")
    token = json.loads(said(capsys, *made, *given))
    assert tokens.well_formed(token["token"])
    assert token["grants"] == [{"role": "operator", "pipelines": ["app", "beach-*"]}]
    assert token["expires_at"] - token["made_at"] == 30 * 86_400
    assert json.loads(said(capsys, *made, *given, code=2))["errors"][0]["code"] == "TOKEN_NAME_TAKEN"
    listed = said(capsys, "token", "list", *given)
    assert json.loads(listed) == [{key: value for key, value in token.items() if key != "token"}]
    assert token["token"] not in listed
    revoked = json.loads(said(capsys, "token", "revoke", token["id"], *given))
    assert revoked["revoked_at"] >= token["made_at"]
    with closing(SqliteAccounts(journal)) as accounts:
        assert [entry.what for entry in accounts.audited()] == ["token_revoke", "token_create"]


def test_a_token_is_shown_once_and_people_can_read_the_rest(journal: Path, capsys: pytest.CaptureFixture[str]):
    given = ("--journal", str(journal))
    first, *_ = said(capsys, "token", "create", "ci", *given).splitlines()
    assert tokens.well_formed(first)
    assert "viewer of *" in said(capsys, "token", "list", *given)
    said(capsys, "token", "revoke", "ci", *given)
    assert "revoked" in said(capsys, "token", "list", *given)
    assert "token_create" in said(capsys, "audit", *given)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("token", "create", "two words"), "TOKEN_INVALID"),
        (("token", "create", "ci", "--pipeline", "*-beach"), "USAGE"),
        (("token", "create", "ci", "--role", "boss"), "USAGE"),
        (("token", "create", "ci", "--days", "400"), "USAGE"),
        (("token", "revoke", "ci"), "TOKEN_UNKNOWN"),
    ],
)
def test_what_no_token_can_be_is_refused(
    journal: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
):
    told = said(capsys, *arguments, "--journal", str(journal), "--json", code=2)
    assert json.loads(told)["errors"][0]["code"] == code


def test_no_journal_is_made_for_a_name_that_was_mistyped(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    told = said(capsys, "audit", "--journal", str(tmp_path / "typo.db"), "--json", code=2)
    assert json.loads(told)["errors"][0]["code"] == "JOURNAL_MISSING"
    assert list(tmp_path.iterdir()) == []


def test_the_audit_lets_nobody_write_on_the_readers_terminal(journal: Path, capsys: pytest.CaptureFixture[str]):
    nasty = "so[bold]\x1b[2J\r\nadmin: done\u202e"
    entry = Audited(
        at=1.0, who="ada", role="viewer", via="session", origin="::1", what="hold", why=nasty, allowed=False, code="NO"
    )
    with closing(SqliteAccounts(journal)) as accounts:
        accounts.note(entry)
    shown = said(capsys, "audit", "--journal", str(journal))
    assert "so[bold]�[2J��admin: done�" in shown
    (kept,) = json.loads(said(capsys, "audit", "--refused", "--journal", str(journal), "--json"))
    assert kept["why"] == nasty
