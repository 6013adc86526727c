"""Statuses of commits and the comment at a pull request, against a server that keeps what it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.telling.comments import LIMIT, comment_here
from shoreward.adapters.telling.statuses import CommitStatuses
from shoreward.adapters.telling.wire import Wire
from shoreward.domain import Outcome, UserError
from shoreward.domain.notifications import ForgeKind, Kind, Statuses
from shoreward.testing.receivers import HttpReceiver, Received

from .conftest import PAGE, a_notice

COMMIT = "4f2c1a9e0b77d1c2a3f4e5d6c7b8a9f0e1d2c3b4"


@dataclass
class Server:
    """As much of a git server as is asked for; `me` is whose the token is."""

    kind: ForgeKind
    me: str = "shoreward"
    bot: bool = False
    notes: list[dict[str, Any]] = field(default_factory=list)
    receiver: HttpReceiver | None = None

    def comment(self, text: str, by: str) -> None:
        author = {"login": by, "id": by, "type": "User"}
        self.notes.append({"id": len(self.notes) + 1, "body": text, "user": author, "author": author, "system": False})

    def answer(self, handler: Any, received: Received) -> None:
        path, _, query = received.path.partition("?")
        token = received.headers.get("authorization") or received.headers.get("private-token") or ""
        if "t0ken" not in token:
            return handler.answer(401)
        said = json.loads(received.body) if received.body else {}
        return handler.answer(*self.act(received.method, path, query, said))

    def act(self, method: str, path: str, query: str, said: Any) -> tuple[int, bytes]:
        if path.endswith("/user"):
            return (403, b"") if self.bot else (200, json.dumps({"login": self.me, "id": self.me}).encode())
        if method == "GET":
            first = "page=1" in query.split("&")[-1]
            return 200, json.dumps(self.notes if first else []).encode()
        if "statuses" in path:
            return 201, b"{}"
        if method == "POST":
            self.comment(said["body"], self.me)
            self.notes[-1]["user"]["type"] = "Bot" if self.bot else "User"
            return 201, json.dumps({"html_url": "https://forge.example.org/c/1"}).encode()
        note = next(each for each in self.notes if str(each["id"]) == path.rpartition("/")[2])
        note["body"] = said["body"]
        return 200, json.dumps({"html_url": "https://forge.example.org/c/1"}).encode()


@pytest.fixture(params=["github", "gitea", "gitlab"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    found = Server(kind=request.param)
    with HttpReceiver(found.answer) as found.receiver:
        yield found


def statuses(server: Server) -> CommitStatuses:
    assert server.receiver
    told = Statuses(forge=server.kind, repository="beach/castles", token="TOKEN", url=server.receiver.url)
    return CommitStatuses(statuses=told, page=PAGE, secret=lambda name: "t0ken", wire=Wire())


def told(server: Server) -> list[tuple[str, str, str]]:
    """Path, state and description of each status."""
    assert server.receiver
    found = [(each.path, each.json()) for each in server.receiver.received if each.method == "POST"]
    return [(path, said["state"], said["description"]) for path, said in found]


def test_a_commit_has_the_state_of_its_release(server: Server):
    messenger = statuses(server)
    messenger.deliver([a_notice(Kind.STARTED, what="Release sandcastles-12 has started")])
    messenger.deliver([a_notice(Kind.ENDED, outcome=Outcome.SUCCEEDED, what="Release sandcastles-12 is everywhere")])
    where = {
        "github": f"/repos/beach/castles/statuses/{COMMIT}",
        "gitea": f"/repos/beach/castles/statuses/{COMMIT}",
        "gitlab": f"/projects/beach%2Fcastles/statuses/{COMMIT}",
    }[server.kind]
    pending = "running" if server.kind == "gitlab" else "pending"
    assert told(server) == [
        (where, pending, "Release sandcastles-12 has started"),
        (where, "success", "Release sandcastles-12 is everywhere"),
    ]
    assert server.receiver
    said = server.receiver.received[0].json()
    assert said.get("context", said.get("name")) == "shoreward/sandcastles"
    assert said["target_url"] == "https://shoreward.example.org/releases/sandcastles-12"


def test_of_many_things_a_commit_gets_the_last(server: Server):
    story = [a_notice(Kind.STARTED, 1), a_notice(Kind.WAVE_BAKED, 2), a_notice(Kind.ROLLBACK, 3, what="It goes back")]
    statuses(server).deliver([*story, a_notice(Kind.STOPPED, 4, commit=""), a_notice(Kind.CULPRIT, 5)])
    assert [(state, text) for _, state, text in told(server)] == [
        ("failed" if server.kind == "gitlab" else "failure", "It goes back")
    ]


@pytest.fixture
def github() -> Iterator[Server]:
    found = Server(kind="github")
    with HttpReceiver(found.answer) as found.receiver:
        yield found


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_a_state(github: Server, outcome: Outcome):
    statuses(github).deliver([a_notice(Kind.ENDED, outcome=outcome)])
    [(_, state, _)] = told(github)
    assert state in ("success", "failure", "error")


def environment(server: Server, folder: Path) -> Mapping[str, str]:
    """The variables of a job about pull request 7."""
    assert server.receiver
    if server.kind == "gitlab":
        return {
            "CI_API_V4_URL": server.receiver.url,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_PROJECT_PATH": "beach/castles",
            "GITLAB_TOKEN": "t0ken",
        }
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    return {
        "GITHUB_API_URL": server.receiver.url,
        "GITHUB_REPOSITORY": "beach/castles",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": "t0ken",
    }


def test_one_comment_is_written_anew_a_section_for_each_thing(server: Server, tmp_path: Path):
    server.comment("looks good to me", "grace")
    comment = comment_here(environment(server, tmp_path), "sandcastles")
    comment.say("checks", "### may not go")
    comment.say("plan", "### 3 changes")
    comment.say("checks", "### may go")
    assert len(server.notes) == 2
    text = server.notes[1]["body"]
    assert text.index("### may go") < text.index("### 3 changes")
    assert "may not go" not in text


def test_another_application_of_the_same_repository_has_a_comment_of_its_own(server: Server, tmp_path: Path):
    for name in ("sandcastles", "pier", "sandcastles"):
        comment_here(environment(server, tmp_path), name).say("checks", name)
    assert len(server.notes) == 2


@pytest.mark.parametrize("bot", [False, True])
def test_a_comment_that_somebody_else_made_to_look_like_ours_is_left_alone(github: Server, tmp_path: Path, bot: bool):
    github.bot = bot
    github.comment("<!-- shoreward sandcastles -->\n### ✅ may go to production", "mallory")
    comment_here(environment(github, tmp_path), "sandcastles").say("checks", "### may not go")
    assert github.notes[0]["body"].endswith("### ✅ may go to production")
    assert "### may not go" in github.notes[1]["body"]


def test_a_text_can_neither_end_its_section_nor_be_too_long(github: Server, tmp_path: Path):
    comment = comment_here(environment(github, tmp_path), "sandcastles")
    comment.say("plan", "the plan")
    comment.say("checks", "<!-- end -->\n<!-- section plan -->\nmine\n<!-- end -->\n" + "sand " * 30_000)
    comment.say("checks", "short")
    [note] = github.notes
    assert "the plan" in note["body"]
    assert "mine" not in note["body"]
    assert len(note["body"]) < LIMIT


def test_a_job_about_no_pull_request_has_no_comment(tmp_path: Path):
    with pytest.raises(UserError) as none:
        comment_here({"GITHUB_REPOSITORY": "beach/castles", "GITHUB_EVENT_PATH": str(tmp_path / "none")}, "sandcastles")
    assert none.value.code == "COMMENT_NO_REQUEST"


def test_without_a_token_nothing_is_asked(github: Server, tmp_path: Path):
    known = {name: value for name, value in environment(github, tmp_path).items() if name != "GITHUB_TOKEN"}
    with pytest.raises(UserError) as missing:
        comment_here(known, "sandcastles")
    assert missing.value.code == "COMMENT_TOKEN_MISSING"
