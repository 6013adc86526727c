"""`shoreward notify`, as an operator uses it, and the plan as a comment."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.adapters.telling import Comment
from shoreward.app.checking.answer import Answer
from shoreward.app.people import orders
from shoreward.app.releases import Wish
from shoreward.app.telling.ports import DeadLetter, Heard, Later, Standing
from shoreward.cli import main
from shoreward.cli.commenting import plan_markdown, say_checks
from shoreward.testing.receivers import HttpReceiver, answers

from .conftest import a_notice


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("SHOREWARD_")]:
        monkeypatch.delenv(name)
    subprocess.run(["git", "init", "-q", str(tmp_path / "beach")], check=True)
    return tmp_path / "beach"


@pytest.fixture
def run(repository: Path) -> Run:
    def shoreward(*arguments: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main([*arguments, "-C", str(repository)])
        return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    return shoreward


def configure(repository: Path, receiver: HttpReceiver) -> None:
    (repository / "notifications.yaml").write_text(
        "page: http://127.0.0.1:8080\n"
        "receivers:\n"
        f"  - {{name: platform, cdevents: {{url: '{receiver.url}'}}}}\n"
        "  - {name: team, slack: {address: BEACH_CHAT}}\n"
    )


def outbox(repository: Path) -> SqliteOutbox:
    return SqliteOutbox(repository / ".shoreward" / "journal.db")


def test_a_sample_tells_who_can_be_told_and_who_cannot(repository: Path, run: Run):
    with HttpReceiver(answers(202)) as receiver:
        configure(repository, receiver)
        said = run("notify", "test", "--json")
        [request] = receiver.received
    assert request.json()["type"] == "dev.cdeventsx.shoreward-receiver.tested.0.1.0"
    platform, team = said.json()
    assert (said.code, platform["error"]) == (3, "")
    assert "BEACH_CHAT" in team["error"]
    assert "[NOTIFY_SECRET_MISSING]" in team["error"]


def test_a_sample_to_one(repository: Path, run: Run):
    with HttpReceiver(answers(202)) as receiver:
        configure(repository, receiver)
        assert run("notify", "test", "platform").code == 0
        assert len(receiver.received) == 1


def dead(repository: Path) -> None:
    with closing(outbox(repository)) as kept:
        kept.standing("platform")
        kept.post([a_notice()], Heard(event=0, orders=0), 0.0)
        [posted] = kept.after(0, limit=9)
        letter = DeadLetter(receiver="platform", posted=posted, at=1.0, error="127.0.0.1 answers 400.")
        kept.stand("platform", Standing(cursor=posted.id, gone=True, error="410"), [letter])


def test_what_could_not_be_told_is_shown_and_told_again(repository: Path, run: Run):
    with HttpReceiver(answers(202)) as receiver:
        configure(repository, receiver)
        dead(repository)
        status = run("notify", "status")
        assert status.code == 3
        assert "Release sandcastles-12 is held, says kim" in status.out
        assert run("notify", "resend", "platform").code == 0
        assert [each.json()["id"] for each in receiver.received] == [
            "sandcastles-12/1/dev-cdeventsx-shoreward-release-held-0-1-0"
        ]
    after = run("notify", "status", "--json")
    assert (after.code, after.json()["dead_letters"]) == (0, [])
    assert [each["gone"] for each in after.json()["receivers"]] == [False, False]


def test_what_still_cannot_be_told_stays_a_dead_letter(repository: Path, run: Run):
    with HttpReceiver(answers(400)) as receiver:
        configure(repository, receiver)
        dead(repository)
        assert run("notify", "resend").code == 3
    with closing(outbox(repository)) as kept:
        assert len(kept.dead()) == 1


def test_a_server_tells_what_somebody_says_from_elsewhere(repository: Path):
    with HttpReceiver(answers(202)) as receiver:
        configure(repository, receiver)
        command = [sys.executable, "-m", "shoreward", "serve", "--no-carry", "--port", "0", "--json"]
        server = subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stdout
            assert "address" in server.stdout.readline()
            with closing(SqliteJournal(repository / ".shoreward" / "journal.db")) as journal:
                orders.stop(journal, "", Wish(by="kim", at=1_700_000_000.0, why="we do not know yet"))
            assert receiver.wait_for(1)
        finally:
            server.send_signal(signal.SIGINT)
            out, err = server.communicate(timeout=60)
        [request] = receiver.received
    assert request.json()["type"] == "dev.cdeventsx.shoreward-pipeline.stopped.0.1.0"
    assert request.json()["data"]["customData"]["what"] == "Everything is stopped, says kim"
    assert "BEACH_CHAT" in out + err, "who cannot be told is logged, by the name of the variable"


@pytest.mark.parametrize("command", ["status", "test", "resend"])
def test_where_nobody_is_named_that_is_said(repository: Path, run: Run, command: str):
    said = run("notify", command)
    assert said.code == 2
    assert "NOTIFY_NOWHERE" in said.err


def test_a_receiver_that_there_is_not(repository: Path, run: Run):
    with HttpReceiver(answers(202)) as receiver:
        configure(repository, receiver)
    said = run("notify", "test", "tram")
    assert said.code == 2
    assert "There is platform, team." in said.err


def test_a_mistake_is_told_with_its_place(repository: Path, run: Run):
    (repository / "notifications.yaml").write_text("page: https://x.test\nreceivers:\n  - {name: a, slak: {}}\n")
    said = run("notify", "status")
    assert said.code == 2
    assert "notifications.yaml:3:" in said.err
    assert "slack" in said.err


def test_a_comment_is_for_a_job_about_a_pull_request(run: Run, monkeypatch: pytest.MonkeyPatch):
    assert run("check", "--comment", "--staged").code == 2


class Full(Comment):
    """One that cannot be written."""

    def say(self, section: str, text: str) -> str:
        raise Later("RECEIVER_SILENT", "forge.example.org answers 503.")


def test_a_comment_that_cannot_be_written_changes_no_verdict(capsys: pytest.CaptureFixture[str]):
    comment = Full(forge=None, number=7, name="sandcastles")  # type: ignore[arg-type]
    say_checks(comment, Answer(commit="4f2c", base=None, results=()))
    assert "forge.example.org answers 503." in capsys.readouterr().err


CHANGE = {"action": "Modify", "logical_id": "Castles", "type": "AWS::Lambda::Function", "replacement": "False"}
PLAN: dict[str, Any] = {
    "application": "sandcastles",
    "kind": "application",
    "commit": "4f2c1a9e0b77d1c2",
    "subject": "x",
    "before": "9f1c2ab7d04e55aa",
    "notes": [{"code": "ALIAS_ADDED", "text": "Castles gets an alias @everyone", "where": ""}],
    "at_least_seconds": 5_400,
    "waves": [
        {
            "name": "quiet bay",
            "steps": [10.0, 50.0],
            "targets": [
                {
                    "account": "111111111111",
                    "region": "eu-north-1",
                    "exists": True,
                    "drift": [],
                    "changes": [CHANGE, {**CHANGE, "logical_id": "Tides", "replacement": "True"}],
                },
                {
                    "account": "111111111111",
                    "region": "eu-west-1",
                    "error": {"code": "ROLE_DENIED", "what": "The role may not be assumed.", "next": ""},
                },
            ],
        }
    ],
}


def test_a_plan_is_a_comment():
    assert plan_markdown(PLAN).split("\n") == [
        "### What a release of `4f2c1a9e0b` would change (since `9f1c2ab7d0`)",
        "",
        "- Castles gets an alias @\u200beveryone (`ALIAS_ADDED`)",
        "",
        "**Wave 1, quiet bay** (10 %, 50 %, then all)",
        "",
        "- `111111111111/eu-north-1`: 2 changes",
        "  - modify `Castles` (AWS::Lambda::Function)",
        "  - modify `Tides` (AWS::Lambda::Function) **(replaced)**",
        "- ❌ `111111111111/eu-west-1`: The role may not be assumed. (`ROLE_DENIED`)",
        "",
        "At least 1 h 30 min from here to the last target.",
    ]


def test_a_plan_for_values_speaks_of_values():
    value = {"action": "Add", "logical_id": "/shop/limit", "type": "AWS::SSM::Parameter", "replacement": ""}
    target = {"account": "111111111111", "region": "eu-north-1", "exists": False, "drift": [], "changes": [value]}
    waves = [{"name": "quiet bay", "steps": [], "targets": [target]}]
    told = plan_markdown({**PLAN, "kind": "configuration", "notes": [], "waves": waves})
    assert "**Wave 1, quiet bay** (all at once)" in told
    assert "- `111111111111/eu-north-1`: nothing is there yet, 1 change\n  - add `/shop/limit`" in told
    assert "stack" not in told
