"""What somebody changed in tables, queues and the like: CloudFormation detects it, while the release does its work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shoreward.adapters.aws.retry import Timing
from shoreward.app.drift import EVERY
from shoreward.app.people import levers
from shoreward.cloud import FaultRule
from shoreward.cloud.faults import Control
from shoreward.core import Phase, Release
from shoreward.domain import Outcome

from .support import FAR, Coast, at


def orders(seconds: int = 30) -> Mapping[str, Any]:
    """A queue of the application's own."""
    return {"Orders": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}}}


@pytest.fixture
def harbour(coast: Coast) -> Coast:
    """The same coast with a queue in each region, which a second release brought; `hour` is what time it is there."""
    coast.bench.retry = replace(coast.bench.retry, timing=Timing(clock=lambda: time.monotonic() + coast.bench.hour))
    coast.bench.adapters = coast.bench.connected()
    coast.yard.extra = orders()
    assert coast.sail(coast.open("two")).outcome is Outcome.SUCCEEDED
    return coast


def by_hand(coast: Coast, seconds: int = 77) -> None:
    """Somebody's other idea of how long a message is hidden."""
    address = coast.name(logical_id="Orders")
    coast.client("sqs").set_queue_attributes(QueueUrl=address, Attributes={"VisibilityTimeout": str(seconds)})


def resume(coast: Coast, release: str) -> None:
    levers.resume(coast.journal, release, coast.wish, target=at(coast.sail(release), FAR).target.key)


def serves_nobody(state: Release) -> bool:
    return at(state, FAR).phase is Phase.PROBED


TOLD = "Orders.VisibilityTimeout is 77, and was left as 30"


def test_what_changed_beside_functions_holds_a_target_before_its_first_customer(harbour: Coast) -> None:
    # Given a queue that somebody changed since the release before
    by_hand(harbour)

    # When a release that changes functions comes there, it is held with its versions ready, and nobody on them
    release = harbour.open("three")
    state = harbour.sail(release)
    assert (serves_nobody(state), harbour.serves()) == (True, "two")
    assert all(word in harbour.waits_for(release) for word in ("TARGET_DRIFTED", TOLD)), harbour.waits_for(release)

    # And a person's word lets it go on, which leaves the queue as they made it
    resume(harbour, release)
    assert harbour.sail(release).outcome is Outcome.SUCCEEDED
    address = harbour.name(logical_id="Orders")
    kept = harbour.client("sqs").get_queue_attributes(QueueUrl=address, AttributeNames=["VisibilityTimeout"])
    assert kept["Attributes"]["VisibilityTimeout"] == "77"

    # And it is told, and holds nobody again
    assert harbour.said(release, f"finished: stack and traffic agree; beside its functions: {TOLD}")
    assert harbour.sail(harbour.open("four")).outcome is Outcome.SUCCEEDED


def test_a_release_that_would_go_over_it_is_held_before_anything_is_touched(harbour: Coast) -> None:
    by_hand(harbour)
    harbour.yard.extra = orders(45)
    release = harbour.open("three")
    state = harbour.sail(release)
    assert at(state, FAR).phase is Phase.WAITING
    assert TOLD in harbour.waits_for(release)
    resume(harbour, release)
    assert harbour.sail(release).outcome is Outcome.SUCCEEDED


def test_what_changes_while_it_bakes_holds_the_target_before_it_is_finished(harbour: Coast) -> None:
    release = harbour.open("three")
    harbour.baking(release)
    by_hand(harbour)
    harbour.bench.hour += EVERY
    state = harbour.sail(release)
    assert (at(state, FAR).phase, harbour.serves()) == (Phase.MOVED, "three")
    assert TOLD in harbour.waits_for(release)
    resume(harbour, release)
    assert harbour.sail(release).outcome is Outcome.SUCCEEDED


def test_a_deleted_table_or_queue_is_told_as_such(harbour: Coast) -> None:
    harbour.client("sqs").delete_queue(QueueUrl=harbour.name(logical_id="Orders"))
    release = harbour.open("three")
    assert serves_nobody(harbour.sail(release))
    assert "Orders is deleted, and was left as there" in harbour.waits_for(release)


def test_what_a_pipeline_lets_differ_beside_functions_stops_nothing(harbour: Coast) -> None:
    by_hand(harbour)
    assert harbour.sail(harbour.open("three", allow_drift=("Orders",))).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("operation", ["DetectStackDrift", "DescribeStackDriftDetectionStatus"])
def test_a_detection_that_fails_is_told_and_never_taken_as_no_drift(
    harbour: Coast, faults: Control, operation: str
) -> None:
    # Given that nobody may ask for detection in a region where somebody changed a queue
    by_hand(harbour)
    faults.set([FaultRule(kind="denied", operation=operation, region=FAR)])

    # Then a release that changes functions goes on, for it goes over nothing, and says what nobody knows
    release = harbour.open("three")
    assert harbour.sail(release).outcome is Outcome.SUCCEEDED
    assert harbour.said(release, f"Stack.Resources is not to be known: cloudformation:{operation} is not allowed")

    # And one that changes the queue is held before it touches it
    harbour.yard.extra = orders(45)
    following = harbour.open("four")
    state = harbour.sail(following)
    assert at(state, FAR).phase is Phase.WAITING
    assert "Stack.Resources is not to be known" in harbour.waits_for(following)

    # And once it may look, it tells what it finds
    faults.clear()
    resume(harbour, following)
    harbour.sail(following)
    assert TOLD in harbour.waits_for(following)


def test_somebody_elses_detection_is_waited_for(harbour: Coast) -> None:
    by_hand(harbour)
    release = harbour.open("three")
    harbour.sail(release, serves_nobody)
    with suppress(ClientError):  # the release's own is under way
        harbour.client("cloudformation").detect_stack_drift(StackName=harbour.bench.stack)
    harbour.sail(release)
    assert TOLD in harbour.waits_for(release)
