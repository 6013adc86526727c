"""Releases on the embedded cloud, one effect after the other, so that a test can change the world between any two."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from botocore.exceptions import WaiterError
from numpy.typing import NDArray

from aws.support import Bench, code_digest, says
from shoreward.app.drift import Past
from shoreward.app.interruption import Interruption
from shoreward.app.people import levers
from shoreward.app.ports import Samples, Stream
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import Wish
from shoreward.app.standing import decision_of
from shoreward.app.surroundings import UNCONDITIONAL
from shoreward.app.words.story import tell
from shoreward.app.world import World
from shoreward.core import Blocker, Deployment, Phase, Release, decide
from shoreward.domain import Bake, JudgePolicy, Outcome, Pipeline, Probe, Revision, StagedFunction, Target, Wave
from shoreward.testing.builders import an_opening
from shoreward.testing.cloud import CloudAccount
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import state_of, step

NEAR, FAR = "us-east-1", "eu-west-1"
"""The regions: the first wave's, and the second's."""

NOTE = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)", "State": "DISABLED"}}
QUEUE = {"Type": "AWS::SQS::Queue"}
"""What somebody adds to the template: the one holds no data, the other does."""

ENOUGH = 120
"""Steps after which a release that has not come where it should is lost."""


@dataclass
class Yard:
    """Builds a commit: a function that says the commit's name."""

    bench: Bench
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        return replace(self.bench.revision(says(commit), extra=self.extra), commit=commit)


class Calm:
    """Customers come all the time, nothing fails, no alarm fires but those of `alarms`, and every version answers."""

    def __init__(self) -> None:
        self.alarms: dict[str, tuple[str, ...]] = {}

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        size = round((end - start) / period)
        many, none = np.full(size, 5_000.0), np.zeros(size)
        return {stream: Samples(requests=many, errors=none, throttles=none) for stream in streams}

    def latencies(self, *_: Any, **__: Any) -> Mapping[Stream, NDArray[np.float64]]:
        raise AssertionError("latency is not judged here")

    slower = latencies

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        return self.alarms.get(target.region, ())

    def probe(self, target: Target, function: StagedFunction, probe: Probe | None) -> str | None:
        return None


class Coast:
    """Two regions of one account, and the releases that go there."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.yard = Yard(bench)
        self.journal = MemoryJournal()
        self.accounts = {NEAR: bench.account, FAR: bench.account}
        self.time = SimulatedCloud()
        self.calm = Calm()
        self.pipeline = Pipeline(
            application="shop",
            template="template.yaml",
            waves=tuple(
                Wave(name=region, targets=(replace(bench.target, region=region),), steps=(10.0,), bake=Bake(minimum=30))
                for region in (NEAR, FAR)
            ),
            judge=JudgePolicy(interval=10, delay=5, promote_points=0.01, dispersion=1.0, latency=None, shared=False),
        )

    def settle_abroad(self, account: str) -> None:
        """The second region belongs to another account."""
        near, far = self.pipeline.waves
        role = f"arn:aws:iam::{account}:role/shoreward-shop-deploy"
        moved = replace(far, targets=tuple(replace(one, account=account, role=role) for one in far.targets))
        self.pipeline = replace(self.pipeline, waves=(near, moved))
        self.accounts[FAR] = CloudAccount(self.bench.account.endpoint, account)

    @property
    def world(self) -> World:
        adapters, calm = self.bench.adapters, self.calm
        return World(
            clock=self.time.clock,
            builder=self.yard,
            stacks=adapters.stacks,
            traffic=adapters.traffic,
            prober=calm,
            metrics=calm,
            alarms=calm,
            quarantine=Quarantine(self.journal),
            blobs=self.bench.store,
            artifacts=self.bench.store,
            drift=adapters.drift,
            past=Past(self.journal),
        )

    def open(self, commit: str, **pipeline: Any) -> str:
        """A release of a commit, of which nothing is done yet."""
        return self.journal.open(an_opening(commit, replace(self.pipeline, **pipeline), self.time.clock.now()))

    def sail(self, release: str, until: Callable[[Release], bool] = lambda state: False) -> Release:
        """Carry a release until it has ended, or until something holds of it, or it waits for a person."""
        for _ in range(ENOUGH):
            state = state_of(self.journal, release)
            if state.ended or until(state):
                return state
            again = step(self.journal, self.time, release, self.world)
            if again is None or again > self.time.clock.now():
                self.require_named(release)
            if again is None:
                return state_of(self.journal, release)
            self.time.clock.time = max(self.time.clock.time, again)
        raise AssertionError(self.told(release)[-6:])

    def require_named(self, release: str) -> None:
        """Nothing waits silently: `shoreward status` names what it is, and whether somebody has to do something."""
        state, now = state_of(self.journal, release), self.time.clock.now()
        if state.ended:
            return
        blockers = decision_of(self.journal, UNCONDITIONAL, state, now).blockers
        assert blockers, self.told(release)[-6:]
        assert all(blocker.what for blocker in blockers)
        stuck = [each.event for each in state.failures.values() if not each.event.retryable and not each.event.drift]
        held = [*state.holds.values(), *filter(None, [state.hold])]
        assert any(blocker.person for blocker in blockers) or not (stuck or held), blockers
        assert all(any(each.what in blocker.what for blocker in blockers) for each in stuck), (stuck, blockers)

    def baking(self, release: str, region: str = FAR) -> Release:
        """The release with a tenth of a region's traffic."""
        return self.sail(release, lambda state: at(state, region).phase is Phase.BAKING)

    def moved(self, release: str, region: str = FAR) -> Release:
        """The release with all of a region's traffic, and the stack still pinned."""
        return self.sail(release, lambda state: at(state, region).phase is Phase.MOVED)

    def abort(self, release: str) -> None:
        levers.abort(self.journal, release, self.wish)

    @property
    def wish(self) -> Wish:
        return Wish(by="Kim", why="I know", at=self.time.clock.now())

    def blockers(self, release: str) -> tuple[Blocker, ...]:
        return decide(state_of(self.journal, release), self.time.clock.now()).blockers

    def waits_for(self, release: str) -> str:
        """What `shoreward status` says that a release waits for."""
        return "; ".join(blocker.what for blocker in self.blockers(release))

    def told(self, release: str) -> list[str]:
        """What `shoreward why` says."""
        return [f"{line.target} {line.text}".strip() for line in tell(self.journal.events(release))]

    def said(self, release: str, words: str) -> bool:
        return any(words in line for line in self.told(release))

    # A person's hands

    def client(self, service: str, region: str = FAR) -> Any:
        return self.accounts[region].client(service, region)

    def name(self, region: str = FAR, logical_id: str = "Hello") -> str:
        client = self.client("cloudformation", region)
        detail = client.describe_stack_resource(StackName=self.bench.stack, LogicalResourceId=logical_id)
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def publish(self, word: str, region: str = FAR) -> str:
        """Another version, by hand; the function itself is what it was before."""
        lambda_, name = self.client("lambda", region), self.name(region)
        before = lambda_.get_function_configuration(FunctionName=name)["CodeSha256"]
        digest = self.bench.revision(says(word)).artifacts[0].digest
        answer = lambda_.update_function_code(FunctionName=name, ZipFile=self.bench.store.get(digest), Publish=True)
        for artifact in [code for code in self.bench.store.all() if digest_of(code) == before]:
            lambda_.update_function_code(FunctionName=name, ZipFile=artifact)
        return str(answer["Version"])

    def point(self, version: str, weights: Mapping[str, float] | None = None, region: str = FAR) -> None:
        """The alias somewhere else, by hand."""
        self.client("lambda", region).update_alias(
            FunctionName=self.name(region),
            Name="live",
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": dict(weights or {})},
        )

    def template(
        self,
        change: Callable[[dict[str, Any]], None],
        region: str = FAR,
        *,
        waits_for: str = "stack_update_complete",
        **options: Any,
    ) -> None:
        """Somebody else's template, applied properly."""
        client = self.client("cloudformation", region)
        body = json.loads(json.dumps(client.get_template(StackName=self.bench.stack)["TemplateBody"]))
        change(body)
        client.update_stack(
            StackName=self.bench.stack, TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"], **options
        )
        if waits_for:
            with suppress(WaiterError):
                client.get_waiter(waits_for).wait(
                    StackName=self.bench.stack, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
                )

    def await_status(self, status: str, region: str = FAR) -> None:
        for _ in range(200):
            if self.status(region) == status:
                return
            time.sleep(0.05)
        raise AssertionError(self.status(region))

    # Reality

    def alias(self, region: str = FAR) -> tuple[str, dict[str, float]]:
        found = self.client("lambda", region).get_alias(FunctionName=self.name(region), Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def serves(self, region: str = FAR) -> str:
        """The one word that all of a region's customers hear; "several" when traffic is split."""
        version, weights = self.alias(region)
        if weights:
            return "several"
        about = self.client("lambda", region).get_function_configuration(
            FunctionName=self.name(region), Qualifier=version
        )
        words = ("one", "two", "three", "mine")
        return next((word for word in words if code_digest(says(word)) == about["CodeSha256"]), "something else")

    def status(self, region: str = FAR) -> str:
        stacks = self.client("cloudformation", region).describe_stacks(StackName=self.bench.stack)["Stacks"]
        return str(stacks[0]["StackStatus"])


def at(state: Release, region: str) -> Deployment:
    """A release's deployment in a region."""
    return next(one for one in state.deployments.values() if one.target.region == region)


def digest_of(code: bytes) -> str:
    """What Lambda calls CodeSha256."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


__all__ = ["FAR", "NEAR", "Coast", "Outcome", "at"]
