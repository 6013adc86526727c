"""What stands behind the pictures of the pages: templates, a quarter of a year of deliveries, sandboxes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shoreward.app.interruption import Interruption
from shoreward.app.sandboxes import Lease, State
from shoreward.core import events as e
from shoreward.domain import (
    Change,
    Difference,
    Evidence,
    Judgement,
    Outcome,
    Pipeline,
    Revision,
    Snapshot,
    Staged,
    Target,
    Verdict,
)
from shoreward.testing.simulated import SimulatedCloud

from .conftest import Site

DAY = 86_400.0


def template(*, memory: int, reads: Sequence[str], note: str) -> bytes:
    """An application with a function, its role and its table."""
    function = {"Handler": "castles.handler", "MemorySize": memory, "Timeout": 10, "Description": note}
    statement = {"Effect": "Allow", "Action": list(reads), "Resource": {"Fn::GetAtt": ["Castles", "Arn"]}}
    policy = {"PolicyName": "castles", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    role = {"AssumeRolePolicyDocument": {}, "Policies": [policy]}
    resources = {
        "CastlesFunction": {"Type": "AWS::Lambda::Function", "Properties": function},
        "CastlesRole": {"Type": "AWS::IAM::Role", "Properties": role},
        "Castles": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST"}},
    }
    return json.dumps({"Resources": resources}).encode()


TEMPLATES = {
    "7d3e5a90b1cc21": template(
        memory=512, reads=("dynamodb:GetItem", "dynamodb:Query"), note="shells are counted in pairs"
    ),
}
"""What is otherwise than usual, by commit."""

USUAL = template(memory=256, reads=("dynamodb:GetItem", "dynamodb:PutItem"), note="castles")


class Castles(SimulatedCloud):
    """A simulated cloud whose stacks have templates."""

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        """With the commit's template."""
        built = super().build(pipeline, commit, interruption)
        return replace(built, template=self.journal.put(TEMPLATES.get(commit, USUAL)))

    def inspect(self, pipeline: Pipeline, target: Target, revision: Revision) -> Snapshot:
        """With the template of what is applied."""
        found = super().inspect(pipeline, target, revision)
        if not found.exists:
            return found
        return replace(found, template=self.journal.put(TEMPLATES.get(self.target(target).applied, USUAL)))

    def stage(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Staged:
        """With a change set."""
        staged = super().stage(pipeline, target, revision, snapshot, key)
        if revision.commit not in TEMPLATES:
            return staged
        changes = (
            Change(action="Modify", logical_id="CastlesFunction", type="AWS::Lambda::Function"),
            Change(action="Modify", logical_id="CastlesRole", type="AWS::IAM::Role"),
            Change(action="Add", logical_id="CastlesFunctionVersion8f2ab1c3d4", type="AWS::Lambda::Version"),
        )
        return replace(staged, changes=changes)

    def restore(
        self,
        pipeline: Pipeline,
        target: Target,
        snapshot: Snapshot,
        staged: Staged | None,
        key: str,
        *,
        revision: Revision | None = None,
    ) -> tuple[Difference, ...]:
        """Back to the commit that was there."""
        before = replace(snapshot, template=snapshot.functions[0].code) if snapshot.exists else snapshot
        return super().restore(pipeline, target, before, staged, key, revision=revision)


def quarter(site: Site, pipelines: Sequence[Pipeline], now: float) -> None:
    """Three months of deliveries that get quicker, with some that harmed."""
    chance = random.Random(11)
    for pipeline in pipelines:
        for week in range(12, 0, -1):
            for number in range(chance.randint(1, 3)):
                at = now - week * 7 * DAY + number * 2.1 * DAY + chance.random() * DAY
                lead = (2 + week * chance.random()) * 3_600
                if chance.random() < 0.03 + 0.007 * week:
                    harmed(site, pipeline, f"{chance.getrandbits(48):012x}", at, chance.randint(20, 400))
                else:
                    delivered(site, pipeline, f"{chance.getrandbits(48):012x}", at, lead)


def opened(pipeline: Pipeline, commit: str, at: float, lead: float) -> e.ReleaseOpened:
    """The beginning of a release of a commit that was made `lead` seconds before its end."""
    who = ("ada", "grace", "linus", "barbara")[int(commit[:4], 16) % 4]
    return e.ReleaseOpened(
        at=at, pipeline=pipeline, commit=commit, subject="A change", by=who, committed_at=at - lead / 2
    )


def delivered(site: Site, pipeline: Pipeline, commit: str, at: float, lead: float) -> None:
    """A release that went everywhere and stayed."""
    release = site.journal.open(opened(pipeline, commit, at, lead))
    targets = pipeline.targets
    step = lead / 2 / len(targets)
    moves = [
        event
        for place, target in enumerate(targets)
        for event in (
            e.TrafficShifted(at=at + place * step, target=target.key, step=0, percent=100, since=at + place * step),
            e.TargetFinished(at=at + (place + 1) * step, target=target.key),
        )
    ]
    ended = e.ReleaseEnded(at=at + lead / 2, outcome=Outcome.SUCCEEDED)
    site.journal.append(release, 1, (*moves, ended))


def harmed(site: Site, pipeline: Pipeline, commit: str, at: float, bad: int) -> None:
    """A release whose first target showed that it harms."""
    release = site.journal.open(opened(pipeline, commit, at, 7_200))
    key = pipeline.targets[0].key
    failed = Evidence(
        function="*",
        metric="errors",
        verdict=Verdict.FAIL,
        canary_requests=20 * bad,
        canary_bad=bad,
        baseline_requests=200 * bad,
        baseline_bad=bad // 4,
    )
    judgement = Judgement(verdict=Verdict.FAIL, until=at + 300, reason="errors on the canary", evidence=(failed,))
    site.journal.append(
        release,
        1,
        (
            e.TrafficShifted(at=at + 60, target=key, step=0, percent=10, since=at + 55),
            e.TargetJudged(at=at + 300, target=key, judgement=judgement),
            e.RollbackBegan(at=at + 301, cause="judged", reason="errors on the canary", target=key),
            e.TrafficRestored(at=at + 305, target=key),
            e.ReleaseEnded(at=at + 340, outcome=Outcome.ROLLED_BACK),
        ),
    )


def boxes(now: float) -> Iterator[Lease]:
    """Some sandboxes."""
    for name, owner, branch, age, left, hourly in (
        ("sandcastles-moats--3f9a21", "ada", "moats", 5 * 3_600, 2.4 * 3_600, 0.0162),
        ("sandcastles-drawbridge--b1c07e", "grace", "drawbridge", 1_900, 12_500, 0.0162),
        ("ferry-dogs--09ad44", "barbara", "dogs", 3 * DAY, -3_600, 0.0411),
        ("tides-main--77e0b2", "build", "main", 240, 3_300, None),
    ):
        place = Target(account="333333333333", region="eu-west-1", stack=name)
        yield Lease(
            target=place,
            application=name.partition("-")[0],
            owner=owner,
            branch=branch,
            commit="7d3e5a90b1cc21",
            fresh=branch == "main",
            state=State.COMING if age < 300 else State.UP,
            created=now - age,
            used=now - age / 4,
            expires=now + left,
            hourly=hourly,
            unpriced=("AWS::AppSync::GraphQLApi",) if hourly is None else (),
        )
