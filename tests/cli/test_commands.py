"""Every command as a person or a program uses it, from the first file to the way back."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shoreward.cloud import EmbeddedCloud
from shoreward.core import events as e
from shoreward.domain import Outcome

from .support import NORTH, PIPELINE, SOUTH, Kiosk, shoreward, until

COMMANDS = (
    *("init", "schema", "plan", "release", "run", "status", "advisories", "watch", "why"),
    *("hold", "resume", "abort", "rollback", "retry", "skip", "freeze", "set", "quarantine"),
    *("history", "where", "dora", "cloud", "bootstrap", "demo"),
)
SUMMARY = {
    *("id", "application", "commit", "subject", "by", "revision", "outcome", "seconds", "held", "waves", "why"),
    *("standing", "checked", "group"),
}
PLAN = {
    *("application", "kind", "commit", "subject", "before", "revision", "files", "git_diff", "notes", "waves"),
    *("at_least_seconds", "derived", "error_rate", "expected", "outlook"),
}
EVENT = {"release", "seq", "at", "event", "target", "text"}
OPERATOR = "arn:aws:iam::999999999999:role/ci"


def test_a_first_release(kiosk: Kiosk):
    """Given a template, when its owner goes by what each command says next, it is served everywhere."""
    (kiosk.root / "shoreward.yaml").unlink()
    regions = ("--region", NORTH, "--region", SOUTH)
    wrote = kiosk.run("init", "--account", kiosk.account.account_id, *regions, "--json")
    assert (wrote.code, wrote.json) == (0, {"path": "shoreward.yaml"})
    kiosk.says("hello")
    plan = kiosk.run("plan", "--json").json
    assert set(plan) == PLAN
    assert [[target["region"] for target in wave["targets"]] for wave in plan["waves"]] == [[NORTH], [SOUTH]]
    assert {"Hello", "HelloAliaslive"} <= {change["logical_id"] for change in plan["waves"][0]["targets"][0]["changes"]}

    # Nobody waits for ten minutes in a test.
    kiosk.write("shoreward.yaml", PIPELINE.replace("ACCOUNT", kiosk.account.account_id))
    kiosk.commit("Bake for a second")
    planned = kiosk.run("plan")
    assert planned.code == 0
    for word in ("Bake for a second", "wave 1 north", NORTH, "new stack", "HelloAliaslive", "as in wave 1", "At least"):
        assert word in planned.out
    assert kiosk.left_behind() == {NORTH: [], SOUTH: []}

    ended = kiosk.run("release", "--json")
    assert ended.code == 0
    assert set(ended.json) == SUMMARY
    assert ended.json["outcome"] == "succeeded"
    assert (kiosk.serving(NORTH), kiosk.serving(SOUTH)) == ("hello", "hello")

    told = kiosk.run("status")
    assert (told.code, "succeeded" in told.out, NORTH in told.out) == (0, True, True)
    state = kiosk.run("status", "--json").json
    assert set(state) == {*SUMMARY, "blockers", "live"}
    assert state["blockers"] == []
    [listed] = kiosk.run("status", "--all", "--json").json
    assert (listed["id"], listed["outcome"]) == ("kiosk-1", "succeeded")
    assert "Bake for a second" in kiosk.run("status", "--all").out
    why = kiosk.run("why", "kiosk-1", "--json").json
    assert why["id"] == "kiosk-1"
    assert why["lines"][-1]["text"] == "ended: succeeded"
    assert len(kiosk.run("why", "--full").out) >= len(kiosk.run("why").out) > 200
    watched = kiosk.run("watch", "--json")
    lines = [json.loads(line) for line in watched.out.splitlines()]
    assert watched.code == 0
    assert all(set(line) == EVENT for line in lines)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    again = kiosk.run("plan", "--json").json
    assert again["before"] == again["commit"]
    assert {str(each["template_changes"]) for wave in again["waves"] for each in wave["targets"]} == {"[]"}
    assert [each["drift"] for wave in again["waves"] for each in wave["targets"]] == [[], []]
    kiosk.write(
        "template.yaml",
        (kiosk.root / "template.yaml").read_text().replace("Resources:", "Description: A kiosk.\nResources:", 1),
    )
    kiosk.commit("Say what it is")
    assert '+ Description: "A kiosk."' in kiosk.run("plan", "--diff").out
    kiosk.account.client("lambda", SOUTH).update_function_configuration(FunctionName="kiosk-hello", Timeout=77)
    assert "drift Hello.Timeout is 77, and was left as 3" in kiosk.run("plan").out


def test_the_same_revision_again_uploads_nothing_and_moves_nobody(kiosk: Kiosk, embedded_cloud: EmbeddedCloud):
    kiosk.says("hello")
    first = kiosk.run("release", "--json").json
    before = embedded_cloud.calls()[-1].seq
    second = kiosk.run("release", "--json").json
    assert (second["id"], second["outcome"]) == ("kiosk-2", "succeeded")
    assert second["revision"] == first["revision"]
    ours = [call for call in embedded_cloud.calls(since=before) if call.account == kiosk.account.account_id]
    done = {call.operation for call in ours if call.effective}
    assert not done & {"PutObject", "UpdateAlias", "PublishVersion", "UpdateFunctionCode"}


def test_the_levers_while_another_process_carries(kiosk: Kiosk):
    """Held, it stands still; resumed, it goes on; finished, it can be taken back."""
    kiosk.says("hello")
    assert kiosk.run("release", "--json").code == 0
    kiosk.says("bye")
    assert "kiosk-2 is open" in kiosk.run("release", "--detach").out
    with kiosk.customers(), kiosk.running("run", "--json") as carrier:
        kiosk.wait_for("kiosk-2", e.RevisionBuilt)
        assert kiosk.run("hold", "-m", "lunch", "--json").json == {"id": "kiosk-2", "held": True, "parts": []}
        assert kiosk.run("hold", "-m", "twice").code == 0
        state = kiosk.run("status", "--json").json
        assert (state["held"]["why"], state["outcome"]) == ("lunch", None)
        assert [each for each in state["blockers"] if each["person"]]
        assert "held" in kiosk.run("status").out
        assert "lunch" in kiosk.run("status").out
        assert kiosk.run("resume", "-m", "fed", "--json").json == {"id": "kiosk-2", "held": False, "parts": []}
        with kiosk.running("watch", "--json") as watcher:
            out, err = watcher.communicate()
            assert (watcher.returncode, err) == (0, "")
        carried, err = carrier.communicate()
        assert (carrier.returncode, err) == (0, "")
    seen = [json.loads(line) for line in out.splitlines()]
    assert seen == [json.loads(line) for line in carried.splitlines()]
    assert [line["event"] for line in seen if line["event"].startswith("Hold")] == ["HoldPlaced", "HoldLifted"]
    assert seen[-1]["text"] == "ended: succeeded"
    assert (kiosk.serving(NORTH), kiosk.serving(SOUTH)) == ("bye", "bye")

    back = kiosk.run("rollback", "-m", "the old one was friendlier")
    assert back.code == 0, "a person wished for it"
    assert "kiosk-2 goes back" in back.out
    assert (kiosk.serving(NORTH), kiosk.serving(SOUTH)) == ("hello", "hello")
    assert "the old one was friendlier" in kiosk.run("why").out
    twice = kiosk.run("rollback", "-m", "again")
    assert (twice.code, "[ALREADY_BACK]" in twice.err) == (2, True)


def test_abort(kiosk: Kiosk):
    """Whoever carries a release that somebody aborts ends with 1; whoever aborted it got what was asked for."""
    kiosk.says("hello")
    assert kiosk.run("release", "--json").code == 0
    kiosk.says("bye")
    with kiosk.running("release") as carrier:
        kiosk.wait_for("kiosk-2", e.TrafficShifted)
        assert kiosk.weights()
        aborted = kiosk.run("abort", "-m", "wrong day")
        assert aborted.code == 0
        out, err = carrier.communicate()
        assert (carrier.returncode, err) == (1, "")
    assert "wrong day" in out
    assert kiosk.weights() == {}
    assert kiosk.serving() == "hello"
    assert kiosk.run("watch").code == 1


def test_an_interrupted_release_goes_on(kiosk: Kiosk):
    kiosk.says("hello")
    assert kiosk.run("release", "--json").code == 0
    kiosk.says("bye")
    with kiosk.running("release") as carrier:
        kiosk.wait_for("kiosk-2", e.TrafficShifted)
        carrier.send_signal(signal.SIGINT)
        _, err = carrier.communicate()
    assert carrier.returncode == 130
    assert "kiosk-2 stays where it is" in err
    assert "`shoreward run`" in err
    assert "Traceback" not in err
    assert kiosk.state("kiosk-2").outcome is None
    assert kiosk.weights(), "and so do its customers"
    with kiosk.customers():
        carried = kiosk.run("run")
    assert carried.code == 0
    assert kiosk.state("kiosk-2").outcome is Outcome.SUCCEEDED


def test_whoever_follows_takes_over_when_the_carrier_dies(kiosk: Kiosk):
    kiosk.says("hello")
    with kiosk.running("release") as carrier, kiosk.running("release") as follower:
        kiosk.wait_for("kiosk-1", e.TargetInspected)
        assert follower.poll() is None
        carrier.kill()
        carrier.wait()
        out, _ = follower.communicate()
        assert follower.returncode == 0
    assert out.count("ended: succeeded") == 1


def test_a_release_that_nobody_reads_goes_on(kiosk: Kiosk):
    kiosk.says("hello")
    with kiosk.running("release") as carrier:
        assert carrier.stdout is not None
        assert carrier.stderr is not None
        assert "released" in carrier.stdout.readline()
        carrier.stdout.close()
        assert carrier.stderr.read() == ""
        assert carrier.wait() == 0
    assert kiosk.state("kiosk-1").outcome is Outcome.SUCCEEDED
    for command in ("why", "watch --json", "schema"):
        pipe = f"set -o pipefail; {sys.executable} -m shoreward {command} | head -n 1"
        piped = subprocess.run(["bash", "-c", pipe], cwd=kiosk.root, capture_output=True, text=True, check=False)
        assert (piped.returncode, piped.stderr) == (0, "")
        assert piped.stdout.count("\n") == 1


def test_the_terminal_is_respected(kiosk: Kiosk):
    """Colours only where they are wanted; a table fits into the columns that there are."""
    kiosk.says("hello")
    kiosk.run("release", "--detach")

    def shown(**environment: str) -> str:
        with_it = kiosk.start("status", **environment)
        out, err = with_it.communicate()
        assert (with_it.returncode, err) == (0, "")
        return out

    narrow = shown(COLUMNS="60")
    assert "\x1b" not in narrow
    assert max(len(line) for line in narrow.splitlines()) <= 60
    assert "\x1b" in shown(FORCE_COLOR="1", TERM="xterm")
    plain = shown(FORCE_COLOR="1", TERM="xterm", NO_COLOR="1")
    assert not re.search(r"\x1b\[(\d+;)*3[0-7]", plain)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, tmp_path: Path):
    helped = shoreward(command, "--help", at=tmp_path)
    assert (helped.code, helped.err) == (0, "")
    assert "Usage: shoreward " + command in helped.out
    assert "Example" in helped.out


def test_help_of_everything(tmp_path: Path):
    helped = shoreward("--help", at=tmp_path)
    assert helped.code == 0
    assert all(f" {command} " in helped.out for command in COMMANDS)
    assert "Exit codes: 0" in helped.out
    nothing = shoreward(at=tmp_path)
    assert (nothing.code, "Usage: shoreward" in nothing.all) == (2, True)


def test_schema(tmp_path: Path):
    said = shoreward("schema", at=tmp_path)
    assert said.code == 0
    assert "waves" in said.json["properties"]


def test_bootstrap(kiosk: Kiosk):
    kiosk.says("hello")
    said = kiosk.run("bootstrap", "--trusted", OPERATOR)
    assert said.code == 0
    for word in ("AWSTemplateFormatVersion", OPERATOR, "sts:AssumeRole", "kiosk"):
        assert word in said.out
    assert kiosk.run("bootstrap", "--trusted", OPERATOR, "--json").json == {"template": said.out}


def test_cloud(kiosk: Kiosk):
    with kiosk.running("cloud", "--port", "0", "--json") as cloud:
        assert cloud.stdout is not None
        endpoint = json.loads(cloud.stdout.readline())["endpoint"]
        assert _answers(endpoint)
        cloud.send_signal(signal.SIGTERM)
        out, err = cloud.communicate()
        assert (cloud.returncode, out, err) == (0, "", "")
    until(lambda: not _answers(endpoint))


def _answers(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    try:
        with socket.create_connection((address.hostname, address.port), timeout=5):
            return True
    except OSError:
        return False
