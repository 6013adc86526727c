"""A webhook wakes the watch over branches when it is signed; everything else is refused, and wakes nobody."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.merging.webhooks import Push, tells_of
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud

from .conftest import Site, server

PUSH = json.dumps({"ref": "refs/heads/main", "repository": {"clone_url": "https://x.test/a/b.git"}}).encode()


@dataclass
class Branches:
    """One watched branch."""

    woken: int = 0

    def secrets(self, push: Push) -> Sequence[str]:
        return ["tide"] if tells_of(push, "https://x.test/a/b", "main") else []

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def served(stack: ExitStack, folder: Path, branches: Branches | None) -> Site:
    journal = SqliteJournal(folder / "journal.db")
    stack.callback(journal.close)
    clock = SimulatedClock()
    site = Site(journal=journal, clock=clock, cloud=SimulatedCloud(clock=clock))
    site.address = stack.enter_context(server(site, branches=branches))
    return site


def signed(body: bytes, secret: str = "tide") -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def test_a_signed_push_to_a_watched_branch_wakes_the_watch(stack: ExitStack, tmp_path: Path):
    branches = Branches()
    site = served(stack, tmp_path, branches)
    answer = site.ask("POST", "/api/v1/webhooks/git", body=PUSH, headers=signed(PUSH))
    assert (answer.status, answer.json(), branches.woken) == (202, {"branch": "main"}, 1)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (PUSH, {}, 401, "WEBHOOK_UNSIGNED"),
        (PUSH, signed(PUSH, "ebb"), 401, "WEBHOOK_UNSIGNED"),
        (PUSH + b" ", signed(PUSH), 401, "WEBHOOK_UNSIGNED"),
        (PUSH.replace(b"main", b"next"), signed(PUSH.replace(b"main", b"next")), 401, "WEBHOOK_UNSIGNED"),
        (b"no JSON", signed(b"no JSON"), 409, "WEBHOOK_UNREADABLE"),
        (b" " * 5_000_001, {}, 413, "WEBHOOK_TOO_LARGE"),
    ],
    ids=["unsigned", "another secret", "changed", "another branch", "no JSON", "too large"],
)
def test_everything_else_wakes_nobody(
    stack: ExitStack, tmp_path: Path, body: bytes, headers: dict[str, str], status: int, code: str
):
    branches = Branches()
    answer = served(stack, tmp_path, branches).ask("POST", "/api/v1/webhooks/git", body=body, headers=headers)
    assert (answer.status, answer.json()["code"], branches.woken) == (status, code, 0)


def test_a_server_without_branches_has_no_webhooks(stack: ExitStack, tmp_path: Path):
    answer = served(stack, tmp_path, None).ask("POST", "/api/v1/webhooks/git", body=PUSH, headers=signed(PUSH))
    assert (answer.status, answer.json()["code"]) == (404, "NOT_FOUND")
