"""What people do with sandboxes, through the real command line and the embedded cloud."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.testing.cloud import CloudAccount

from .shop import Shop, shoreward
from .support import REGION

SEED = """\
    lease: 1h
    seed: python3 seed.py
"""


LOST = """\
  Lost:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: lost.handler
      Role: !Sub arn:aws:iam::${AWS::AccountId}:role/none
      Code: {S3Bucket: nobody-has-this, S3Key: lost.zip}
"""


def stacks(account: CloudAccount) -> list[str]:
    found = account.client("cloudformation", REGION).describe_stacks()["Stacks"]
    return [one["StackName"] for one in found if one["StackStatus"] != "DELETE_COMPLETE"]


def expire(shop: Shop) -> None:
    """Let the leases of the ledger and of the cloud be over."""
    with closing(sqlite3.connect(shop.root / ".shoreward" / "sandboxes.db")) as ledger, ledger:
        ledger.execute("UPDATE leases SET body = json_set(body, '$.expires', 1.0)")
    client = shop.account.client("cloudformation", REGION)
    for stack in client.describe_stacks()["Stacks"]:
        if stack["StackStatus"] == "DELETE_COMPLETE":
            continue
        tags = {one["Key"]: one["Value"] for one in stack["Tags"]} | {"shoreward:expires": "2020-01-01T00:00:00Z"}
        client.update_stack(
            StackName=stack["StackName"],
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": "Stage", "UsePreviousValue": True}],
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        client.get_waiter("stack_update_complete").wait(StackName=stack["StackName"], WaiterConfig={"Delay": 0.1})


def test_a_sandbox_comes_is_used_again_and_goes_without_a_trace(shop: Shop):
    before = shop.left()
    # Given a change that nobody has committed yet
    shop.write("code/hello.py", (shop.root / "code/hello.py").read_text().replace("WORD", "ahoy"))
    made = shop.run("up", "--json")
    assert made.code == 0, made.err
    told = made.json
    assert told["branch"] == "main"
    assert told["owner"] == "kim"
    assert told["environment"]["AWS_SAM_STACK_NAME"] == told["stack"]
    assert told["environment"]["HelloName"] == told["outputs"]["HelloName"]
    assert "AWS_SECRET_ACCESS_KEY" not in made.out
    answer = shop.account.client("lambda", REGION).invoke(FunctionName=told["outputs"]["HelloName"])
    assert json.loads(answer["Payload"].read()) == {"say": "ahoy"}
    # When it is asked for again, it is the same one
    again = shop.run("up")
    assert "is up as it was" in again.out
    assert stacks(shop.account) == [told["stack"]]
    # Then it is listed, it stays while its lease lasts, and nothing is left of it in the end
    (listed,) = shop.run("list", "--json").json["sandboxes"]
    assert (listed["name"], listed["state"], listed["doomed"]) == (told["name"], "up", False)
    assert listed["cost"]["to_come"] is not None
    assert "stays" in shop.run("reap").out
    gone = shop.run("down")
    assert gone.code == 0
    assert "nothing left. Looked at the stack, " in gone.out
    assert shop.left() == before
    assert shop.run("list").out == "There are no sandboxes.\n"


def test_branches_and_fresh_ones_do_not_touch_each_other(shop: Shop):
    first = shop.run("up", "--json").json
    shop.git("switch", "-q", "-c", "fix/prices")
    second = shop.run("up", "--json").json
    fresh = shop.run("up", "main", "--fresh", "--json").json
    assert len({first["name"], second["name"], fresh["name"]}) == len(stacks(shop.account)) == 3
    assert (second["branch"], fresh["branch"]) == ("fix/prices", "main")
    assert shop.run("down").code == 0  # of this branch
    assert sorted(stacks(shop.account)) == sorted([first["name"], fresh["name"]])
    # Two are of the branch main, so a person has to say which
    refused = shop.run("down", "main")
    assert refused.code == 2
    assert "SANDBOX_UNKNOWN" in refused.err
    assert fresh["name"] in refused.err
    assert shop.run("down", fresh["name"]).code == 0
    assert shop.run("down", "main").code == 0
    assert stacks(shop.account) == []


def test_data_is_put_into_a_fresh_one(shop: Shop):
    shop.edit("shoreward.yaml", "    parameters: {Stage: test}\n", f"    parameters: {{Stage: test}}\n{SEED}")
    shop.write(
        "seed.py", "import os, pathlib\npathlib.Path(os.environ['TOLD']).write_text(os.environ['GUESTS_NAME'])\n"
    )
    told = shop.root / ".shoreward" / "told"
    os.environ["TOLD"] = str(told)
    try:
        made = shop.run("up", "--json").json
        assert made["seeded"]
        assert told.read_text() == made["outputs"]["GuestsName"]
        told.unlink()
        assert not shop.run("up", "--json").json["seeded"]
        assert not told.exists()
        assert shop.run("up", "--seed", "--json").json["seeded"]
    finally:
        del os.environ["TOLD"]
    assert shop.run("down").code == 0


def test_reaping_is_shown_first_and_done_when_it_is_said_twice(shop: Shop):
    before = shop.left()
    made = shop.run("up", "--json").json
    expire(shop)
    shown = shop.run("reap")
    assert shown.code == 0
    assert "would be removed: its lease has ended" in shown.out
    assert stacks(shop.account) == [made["name"]]
    done = shop.run("reap", "--yes", "--json")
    assert done.code == 0
    assert [(one["name"], one["clean"]) for one in done.json["removed"]] == [(made["name"], True)]
    assert shop.left() == before


def test_a_lost_ledger_costs_nothing_but_patience(shop: Shop):
    made = shop.run("up", "--json").json
    for file in (shop.root / ".shoreward").glob("sandboxes.db*"):
        file.unlink()
    (listed,) = shop.run("list", "--json").json["sandboxes"]
    assert (listed["name"], listed["state"], listed["doomed"]) == (made["name"], "not in this ledger", False)
    assert shop.run("reap", "--yes").code == 0
    assert stacks(shop.account) == [made["name"]]
    assert shop.run("reap", "--orphans", "--yes").code == 0
    assert stacks(shop.account) == []


def test_an_account_that_does_not_answer_is_no_empty_one(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    said = shop.run("list", "--json")
    assert said.code == 3
    assert [one["place"] for one in said.json["unseen"]] == [f"{shop.account.account_id}/{REGION}"]


@pytest.mark.parametrize(
    ("mistake", "code", "words"),
    [
        (
            ("shoreward.yaml", "    target: main/eu-north-1", "    target: main/eu-west-1\n    stack: shop"),
            2,
            "PRODUCTION",
        ),
        (("shoreward.yaml", "{Stage: test}", "{Stige: test}"), 2, "PARAMETER_UNKNOWN"),
    ],
)
def test_a_mistake_in_the_plan_is_told_before_anything_is_made(
    shop: Shop, mistake: tuple[str, str, str], code: int, words: str
):
    shop.edit(*mistake)
    said = shop.run("up")
    assert (said.code, words in said.err) == (code, True), said.err
    assert stacks(shop.account) == []


def test_a_pipeline_without_a_plan_is_told_what_to_write(shop: Shop):
    text = (shop.root / "shoreward.yaml").read_text()
    shop.write("shoreward.yaml", text[: text.index("checks:")])
    said = shop.run("up")
    assert said.code == 2
    assert "SANDBOX_NOT_PLANNED" in said.err
    assert shop.run("list").code == 0


def test_a_template_that_cannot_stand_is_told_with_its_line(shop: Shop):
    shop.edit("template.yaml", "Outputs:\n", f"{LOST}Outputs:\n")
    line = 1 + (shop.root / "template.yaml").read_text().splitlines().index("  Lost:")
    said = shop.run("up")
    assert said.code == 2, said.out
    assert "SANDBOX_NOT_MADE" in said.err
    assert f"template.yaml:{line}:" in said.err
    assert shop.run("reap", "--yes").code == 0
    assert stacks(shop.account) == []


def test_what_a_killed_process_left_half_made_is_reaped(shop: Shop):
    before = shop.left()
    ledger = shop.root / ".shoreward" / "sandboxes.db"
    with shop.running("up") as process:
        # When it is killed as soon as its intent is written
        while not (ledger.exists() and leases(ledger)):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert leases(ledger) == 1
    # Then whoever reaps removes it, however far it came
    done = shop.run("reap", "--yes", "--json")
    assert done.code == 0, done.out + done.err
    assert len(done.json["removed"]) == 1
    assert shop.left() == before


def leases(ledger: Path) -> int:
    with closing(sqlite3.connect(ledger, timeout=30)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM leases").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # the tables are being made


SUITES = """\
  discover: false
  suites:
    - {name: greets, kind: integration, run: python3 greets.py}
    - {name: broken, kind: acceptance, run: exit 1}
"""
GREETS = """\
import os, pathlib, urllib.request
assert os.environ["AWS_SAM_STACK_NAME"].startswith("shop-sandbox-main--")
assert os.environ["HELLO_NAME"] == os.environ["HelloName"]
assert os.environ["AWS_SECRET_ACCESS_KEY"] == "embedded-cloud"
urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_shoreward/calls?since=999999999").read()
"""


def test_suites_are_run_against_the_sandbox_of_the_branch(shop: Shop):
    shop.write("shoreward.yaml", (shop.root / "shoreward.yaml").read_text() + SUITES)
    shop.write("greets.py", GREETS)
    shop.commit()
    passed = shop.run("test", "integration")
    assert passed.code == 0, passed.out + passed.err
    (stack,) = stacks(shop.account)
    assert stack.startswith("shop-sandbox-main--")
    assert shop.run("test", "broken").code == 1
    assert stacks(shop.account) == [stack]
    refused = shop.run("test", "performance")
    assert refused.code == 2
    assert "There are: greets, broken." in refused.err
    # A kept verdict needs no sandbox: none is brought up for it
    assert shop.run("down").code == 0
    kept = shoreward("check", "--only", "greets", at=shop.root)
    assert kept.code == 0, kept.out + kept.err
    assert stacks(shop.account) == []


def test_suites_that_do_not_exist_are_not_run(shop: Shop):
    said = shop.run("test", "integration")
    assert said.code == 2
    assert "SANDBOX_NO_SUITE" in said.err
