"""The sandbox of a run of checks: brought up by the first suite that has to run, once, and by nobody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.app.sandboxes import State, Thing
from shoreward.app.sandboxes.access import SandboxAccess
from shoreward.app.sandboxes.checks import in_sandbox, parity_check, sandbox_check
from shoreward.app.sandboxes.parity import Observed
from shoreward.app.sandboxes.ports import Progress
from shoreward.app.sandboxes.reaping import Known
from shoreward.domain import (
    Checks,
    Pipeline,
    Place,
    Refused,
    Retryable,
    Revision,
    Severity,
    SpecError,
    Target,
    Terminal,
    Wave,
)
from shoreward.testing.files import MemorySource

from .pretend import PLACE, MortalLedger, Pretence

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      Description: hello
      MemorySize: 256
"""


@dataclass
class Run:
    """A run of checks by somebody of a team."""

    team: Pretence = field(default_factory=Pretence)
    word: str = "hello"
    nonce: str = ""
    built: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.access = SandboxAccess(self.team.sandboxes, self.build, owner="kim", branch="main", nonce=self.nonce)

    def build(self, pipeline: Pipeline, commit: str) -> Revision:
        self.built.append(commit)
        return self.team.revision(self.word)

    @property
    def materials(self) -> Materials:
        commit = f"commit-{self.word}"
        source = MemorySource({commit: {"template.yaml": TEMPLATE}})
        return Materials(source=source, commit=commit, pipeline=self.team.pipeline)

    def suite(self, seen: list[Mapping[str, Any]]) -> Check:
        """A suite that writes down which sandbox it met."""

        def run(materials: Materials, running: Running) -> Report:
            seen.append(json.loads(materials.products["sandbox"]))
            return Report()

        suite = Check(name="integration", about="", key=lambda materials: "key", run=run)
        return in_sandbox(suite, self.access.met)


def test_a_suite_meets_a_sandbox_that_is_up():
    seen: list[Mapping[str, Any]] = []
    run = Run()
    run.suite(seen).run(run.materials, Running())
    (stack,) = run.team.cloud.stacks.values()
    assert seen[0]["stack"] == stack.target.stack
    assert seen[0]["region"] == PLACE.region
    assert seen[0]["outputs"] == {"Stack": stack.target.stack}
    assert seen[0]["environment"]["AWS_SECRET_ACCESS_KEY"] == "fake"


def test_a_suite_needs_the_check_of_the_sandbox():
    suite = Check(name="a", about="", key=lambda m: "", run=lambda m, r: Report())
    assert in_sandbox(suite, Run().access.met).needs == ("sandbox",)


def test_all_suites_of_a_run_share_one_and_it_is_brought_up_once():
    run = Run()
    begun: list[str] = []
    run.team.cloud.before = begun.append
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: run.access.connect(run.materials, Running()).lease.name, range(8)))
    assert len(names) == 1
    assert begun.count("before create") == 1


def test_nobody_who_only_asks_for_the_check_brings_anything_up():
    run = Run()
    check = sandbox_check(run.team.pipeline, run.build, run.team.blobs)
    report = check.run(run.materials, Running())
    assert not run.team.cloud.stacks
    assert check.key(run.materials) == check.key(run.materials)
    assert json.loads(report.product)["revision"] == run.team.revision("hello").digest


def product(run: Run) -> tuple[str | None, str]:
    check = sandbox_check(run.team.pipeline, run.build, run.team.blobs)
    return check.key(run.materials), check.run(run.materials, Running()).product


def test_its_product_depends_on_the_revision_and_the_plan_alone():
    first = product(Run())
    assert product(Run(team=Pretence(lease=77))) == first  # how long it lives is no matter to a test
    assert product(Run(word="good day"))[1] != first[1]
    key, made = product(Run(team=Pretence(seed="python seed.py")))
    assert key != first[0]
    assert made != first[1]


def test_a_parameter_that_the_template_does_not_have_is_a_mistake_with_a_place():
    team = Pretence()
    plan = replace(team.plan, target=replace(PLACE, parameters=(("Stige", "test"),)))
    pipeline = replace(team.pipeline, checks=Checks(sandbox=plan))
    run = Run(team)
    with pytest.raises(SpecError, match="PARAMETER_UNKNOWN") as caught:
        sandbox_check(pipeline, run.build, team.blobs).run(replace(run.materials, pipeline=pipeline), Running())
    assert "Stage" in caught.value.next


def test_a_pipeline_without_a_plan_is_told_what_to_write():
    team = Pretence()
    with pytest.raises(Refused, match=r"SANDBOX_NOT_PLANNED"):
        sandbox_check(replace(team.pipeline, checks=None), Run(team).build, team.blobs)


def test_while_a_run_has_the_sandbox_nobody_takes_it_away():
    run = Run()
    run.access.connect(run.materials, Running())
    with pytest.raises(Refused, match="SANDBOX_BUSY"):
        run.team.sandboxes.down(run.team.known()[0], run.team.progress)
    run.access.close()
    assert run.team.sandboxes.down(run.team.known()[0], run.team.progress).clean


def test_the_lease_runs_from_the_end_of_the_run():
    run = Run(team=Pretence(lease=1_000))
    with run.access:
        made = run.access.connect(run.materials, Running())
        run.team.clock.time += 600
    (lease,) = run.team.ledger.all()
    assert lease.expires == made.lease.expires + 600


def test_a_sandbox_that_was_made_for_one_run_goes_with_it():
    run = Run(nonce="release-12")
    with run.access:
        run.access.connect(run.materials, Running())
        assert run.team.cloud.stacks
    assert not run.team.cloud.everything()
    assert run.team.states() == [State.GONE]


def test_one_that_does_not_go_is_told():
    run = Run(nonce="release-12")
    made = run.access.connect(run.materials, Running())
    run.team.cloud.stuck = {Thing(type="AWS::Lambda::Function", id=f"{made.lease.name}-Hello")}
    with pytest.raises(Terminal, match="SANDBOX_LEFT"):
        run.access.close()


def test_a_change_that_cannot_stand_fails_every_suite_alike_at_the_line_of_the_resource():
    run = Run()
    where = Place(file="template.yaml")
    run.team.cloud.refusal = SpecError("SANDBOX_NOT_MADE", "Hello (AWS::Lambda::Function): no", where=where)
    tries: list[str] = []
    run.team.cloud.before = tries.append
    for _ in range(3):
        with pytest.raises(SpecError, match="SANDBOX_NOT_MADE") as caught:
            run.access.connect(run.materials, Running())
        assert caught.value.where == Place(file="template.yaml", line=4, column=3)
    assert tries.count("before begin") == 1


def test_what_may_pass_is_tried_again():
    run = Run()
    run.team.cloud.refusal = Retryable("STACK_BUSY", "not yet")
    with pytest.raises(Retryable):
        run.access.connect(run.materials, Running())
    run.team.cloud.refusal = None
    assert run.access.connect(run.materials, Running())


def test_an_edit_brings_the_new_revision_up_in_the_same_sandbox():
    run = Run()
    first = run.access.connect(run.materials, Running())
    run.word = "good day"
    second = run.access.connect(run.materials, Running())
    assert second.lease.name == first.lease.name
    assert second.lease.revision != first.lease.revision
    assert run.access.environment(run.materials)["AWS_SAM_STACK_NAME"] == second.lease.name


def test_two_runs_of_one_branch_take_turns():
    team = Pretence()
    first, second = Run(team), Run(team)
    second.access = SandboxAccess(replace(team.sandboxes, patience=60.0), second.build, owner="kim", branch="main")
    first.access.connect(first.materials, Running())
    done = threading.Event()

    def other() -> None:
        second.access.connect(second.materials, Running())
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert not done.is_set()
    first.access.close()
    thread.join(60)
    assert done.is_set()


class Sight:
    """Sees a production with another quota."""

    def observe(self, target: Target) -> Observed:
        return Observed(
            exists=False, template={}, parameters={}, functions={}, concurrency=10 if target == PLACE else 1_000
        )


def test_the_parity_check_reports_what_differs():
    team = Pretence()
    stage = (("Stage", "prod"),)
    target = Target(account="1", region="eu-west-1", stack="shop", parameters=stage)
    pipeline = replace(team.pipeline, waves=(Wave(name="first", targets=(target,)),))
    run = Run(team)
    check = parity_check(pipeline, run.build, team.blobs, Sight())
    materials = replace(run.materials, pipeline=pipeline)
    report = check.run(materials, Running())
    assert {one.rule for one in report.findings} == {"PARITY_REGION", "PARITY_QUOTA"}
    assert report.summary == "1 difference, 1 note"
    assert all(one.severity is not Severity.HIGH for one in report.findings)
    assert check.needs == ("sandbox",)
    assert check.depends.good_for == 3_600
    assert check.key(materials) == check.key(materials) != check.key(run.materials)


def on_another_machine(run: Run, word: str) -> Run:
    """The same owner and branch, with a ledger of its own."""
    return Run(team=replace(run.team, ledger=MortalLedger()), word=word)


@pytest.mark.parametrize("does", ["updates it", "removes it"])
def test_a_suite_whose_sandbox_another_machine_changes_has_found_nothing(does: str):
    # Given a suite that is under way
    run = Run()
    other = on_another_machine(run, "good day" if does == "updates it" else "hello")

    def meanwhile(materials: Materials, running: Running) -> Report:
        sandbox = other.access.connect(other.materials, Running())
        if does == "removes it":
            sandboxes = other.team.sandboxes
            sandboxes.down_held(Known(lease=sandbox.lease, seen=None), Progress())
        return Report(summary="all is well")

    # When another machine works with the very same stack
    suite = in_sandbox(Check(name="integration", about="", key=lambda m: "key", run=meanwhile), run.access.met)

    # Then nobody takes its answer for one about this commit
    with pytest.raises(Refused) as refused:
        suite.run(run.materials, Running())
    assert refused.value.code == "SANDBOX_CHANGED"


def test_another_machine_with_the_same_revision_disturbs_nobody():
    run = Run()
    other = on_another_machine(run, "hello")
    seen: list[str] = []

    def meanwhile(materials: Materials, running: Running) -> Report:
        seen.append(other.access.connect(other.materials, Running()).lease.name)
        return Report(summary="all is well")

    suite = in_sandbox(Check(name="integration", about="", key=lambda m: "key", run=meanwhile), run.access.met)
    assert suite.run(run.materials, Running()).summary == "all is well"
    assert len(run.team.cloud.stacks) == len(seen) == 1
