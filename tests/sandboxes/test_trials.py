"""What Shoreward itself tries in a sandbox counts only while nobody else changes what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from shoreward.adapters.dynamic import attacks_check
from shoreward.app.checking import Check, Report, Running
from shoreward.app.resilience.check import faults_check
from shoreward.app.resilience.ports import Laboratory, Sabotage, Sent
from shoreward.app.sandboxes import Injected, Thing
from shoreward.app.sandboxes.reach import Reach
from shoreward.app.sandboxes.synthetic import synthetic_check
from shoreward.domain import Checks, Dynamic, Fault, Pipeline, Probe, Refused, Resilience, Target, Terminal

from .test_access import Run, on_another_machine


@dataclass
class Account:
    """An account in which all goes well, and something happens while a fault is injected."""

    meanwhile: Callable[[], None]

    def members(self, target: Target) -> Mapping[str, Thing]:
        return {"Hello": Thing(type="AWS::Lambda::Function", id="hello")}

    def before(self, target: Target, sabotage: Sabotage) -> Injected | None:
        return Injected(kind=sabotage.kind, id=sabotage.id)

    def inject(self, target: Target, sabotage: Sabotage, injected: Injected) -> None:
        self.meanwhile()

    def send(self, target: Target, name: str, alias: str, probe: Probe) -> Sent:
        return Sent(to=probe.function, status="answered")

    def waiting(self, target: Target, queue: str) -> int:
        return 0


class Looking(Account):
    """One in which nothing is, and something happens while it is looked at."""

    def members(self, target: Target) -> Mapping[str, Thing]:
        self.meanwhile()
        return {}


def laboratory(run: Run, account: Account) -> Laboratory:
    access = run.access
    return Laboratory(connect=access.connect, met=access.met, suffering=access.suffering, cloud=lambda: account)


FAULT = Fault(kind="throttle", function="Hello", lasting=0.0, recovery=0.0)


def trial(run: Run, account: Account) -> tuple[Check, Pipeline]:
    """The check `faults`, with one fault."""
    plan = Resilience(faults=(FAULT,))
    checks = Checks(sandbox=run.team.plan, resilience=plan)
    pipeline = replace(run.team.pipeline, probes=(Probe(function="Hello"),), checks=checks)
    return faults_check(pipeline, plan, run.build, run.team.blobs, laboratory(run, account), None), pipeline


def asked(check: Check, pipeline: Pipeline, run: Run) -> Report:
    return check.run(replace(run.materials, pipeline=pipeline), Running())


def moved(run: Run, word: str = "good day") -> Callable[[], None]:
    """Another machine brings a revision up in the very same stack."""
    other = on_another_machine(run, word)
    return lambda: [other.access.connect(other.materials, Running())].clear()


def test_what_was_found_while_nobody_changed_the_sandbox_counts():
    run = Run()
    report = asked(*trial(run, Account(moved(run, "hello"))), run)
    assert report.summary.startswith("1 fault, ")


def test_what_another_machine_did_meanwhile_is_not_taken_for_what_the_application_bears():
    run = Run()
    with pytest.raises(Refused, match="SANDBOX_CHANGED"):
        asked(*trial(run, Account(moved(run))), run)
    # And the fault was taken back all the same
    assert [lease.faults for lease in run.team.ledger.all()] == [()]


@pytest.mark.parametrize("word", ["hello", "good day"])
def test_what_cannot_be_tried_for_another_machine_says_so(word: str):
    run = Run()

    code = {"hello": "FAULT_ABSENT", "good day": "SANDBOX_CHANGED"}[word]
    with pytest.raises((Refused, Terminal), match=code):
        asked(*trial(run, Looking(moved(run, word))), run)


def test_attacks_on_what_another_machine_changed_have_found_nothing():
    run = Run()

    def check(account: Account) -> Check:
        return attacks_check(run.team.pipeline, Dynamic(), run.build, run.team.blobs, laboratory(run, account))

    assert asked(check(Looking(lambda: None)), run.team.pipeline, run).summary == "0 routes, 0 requests"
    with pytest.raises(Refused, match="SANDBOX_CHANGED"):
        asked(check(Looking(moved(run))), run.team.pipeline, run)


def test_synthetic_requests_to_what_another_machine_changed_have_found_nothing():
    run = Run()
    happens = moved(run)

    class Hands:
        """Its stack serves nothing, and something happens while it is looked at."""

        stacks = traffic = probes = property(lambda self: self)

        def inspect(self, *about: Any) -> Any:
            happens()
            return self

        functions = ()

    hands: Any = Hands()
    access = run.access
    pipeline = replace(run.team.pipeline, probes=(Probe(function="Hello"),))
    reach = Reach(
        connect=access.connect,
        met=access.met,
        fresh=lambda: access,
        hands=lambda: hands,
        pipeline_at=lambda commit: pipeline,
    )
    with pytest.raises(Refused, match="SANDBOX_CHANGED"):
        asked(synthetic_check(pipeline, run.build, reach), pipeline, run)
