"""When the check of reversibility brings a sandbox up, with what, and that it is gone whatever came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.app.ports import Prober, StackManager, TrafficRouter
from shoreward.app.sandboxes import State
from shoreward.app.sandboxes.access import SandboxAccess
from shoreward.app.sandboxes.reach import Reach
from shoreward.app.sandboxes.reversing import NOTHING_LIVE, SAME, Walks, reversibility_check
from shoreward.app.sandboxes.synthetic import synthetic_check
from shoreward.domain import (
    Checks,
    Finding,
    Pipeline,
    Place,
    Probe,
    Retryable,
    Revision,
    SandboxPlan,
    Severity,
    Snapshot,
    SpecError,
    Staged,
    Target,
    Terminal,
)
from shoreward.testing.files import MemorySource
from shoreward.testing.simulated import SimulatedCloud

from .pretend import PLACE, Pretence

KEPT = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain"}
DECLARED = Place(file="shoreward.yaml", line=9)


FILES = MemorySource({commit: {"code.py": commit} for commit in ("old", "new")})


@dataclass
class Hands:
    """The ports of a simulated cloud; stacks are its own or somebody else's."""

    stacks: StackManager
    traffic: TrafficRouter
    probes: Prober


@dataclass
class Refusing:
    """A manager of stacks that writes down what may be replaced, and refuses."""

    cloud: SimulatedCloud
    allowed: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cloud, name)

    def stage(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Staged:
        self.allowed.append(pipeline.allow_replacement)
        if revision.commit == "new":
            raise Terminal("STATEFUL_REPLACEMENT", "Guests would be replaced.", next="Keep it.")
        return self.cloud.stage(pipeline, target, revision, snapshot, key)


@dataclass
class Run:
    """A check of the commit `new`, whose base is `old`."""

    team: Pretence = field(default_factory=Pretence)
    words: dict[str, str] = field(default_factory=lambda: {"old": "hello", "new": "good day"})
    base: str | None = "old"
    earlier: Pipeline | SpecError | None = None
    old_suites: int = 1
    fails: dict[int, Exception | Finding] = field(default_factory=dict[int, Exception | Finding])
    stacks: Any = None
    simulated: SimulatedCloud = field(default_factory=SimulatedCloud)
    seen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def build(self, pipeline: Pipeline, commit: str) -> Revision:
        return self.team.revision(self.words[commit], Guests=KEPT)

    def pipeline_at(self, commit: str) -> Pipeline:
        if isinstance(self.earlier, SpecError):
            raise self.earlier
        return self.earlier or self.team.pipeline

    def fresh(self) -> SandboxAccess:
        return SandboxAccess(self.team.sandboxes, self.build, owner="kim", branch="main", nonce="there and back")

    def suites(self, commit: str) -> Sequence[Check]:
        def run(materials: Materials, running: Running) -> Report:
            self.seen.append((materials.commit, json.loads(materials.products["sandbox"])["stack"]))
            found = self.fails.get(len(self.seen))
            if isinstance(found, Exception):
                raise found
            return Report(findings=(found,) if found else ())

        def key(materials: Materials) -> str:
            return f"suite of {materials.commit}"

        return [Check(name="integration", about="", key=key, run=run, where=DECLARED)] * (
            self.old_suites if commit == "old" else 1
        )

    @property
    def reach(self) -> Reach:
        world = self.simulated.world()
        hands = Hands(stacks=self.stacks or world.stacks, traffic=world.traffic, probes=world.prober)
        return Reach(
            connect=lambda materials, running: self.fresh().connect(materials, running),
            met=lambda materials, running: nullcontext(""),
            fresh=self.fresh,
            hands=lambda: hands,
            pipeline_at=self.pipeline_at,
        )

    @property
    def check(self) -> Check:
        walks = Walks(
            build=self.build,
            blobs=self.team.blobs,
            suites=lambda pipeline, commit: self.suites(commit),
            reach=self.reach,
            environment={},
        )
        return reversibility_check(self.suites("new"), walks)

    @property
    def materials(self) -> Materials:
        return Materials(source=FILES, commit="new", pipeline=self.team.pipeline, base=self.base)

    def go(self) -> Report:
        return self.check.run(self.materials, Running())

    def nothing_was_made(self) -> bool:
        return not self.team.ledger.all() and not self.seen


def test_each_commits_own_suites_meet_one_sandbox_which_is_gone_afterwards():
    run = Run()
    report = run.go()
    assert report.findings == ()
    assert report.lasting
    assert [commit for commit, _ in run.seen] == ["old", "old", "new", "old", "old"]
    [stack] = {stack for _, stack in run.seen}
    assert stack.startswith("shop-sandbox-main--")
    assert run.team.states() == [State.GONE]
    assert not run.team.cloud.everything()


@pytest.mark.parametrize("number", range(1, 6))
def test_whatever_ends_the_walk_the_sandbox_is_gone(number: int):
    run = Run(fails={number: Retryable("SUITE_NETWORK", "The network is gone.")})
    with pytest.raises(Retryable, match="SUITE_NETWORK"):
        run.go()
    assert len(run.seen) == number
    assert run.team.states() == [State.GONE]
    assert not run.team.cloud.everything()


def test_what_cannot_go_back_is_told_at_the_code_and_is_not_kept():
    broken = Finding(rule="test-failed", severity=Severity.HIGH, what="KeyError", subject="test_party")
    run = Run(fails={5: broken})
    report = run.go()
    assert [(one.rule, one.where) for one in report.findings] == [("IRREVERSIBLE", Place(file="code.py", line=1))]
    assert not report.lasting


def test_without_a_base_or_where_it_was_never_to_be_released_there_is_nothing_to_go_back_to():
    for run in (Run(base=None), Run(earlier=SpecError("SPEC_FILE_MISSING", "There is none."))):
        assert run.go().summary == NOTHING_LIVE
        assert run.nothing_was_made()


def test_the_same_revision_passes_at_once():
    run = Run(words={"old": "hello", "new": "hello"})
    assert run.go().summary == SAME
    assert run.nothing_was_made()


def test_a_base_without_suites_is_not_tried_and_that_is_said():
    run = Run(old_suites=0)
    [finding] = run.go().findings
    assert (finding.rule, finding.severity, finding.where) == ("reversibility-untried", Severity.LOW, DECLARED)
    assert run.nothing_was_made()


def test_a_mistake_in_the_base_is_not_the_changes():
    wrong = SpecError("SPEC_UNKNOWN_KEY", "There is no such key.", where=Place(file="shoreward.yaml"))
    refused = Run()
    refused.team.cloud.refusal = SpecError("SANDBOX_NOT_MADE", "CloudFormation refuses it.")
    for run in (Run(earlier=wrong), Run(fails={1: SpecError("SUITE_FOLDER", "No folder.")}), refused):
        with pytest.raises(Terminal, match="REVERSIBILITY_UNKNOWN"):
            run.go()


def test_a_mistake_in_the_change_stays_a_mistake():
    with pytest.raises(SpecError, match="SUITE_FOLDER"):
        Run(fails={3: SpecError("SUITE_FOLDER", "No folder.")}).go()


def test_data_that_would_go_cannot_come_back_but_what_production_keeps_may_go_here():
    run = Run()
    run.stacks = stacks = Refusing(run.simulated)
    [finding] = run.go().findings
    assert (finding.rule, finding.what) == ("IRREVERSIBLE", "Guests would be replaced.")
    assert all("Guests" in allowed for allowed in stacks.allowed)
    assert run.team.states() == [State.GONE]


def test_the_base_is_made_with_its_own_parameters_and_seed_in_todays_place():
    plan = SandboxPlan(target=Target(account="1", region="x", stack="y", parameters=(("Stage", "a"),)), seed="seed")
    team = Pretence(seed="another")
    run = Run(team=team, earlier=replace(team.pipeline, checks=Checks(sandbox=plan)))
    run.go()
    [lease] = team.ledger.all()
    assert (lease.target.account, lease.target.region) == (PLACE.account, PLACE.region)
    assert dict(lease.target.parameters) == {"Stage": "a"}
    assert len(team.seeds.asked) == 1


def test_its_key_is_that_of_both_commits():
    def key(run: Run) -> str | None:
        return run.check.key(run.materials)

    assert key(Run()) == key(Run())
    assert key(Run()) != key(Run(base=None))
    assert key(Run()) != key(Run(base="new"))
    assert key(Run(old_suites=0)) != key(Run())
    seeded = SandboxPlan(target=PLACE, seed="seed")
    assert key(Run(earlier=replace(Pretence().pipeline, checks=Checks(sandbox=seeded)))) != key(Run())


def test_a_function_that_the_sandbox_does_not_have_cannot_be_asked():
    run = Run()
    pipeline = replace(run.team.pipeline, probes=(Probe(function="Nobody", where=DECLARED),))
    check = synthetic_check(pipeline, run.build, run.reach)
    with pytest.raises(Terminal, match="SYNTHETIC_ABSENT") as caught:
        check.run(replace(run.materials, pipeline=pipeline), Running())
    assert caught.value.where == DECLARED
