"""What only the world can say no to: the release says why, and nothing of it stays anywhere."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from shoreward.core import events as e
from shoreward.testing.cloud import CloudAccount

from .support import HELLO, NORTH, PIPELINE, SOUTH, TABLE, TEMPLATE, Kiosk

NOTHING: dict[str, list[str]] = {NORTH: [], SOUTH: []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something that a first release meets."""

    name: str
    made: Callable[[Kiosk], object]
    exit: int
    says: str


def with_code(code: str) -> Callable[[Kiosk], object]:
    return lambda kiosk: kiosk.write("code/hello.py", code)


def with_pipeline(old: str, new: str) -> Callable[[Kiosk], object]:
    return lambda kiosk: kiosk.edit("shoreward.yaml", old, new)


def taken_bucket(kiosk: Kiosk) -> None:
    neighbour = CloudAccount(kiosk.account.endpoint, str(int(kiosk.account.account_id) + 50_000))
    name = f"kiosk-{kiosk.account.account_id}"
    neighbour.client("s3", SOUTH).create_bucket(Bucket=f"{name}-{NORTH}")
    kiosk.edit("shoreward.yaml", "accounts:", f"artifacts: {name}-{{region}}\naccounts:")


def role_of_nobody(kiosk: Kiosk) -> None:
    arn = f"arn:aws:iam::{kiosk.account.account_id}:role/nobody"
    kiosk.edit("shoreward.yaml", '"}', f'", role: "{arn}"}}')


def another_account(kiosk: Kiosk) -> None:
    kiosk.edit("shoreward.yaml", kiosk.account.account_id, str(int(kiosk.account.account_id) + 50_000))


SLOW = "import time\n\n\ndef handler(event, context):\n    time.sleep(20)\n"
PROBE = "probes: [{function: Hello}]\njudge:"


def slow_to_answer(kiosk: Kiosk) -> None:
    kiosk.write("code/hello.py", SLOW)
    kiosk.edit("template.yaml", "Timeout: 3", "Timeout: 1")
    kiosk.edit("shoreward.yaml", "judge:", PROBE)


REFUSALS = (
    Refusal(name="a role that nobody may assume", made=role_of_nobody, exit=3, says=r"AWS_ACCESS_DENIED"),
    Refusal(name="credentials of another account", made=another_account, exit=3, says=r"ACCOUNT_MISMATCH"),
    Refusal(name="a bucket that belongs to somebody else", made=taken_bucket, exit=3, says=r"BUCKET_TAKEN"),
    Refusal(
        name="an alarm that does not exist",
        made=with_pipeline("judge:", "alarms: ['{stack}-errors']\njudge:"),
        exit=3,
        says=r"kiosk-errors.*ALARM_MISSING",
    ),
    Refusal(
        name="code that fails to start",
        made=with_code(f"raise RuntimeError('out of ice')\n{HELLO}"),
        exit=1,
        says=r"Hello did not pass its probe.*out of ice",
    ),
    Refusal(
        name="a requirement that is missing, where nobody can see it beforehand",
        made=with_code(f"__import__('not_in' + '_requirements')\n{HELLO}"),
        exit=1,
        says=r"Hello did not pass its probe.*not_in_requirements",
    ),
    Refusal(
        name="a function that does not answer in time",
        made=slow_to_answer,
        exit=1,
        says=r"Hello did not pass its probe.*(timed out|time-out)",
    ),
)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_a_first_release_that_is_refused(refusal: Refusal, kiosk: Kiosk):
    refusal.made(kiosk)
    kiosk.commit()
    told = kiosk.run("release")
    assert "Traceback" not in told.all
    assert re.search(refusal.says, told.out)
    assert "shoreward why kiosk-1" in told.out
    assert told.code == refusal.exit
    assert kiosk.left_behind() == NOTHING
    assert refusal.exit == kiosk.run("watch").code
    ended = kiosk.run("status", "--json").json
    assert ended["outcome"] == {1: "rolled_back", 3: "errored"}[refusal.exit]
    assert not any(isinstance(event, e.TrafficShifted) for event in kiosk.events("kiosk-1")) or "ALARM" in refusal.says
    assert re.search(refusal.says, kiosk.run("why").out)


@pytest.fixture
def released(kiosk: Kiosk) -> Kiosk:
    """A kiosk that has a first release, with a table."""
    kiosk.write("template.yaml", TEMPLATE + TABLE)
    kiosk.says("hello")
    assert kiosk.run("release", "--json").json["outcome"] == "succeeded"
    return kiosk


def test_what_the_state_of_things_forbids(released: Kiosk):
    """One first release, and everything that cannot be asked of it."""
    before = released.left_behind()
    for command, code in (("resume", "RELEASE_ENDED"), ("hold", "RELEASE_ENDED"), ("abort", "RELEASE_ENDED")):
        told = released.run(command, "kiosk-1", "-m", "because")
        assert (told.code, f"[{code}]" in told.err) == (2, True)
    told = released.run("rollback", "-m", "because")
    assert (told.code, "[NOTHING_BEFORE]" in told.err) == (2, True)

    # A table that would be replaced, and its guests forgotten.
    released.edit("template.yaml", "name, AttributeType", "id, AttributeType")
    released.edit("template.yaml", "AttributeName: name", "AttributeName: id")
    released.commit("Another key")
    told = released.run("release")
    assert (told.code, "STATEFUL_REPLACEMENT" in told.out) == (3, True)
    assert "Guests" in told.out
    assert released.left_behind() == before
    assert released.serving() == "hello"

    # Code that does not start is rolled back, and may not go again by any door.
    released.git("checkout", "-q", "HEAD~1", "--", "template.yaml")
    bad = f"raise RuntimeError('out of ice')\n{HELLO}"
    released.write("code/hello.py", bad)
    released.commit("Out of ice")
    assert released.run("release").code == 1
    assert released.serving() == "hello"
    told = released.run("release")
    assert (told.code, "[QUARANTINED]" in told.err) == (2, True)
    assert "kiosk-3" in told.err
    assert "--despite-quarantine" in told.err
    released.commit("The same again")
    told = released.run("release")
    assert told.code in (2, 3)
    assert "[QUARANTINED]" in told.all
    assert released.run("release", "--despite-quarantine", "to see it again").code == 1
    assert released.left_behind() == before
    assert released.weights() == {}


def test_two_at_once(kiosk: Kiosk):
    """Given an open release, the same commit is that release; another comes behind it; only one process carries."""
    kiosk.write("shoreward.yaml", PIPELINE.replace("ACCOUNT", kiosk.account.account_id).replace("soak: 0s", "soak: 1m"))
    kiosk.says("hello")
    opened = kiosk.run("release", "--detach", "--json").json
    assert opened == {"id": "kiosk-1"}
    assert kiosk.run("release", "--detach", "--json").json == opened
    with kiosk.running("run") as other:
        kiosk.wait_for("kiosk-1", e.TargetFinished)
        kiosk.says("bye")
        assert kiosk.run("release", "--detach", "--json").json == {"id": "kiosk-2"}
        told = kiosk.run("run", "--json")
        assert told.code == 2
        assert told.json["errors"][0]["code"] == "CONTROLLER_RUNNING"
        assert kiosk.run("abort", "kiosk-2", "-m", "enough", "--json").json["outcome"] == "aborted"
        assert kiosk.run("abort", "kiosk-1", "-m", "enough", "--json").json["outcome"] == "aborted"
        assert other.wait(60) == 0
    assert kiosk.left_behind() == NOTHING


def test_a_release_is_not_begun_where_nobody_answers(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch):
    """Given a wrong address, a release is refused before it is open, and one that is open is not asked again."""
    kiosk.says("hello")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{held.getsockname()[1]}")
        told = kiosk.run("release")
        assert (told.code, told.out, "[AWS_UNREACHABLE]" in told.err) == (3, "", True)
        assert "AWS_ENDPOINT_URL" in told.err
        assert kiosk.run("status", "--json").json["errors"][0]["code"] == "NO_RELEASE"
        assert kiosk.run("release", "--detach", "--json").json == {"id": "kiosk-1"}
        assert kiosk.run("release", "--detach", "--json").json == {"id": "kiosk-1"}
