"""Whoever calls a function by its name meets its new version when traffic is shifted to it, and not before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from shoreward.app.ports import Stream
from shoreward.app.world import World
from shoreward.bootstrap import open_project
from shoreward.domain import Pipeline, Staged, Target
from shoreward.testing.cloud import archive

from .support import REGION, Foreign, eventually


@pytest.fixture
def ferry(foreign: Callable[[str], Foreign]) -> Foreign:
    """An application whose callers name the function and not its alias."""
    return foreign("ferry")


def by_variable(ferry: Foreign) -> str:
    answer = ferry.client("lambda").invoke(FunctionName=ferry.outputs["Desk"], Qualifier="live")
    return json.load(answer["Payload"])["edition"]


def by_state_machine(ferry: Foreign) -> str:
    client = ferry.client("stepfunctions")
    arn = client.start_execution(stateMachineArn=ferry.outputs["Crossing"])["executionArn"]

    def ended() -> str:
        found = client.describe_execution(executionArn=arn)
        return "" if found["status"] == "RUNNING" else found.get("output", found["status"])

    return json.loads(eventually(ended))["edition"]


def by_integration(ferry: Foreign) -> str:
    with urlopen(ferry.outputs["PierApi"]) as answer:
        return json.load(answer)["edition"]


WAYS = (by_variable, by_state_machine, by_integration)


def heard(ferry: Foreign, times: int = 4) -> set[str]:
    """What all callers are told."""
    return {way(ferry) for way in WAYS for _ in range(times)}


class Steps:
    """A release of the last commit, step by step and without a judge."""

    def __init__(self, ferry: Foreign) -> None:
        project = open_project(ferry.root)
        self.world: World = project.world()
        self.pipeline: Pipeline = project.pipeline()
        self.target: Target = self.pipeline.targets[0]
        self.revision = self.world.builder.build(self.pipeline, "HEAD")
        self.before = self.world.stacks.inspect(self.pipeline, self.target, self.revision)

    def stage(self) -> Staged:
        return self.world.stacks.stage(self.pipeline, self.target, self.revision, self.before, "stage")

    def shift(self, staged: Staged, percent: float, expected: float) -> None:
        self.world.traffic.shift(self.target, staged.functions, percent, expected)

    def restore(self, staged: Staged) -> None:
        self.world.stacks.restore(self.pipeline, self.target, self.before, staged, "restore")

    def counted(self, staged: Staged, since: float) -> dict[str, float]:
        """Requests to the tolls by what answered them."""
        [tolls] = [one for one in staged.functions if one.logical_id == "Tolls"]
        streams = {
            "old": Stream(tolls.name, tolls.alias, tolls.baseline or ""),
            "new": Stream(tolls.name, tolls.alias, tolls.candidate),
        }
        counts = self.world.metrics.counts(
            self.target, [*streams.values()], start=int(since), end=int(time.time()) + 2, period=1
        )
        return {name: float(counts[stream].requests.sum()) for name, stream in streams.items()}


def test_a_caller_by_name_meets_new_code_when_it_is_shifted_and_not_before(ferry: Foreign) -> None:
    # Given an application in production, and new code of the function that everybody calls
    ferry.adopt()
    ferry.release()
    assert heard(ferry) == {"first"}
    ferry.change("tolls/app.py")

    # When it is staged, then nobody meets it
    steps = Steps(ferry)
    staged = steps.stage()
    assert heard(ferry) == {"first"}

    # When it has a part of the traffic, then callers are a part of that, and the judge sees them
    began = time.time()
    steps.shift(staged, 50, 0)
    eventually(lambda: heard(ferry) == {"first", "second"})
    counted = steps.counted(staged, began)
    assert min(counted.values()) > 0

    # When it has all of it, then it serves all callers
    steps.shift(staged, 100, 50)
    assert heard(ferry) == {"second"}

    # When traffic goes back, then all callers are back at once, before any stack is touched, and after it
    steps.world.traffic.restore(steps.target, staged.functions)
    assert heard(ferry) == {"first"}
    steps.restore(staged)
    assert heard(ferry) == {"first"}
    assert ferry.drift() == "IN_SYNC"


def test_callers_that_passed_an_alias_by_are_pointed_to_it_while_it_stays_where_it_is(ferry: Foreign) -> None:
    # Given callers that a release left as they were, because a person had written the alias into the template
    template = ferry.root / "template.yaml"
    text = template.read_text()
    template.write_text(text.replace("Handler: app.handler", "Handler: app.handler\n    AutoPublishAlias: live"))
    ferry.commit("With aliases")
    ferry.adopt()
    ferry.release()
    assert heard(ferry) == {"first"}

    # When the next one, with new code, is to add the alias itself
    template.write_text(text)
    ferry.change("tolls/app.py")
    Steps(ferry).stage()

    # Then callers are at the alias, which serves the code that served before; only the old version of a function
    # that calls another one still has its old variables
    assert {way(ferry) for way in (by_state_machine, by_integration) for _ in range(4)} == {"first"}
    assert by_variable(ferry) == "second"


def test_what_the_plan_says_of_callers(ferry: Foreign) -> None:
    ferry.adopt()
    said = ferry.shoreward("plan", "-C", str(ferry.root))
    lines = (ferry.root / "template.yaml").read_text().splitlines()
    for caller, written in {
        "Desk": "TOLLS: !Ref Tolls",
        "Crossing": "TollsArn: !GetAtt Tolls.Arn",
        "PierTolls": "IntegrationUri:",
    }.items():
        [line] = [number for number, text in enumerate(lines, 1) if written in text]
        assert f"{caller} calls the alias of Tolls instead of Tolls itself." in said
        assert f"template.yaml:{line}" in said


def deploy_as_sam_does(ferry: Foreign) -> None:
    """The application as it was before Shoreward: functions without aliases."""
    s3, cloudformation = ferry.client("s3"), ferry.client("cloudformation")
    s3.create_bucket(Bucket="sam", CreateBucketConfiguration={"LocationConstraint": REGION})
    text = (ferry.root / "template.yaml").read_text()
    for folder in ("tolls", "desk"):
        code = archive({"app.py": Path(ferry.root, folder, "app.py").read_text()})
        s3.put_object(Bucket="sam", Key=f"{folder}.zip", Body=code)
        text = text.replace(f"CodeUri: {folder}\n", f"CodeUri: s3://sam/{folder}.zip\n")
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    cloudformation.create_stack(StackName=ferry.name, TemplateBody=text, Capabilities=capabilities)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=ferry.name, WaiterConfig={"Delay": 0.05})


def test_a_stack_that_exists_without_aliases_is_taken_over_with_its_callers_and_given_back(ferry: Foreign) -> None:
    # Given a stack that somebody deployed without Shoreward
    deploy_as_sam_does(ferry)
    name = ferry.client("cloudformation").describe_stack_resource(StackName=ferry.name, LogicalResourceId="Desk")
    desk = name["StackResourceDetail"]["PhysicalResourceId"]
    ferry.adopt()

    # When Shoreward releases it for the first time
    ferry.release()

    # Then every caller finds its way, through an alias that was not there
    assert heard(ferry) == {"first"}
    assert len(ferry.serving()) == 2
    assert ferry.drift() == "IN_SYNC"

    # And when that is taken back, callers call the function again
    ferry.roll_back()
    answer = ferry.client("lambda").invoke(FunctionName=desk)
    assert json.load(answer["Payload"])["edition"] == "first"
    assert by_state_machine(ferry) == by_integration(ferry) == "first"
    assert ferry.serving() == {}
