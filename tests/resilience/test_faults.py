"""Faults under load: what an application does not bear is found with its line, and everything is as it was."""

from __future__ import annotations

import sys

from sandboxes.shop import shoreward

from .bakery import FRAGILE, PIPELINE, STURDY, Bakery


def resilience(*faults: str, lasts: str = "1s", recovery: str = "10s", more: str = "") -> str:
    lines = "".join(f"      - {{{one}}}\n" for one in faults)
    declared = f"    faults:\n{lines}" if faults else ""
    return f"  resilience:\n    per-second: 10\n    lasts: {lasts}\n    recovery: {recovery}\n{more}{declared}"


def test_who_needs_a_function_that_is_throttled_is_named_with_its_line(bakery: Bakery):
    # Given a counter that asks the oven each time, and falls back on nothing
    bakery.declare(resilience("kind: throttle, function: Oven"))
    found = bakery.check()
    assert found["verdict"] == "fail"
    [finding] = found["findings"]
    assert (finding["rule"], finding["subject"]) == ("fault-not-withstood", "Counter")
    assert finding["file"] == "template.yaml"
    assert finding["line"] == 6  # Counter
    assert finding["fault"] == "throttle Oven"
    assert "10 of 10 requests to Counter failed while Oven was throttled" in finding["what"]
    assert "TooManyRequests" in finding["what"]
    assert finding["failed"] == "10 x error"
    # And nothing of the fault is left
    assert {one["reserved"] for one in bakery.state().values() if isinstance(one, dict)} == {None}
    assert bakery.ask()["failed"] is False


def test_who_has_something_to_fall_back_on_bears_every_fault(bakery: Bakery):
    bakery.build(STURDY)
    bakery.declare(
        resilience(
            "kind: throttle, function: Oven",
            "kind: disconnect, function: Baker",
            "kind: misdirect, function: Counter, variable: ORDERS",
            "kind: squeeze, function: Oven, timeout: 1s, memory: 128",
        )
    )
    assert bakery.shop.run("up").code == 0
    before = bakery.state()
    found = bakery.check()
    assert (found["verdict"], found["findings"]) == ("pass", [])
    assert found["summary"].startswith("4 faults, 40 requests, 0 of them failed")
    assert bakery.state() == before
    # And the verdict is kept while nothing changes: nobody brings a sandbox up to ask again
    assert bakery.shop.run("down").code == 0
    assert bakery.check()["verdict"] == "pass"
    assert "stacks" not in bakery.shop.left()


def test_without_faults_that_are_named_each_function_is_throttled_in_turn(bakery: Bakery):
    bakery.build(STURDY)
    bakery.declare(resilience())
    found = bakery.check()
    assert (found["verdict"], found["findings"]) == ("pass", [])
    # Counter is throttled, too: but of that nobody else is asked
    assert found["summary"].startswith("3 faults, 20 requests, 0 of them failed")
    assert "1 fault with nobody else to ask meanwhile" in found["summary"]


def test_a_dependency_that_leads_nowhere_is_found_at_its_function(bakery: Bakery):
    bakery.declare(resilience("kind: misdirect, function: Counter, variable: ORDERS"))
    [finding] = bakery.check()["findings"]
    assert (finding["rule"], finding["line"]) == ("fault-not-withstood", 6)
    assert "while ORDERS of Counter led nowhere" in finding["what"]
    assert bakery.ask()["failed"] is False


def test_a_function_with_too_little_time_is_found(bakery: Bakery):
    # Given an oven that takes longer than it will have
    bakery.build(FRAGILE, pause=1.3)
    bakery.declare(resilience("kind: squeeze, function: Oven, timeout: 1s"))
    [finding] = bakery.check()["findings"]
    assert "while Oven had 1 s" in finding["what"]
    assert bakery.ask() == {"warm": True, "taken": True, "failed": False}


def test_customers_may_be_asked_to_bear_some_of_it(bakery: Bakery):
    bakery.declare(resilience("kind: throttle, function: Oven, may-fail: 100%"))
    found = bakery.check()
    assert (found["verdict"], found["findings"]) == ("pass", [])
    assert "10 of them failed" in found["summary"]


def test_messages_that_a_disturbance_sends_to_the_dead_letters_are_found(own_bakery: Bakery):
    # Given a queue that gives up at once
    own_bakery.build(STURDY, visible=1, tries=1)
    own_bakery.declare(resilience("kind: throttle, function: Baker", lasts="3s"))
    [finding] = own_bakery.check()["findings"]
    assert (finding["rule"], finding["subject"]) == ("fault-lost-messages", "Burnt")
    assert finding["line"] == 37


def test_an_application_that_fails_by_itself_tells_nothing(bakery: Bakery):
    bakery.build(FRAGILE.replace("def warm():", "def warm():\n    raise ValueError('cold')"))
    bakery.declare(resilience("kind: throttle, function: Baker", recovery="1s"))
    found = bakery.check()
    assert (found["verdict"], found["error"]["code"]) == ("error", "RESILIENCE_UNKNOWN")
    assert "ValueError: cold" in found["error"]["what"]


def test_what_does_not_come_back_by_itself_is_found(bakery: Bakery):
    # Given a counter that remembers that the oven failed
    forgetful = FRAGILE.replace(
        "def handler(event, context):\n",
        "bad = []\n\n\ndef handler(event, context):\n    if bad:\n        raise RuntimeError('still cold')\n",
    ).replace(
        '    return {"warm": warm()',
        "    try:\n        warm()\n    except Exception:\n        bad.append(1)\n        raise\n"
        '    return {"warm": True',
    )
    bakery.build(forgetful)
    bakery.declare(resilience("kind: throttle, function: Oven, may-fail: 100%", recovery="2s"))
    [finding] = bakery.check()["findings"]
    assert (finding["rule"], finding["line"]) == ("fault-not-recovered", 6)
    assert (
        "Counter still fails 2 s after a fault was over (throttle Oven): it failed: RuntimeError: still cold"
        in (finding["what"])
    )


def test_a_backlog_that_is_worked_off_too_slowly_is_found(own_bakery: Bakery):
    own_bakery.build(STURDY)
    own_bakery.shop.write("code/baker.py", "import time\n\n\ndef handler(event, context):\n    time.sleep(5)\n")
    own_bakery.declare(resilience("kind: disconnect, function: Baker", recovery="1s"))
    [finding] = own_bakery.check()["findings"]
    assert (finding["rule"], finding["subject"], finding["line"]) == ("fault-backlog", "Orders", 32)


COMMAND = """\
import json, os, sys
import boto3
answer = boto3.client("lambda").invoke(FunctionName=os.environ["CounterName"], Qualifier="live", Payload=b"{}")
print(os.environ["SHOREWARD_FAULT"] or "no fault", json.load(answer["Payload"]))
sys.exit("FunctionError" in answer)
"""


def test_a_command_may_be_the_load(bakery: Bakery):
    bakery.shop.write("load.py", COMMAND)
    bakery.declare(resilience("kind: throttle, function: Oven", more=f"    load: {sys.executable} load.py\n"))
    found = bakery.check()
    assert found["verdict"] == "fail"
    [finding] = found["findings"]
    assert (finding["rule"], finding["failed"][1:]) == ("fault-not-withstood", " x command-failed")
    # And of a counter that falls back on something it finds nothing
    bakery.build(STURDY)
    assert bakery.check()["verdict"] == "pass"


def test_faults_without_load_are_refused(bakery: Bakery):
    probes = PIPELINE[PIPELINE.index("probes:") : PIPELINE.index("checks:")]
    bakery.declare(resilience(), PIPELINE.replace(probes, ""))
    said = shoreward("check", at=bakery.shop.root)
    assert said.code == 2
    assert "[RESILIENCE_NO_LOAD]" in said.err
    assert "shoreward.yaml:12:" in said.err
    # And so are they without a sandbox
    bakery.declare(resilience(), PIPELINE.replace("  sandbox: {target: main/eu-north-1}\n", ""))
    assert "[SUITE_WITHOUT_SANDBOX]" in shoreward("check", at=bakery.shop.root).err
