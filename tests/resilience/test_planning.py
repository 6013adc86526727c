"""What faults mean in a stack, and what is wrong with those that mean nothing."""

from __future__ import annotations

from typing import Any

import pytest

from shoreward.app.resilience.planning import Stack, faults_of, trials
from shoreward.app.resilience.ports import Sabotage
from shoreward.app.sandboxes import Thing
from shoreward.domain import Fault, LambdaFunction, Place, Resilience, SpecError, Target, Terminal
from shoreward.spec.template.resolving import resolve

HERE = Place(file="shoreward.yaml", line=9)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


TEMPLATE = {
    "Resources": {
        "Counter": resource("AWS::Lambda::Function", Environment={"Variables": {"ORDERS": {"Ref": "Orders"}}}),
        "Baker": resource("AWS::Lambda::Function"),
        "Plain": resource("AWS::Lambda::Function"),
        "BakerOrders": resource(
            "AWS::Lambda::EventSourceMapping",
            FunctionName={"Ref": "BakerAliaslive"},
            EventSourceArn={"Fn::GetAtt": ["Orders", "Arn"]},
        ),
        "Orders": resource(
            "AWS::SQS::Queue",
            RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["Burnt", "Arn"]}, "maxReceiveCount": 3},
        ),
        "Burnt": resource("AWS::SQS::Queue"),
        "Night": {**resource("AWS::Lambda::Function"), "Condition": "Unsure"},
    },
    "Conditions": {"Unsure": {"Fn::Equals": [{"Ref": "Looked"}, "up"]}},
    "Parameters": {"Looked": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/night"}},
}
STACK = Stack(
    resolved=resolve(TEMPLATE, Target(account="1", region="eu-north-1", stack="bakery")),
    aliases=tuple(
        LambdaFunction(logical_id=name, alias="live", alias_id=f"{name}Aliaslive", version_id="")
        for name in ("Counter", "Baker", "Night")
    ),
    members={
        name: Thing(type=str(one["Type"]), id=f"physical-{name}")
        for name, one in TEMPLATE["Resources"].items()
        if name != "Night"
    },
)


def meant(**fault: Any) -> tuple[Sabotage, ...]:
    return trials((Fault(where=HERE, **fault),), STACK)[0].sabotages


def test_each_kind_of_fault_is_done_to_what_is_there():
    assert meant(kind="throttle", function="Baker") == (Sabotage(kind="throttle", id="physical-Baker", alias="live"),)
    assert meant(kind="disconnect", function="Baker") == (Sabotage(kind="disconnect", id="physical-BakerOrders"),)
    assert meant(kind="squeeze", function="Counter", timeout=1.0, memory=128) == (
        Sabotage(kind="alter", id="physical-Counter", alias="live", timeout=1, memory=128),
    )


def test_what_is_misdirected_leads_where_nobody_could_guess():
    [one] = meant(kind="misdirect", function="Counter", variable="ORDERS")
    [other] = meant(kind="misdirect", function="Counter", variable="ORDERS")
    assert (one.kind, one.id, one.variable) == ("alter", "physical-Counter", "ORDERS")
    assert one.suffix.startswith("-nowhere-")
    assert one.suffix != other.suffix


def test_a_queue_that_is_not_read_must_be_worked_off_and_dead_letters_are_watched():
    [trial] = trials((Fault(kind="disconnect", function="Baker"),), STACK)
    assert trial.queues == (("Orders", "physical-Orders"),)
    assert STACK.dead_letters() == (("Burnt", "physical-Burnt"),)


def test_nobody_is_surprised_when_a_throttled_function_does_not_answer():
    throttled, squeezed = trials(
        (Fault(kind="throttle", function="Counter"), Fault(kind="squeeze", function="Counter", timeout=1.0)), STACK
    )
    assert (throttled.counts("Counter"), throttled.counts("Baker"), squeezed.counts("Counter")) == (False, True, True)


def test_without_any_that_is_declared_each_function_is_throttled():
    plan = Resilience(may_fail=0.1, lasting=5.0, recovery=7.0, where=HERE)
    every = faults_of(plan, STACK.resolved)
    assert [str(one) for one in every] == [
        "throttle Baker", "throttle Counter", "throttle Night", "throttle Plain",
    ]  # fmt: skip
    assert {(one.may_fail, one.lasting, one.recovery, one.where) for one in every} == {(0.1, 5.0, 7.0, HERE)}
    declared = (Fault(kind="disconnect", function="Baker"),)
    assert faults_of(Resilience(faults=declared), STACK.resolved) == declared


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        ({"kind": "throttle", "function": "Bakr"}, "FAULT_UNKNOWN", "Did you mean 'Baker'?"),
        ({"kind": "misdirect", "function": "Counter", "variable": "ORDRES"}, "FAULT_VARIABLE", "mean 'ORDERS'?"),
        ({"kind": "misdirect", "function": "Baker", "variable": "X"}, "FAULT_VARIABLE", "It has none at all."),
        ({"kind": "disconnect", "function": "Counter"}, "FAULT_SOURCE", "event source mapping"),
        ({"kind": "squeeze", "function": "Plain", "memory": 128}, "FAULT_ALIAS", "AutoPublishAlias"),
    ],
)
def test_a_fault_that_does_not_fit_the_template_is_a_mistake_at_its_place(fault: dict[str, Any], code: str, says: str):
    with pytest.raises(SpecError, match=code) as caught:
        meant(**fault)
    assert caught.value.where == HERE
    assert says in str(caught.value)


def test_what_a_condition_leaves_out_is_no_mistake_and_no_pass():
    with pytest.raises(Terminal, match="FAULT_ABSENT"):
        meant(kind="throttle", function="Night")
