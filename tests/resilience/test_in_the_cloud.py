"""Faults in an account: done, seen, and taken back to the last byte, by calls that the role of sandboxes allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandboxes.support import REGION, Beach, physical
from sandboxes.test_role import action_of, allowed
from shoreward.adapters.aws import Aws, Retry, Sessions
from shoreward.adapters.aws.sandboxes.faults import Faults, lift
from shoreward.app.resilience.ports import Sabotage
from shoreward.app.sandboxes import Injected
from shoreward.domain import Probe, Terminal
from shoreward.testing.cloud import CloudAccount, isolated_session

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}}
READS = {
    "Type": "AWS::Lambda::EventSourceMapping",
    "DependsOn": "HelloAliaslive",
    "Properties": {"FunctionName": {"Ref": "HelloAliaslive"}, "EventSourceArn": {"Fn::GetAtt": ["Letters", "Arn"]}},
}
CODE = "import os\n\n\ndef handler(event, context):\n    return {'word': os.environ.get('WORD', ''), 'n': 1}\n"


@dataclass
class Workshop:
    """A sandbox with a function and a queue, and hands that remember what they called."""

    beach: Beach
    called: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        made = self.beach.up(revision=self.beach.revision(code=CODE, Letters=QUEUE, Reads=READS))
        self.target = made.lease.target
        self.name = physical(self.beach, made.lease.name, "Hello")
        self.queue = physical(self.beach, made.lease.name, "Letters")
        self.reads = physical(self.beach, made.lease.name, "Reads")
        session = isolated_session(self.beach.account.account_id, REGION)
        session.events.register(
            "before-call",
            lambda model, **_: self.called.add(action_of(model.service_model.service_name, model.name)),
        )
        retry = Retry(budget=20.0)
        self.aws = Aws(Sessions(session, retry=retry), retry)
        self.faults = Faults(self.aws)

    @property
    def functions(self) -> Any:
        return self.beach.client("lambda")

    def state(self) -> dict[str, Any]:
        latest = self.functions.get_function_configuration(FunctionName=self.name)
        versions = self.functions.list_versions_by_function(FunctionName=self.name)["Versions"]
        return {
            "reserved": self.functions.get_function_concurrency(FunctionName=self.name).get(
                "ReservedConcurrentExecutions"
            ),
            "alias": self.functions.get_alias(FunctionName=self.name, Name="live")["FunctionVersion"],
            "versions": [one["Version"] for one in versions],
            "reads": self.functions.get_event_source_mapping(UUID=self.reads)["State"],
            "latest": [latest.get("Environment"), latest["Timeout"], latest["MemorySize"]],
        }

    def inject(self, sabotage: Sabotage) -> Injected:
        before = self.faults.before(self.target, sabotage)
        assert before is not None
        self.faults.inject(self.target, sabotage, before)
        return before

    def lift(self, fault: Injected) -> None:
        lift(self.aws, self.target, fault)

    def word(self) -> str:
        sent = self.faults.send(self.target, self.name, "live", Probe(function="Hello", expect='{"n": 1}'))
        return sent.status if sent.status != "answered" else sent.wrong or "well"


@pytest.fixture
def workshop(account: CloudAccount, tmp_path: Path) -> Workshop:
    return Workshop(Beach(account, tmp_path))


def each(workshop: Workshop) -> dict[str, Sabotage]:
    return {
        "throttle": Sabotage(kind="throttle", id=workshop.name, alias="live"),
        "disconnect": Sabotage(kind="disconnect", id=workshop.reads),
        "misdirect": Sabotage(kind="alter", id=workshop.name, alias="live", variable="WORD", suffix="-nowhere"),
        "squeeze": Sabotage(kind="alter", id=workshop.name, alias="live", timeout=1, memory=256),
    }


@pytest.mark.parametrize("kind", ["throttle", "disconnect", "misdirect", "squeeze"])
def test_a_fault_is_there_and_then_it_is_as_it_was(workshop: Workshop, kind: str):
    was = workshop.state()
    fault = workshop.inject(each(workshop)[kind])
    broken = workshop.state()
    assert broken != was
    if kind == "throttle":
        assert (broken["reserved"], workshop.word()) == (0, "throttled")
    workshop.lift(fault)
    assert (workshop.state(), workshop.word()) == (was, "well")
    # And once more does no harm
    workshop.lift(fault)
    assert workshop.state() == was


def test_what_was_reserved_is_reserved_again(workshop: Workshop):
    workshop.functions.put_function_concurrency(FunctionName=workshop.name, ReservedConcurrentExecutions=7)
    fault = workshop.inject(each(workshop)["throttle"])
    assert fault.before == "7"
    workshop.lift(fault)
    assert workshop.state()["reserved"] == 7


def test_what_was_never_injected_can_be_taken_back(workshop: Workshop):
    was = workshop.state()
    for sabotage in each(workshop).values():
        before = workshop.faults.before(workshop.target, sabotage)
        assert before is not None
        workshop.lift(before)
    assert workshop.state() == was


def test_what_is_gone_needs_nothing(workshop: Workshop):
    faults = [workshop.faults.before(workshop.target, one) for one in each(workshop).values()]
    assert workshop.beach.sandboxes.down(workshop.beach.known(workshop.target.stack), workshop.beach.progress).clean
    for fault in faults:
        assert fault is not None
        workshop.lift(fault)


def test_a_mapping_that_is_disabled_already_is_left_so(workshop: Workshop):
    workshop.functions.update_event_source_mapping(UUID=workshop.reads, Enabled=False)
    assert workshop.faults.before(workshop.target, each(workshop)["disconnect"]) is None


def test_a_function_that_somebody_changed_by_hand_is_not_altered(workshop: Workshop):
    workshop.functions.update_function_configuration(FunctionName=workshop.name, Timeout=17)
    with pytest.raises(Terminal, match="FAULT_NOT_POSSIBLE") as caught:
        workshop.faults.before(workshop.target, each(workshop)["squeeze"])
    assert "Timeout" in caught.value.what


def test_a_fault_of_another_version_of_shoreward_is_named(workshop: Workshop):
    with pytest.raises(Terminal, match="FAULT_UNREADABLE"):
        workshop.lift(Injected(kind="earthquake", id="hello"))


def test_all_of_it_is_allowed_to_the_role_of_sandboxes(workshop: Workshop):
    workshop.faults.members(workshop.target)
    assert workshop.faults.waiting(workshop.target, workshop.queue) == 0
    for sabotage in each(workshop).values():
        workshop.lift(workshop.inject(sabotage))
    workshop.word()
    actions = {one.replace("lambda:Invoke", "lambda:InvokeFunction") for one in workshop.called}
    assert actions - {"sts:GetCallerIdentity"} - allowed() == set()
    assert len(actions) > 12
