"""An alias that somebody else moved, and a version that somebody deleted, in mid-release and on the way back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from shoreward.app.people import levers
from shoreward.core import Phase, Release, Restored
from shoreward.domain import Outcome

from .support import FAR, NEAR, Coast, at


def to_a_third_version(coast: Coast) -> str:
    version = coast.publish("mine")
    coast.point(version)
    return f"version {version}"


def to_a_third_version_in_part(coast: Coast) -> str:
    coast.point(coast.alias()[0], {coast.publish("mine"): 0.25})
    return "version 1, 25.00% to version 3"


def to_more_of_the_canary(coast: Coast) -> str:
    coast.point("1", {"2": 0.77})
    return "version 1, 77.00% to version 2"


def to_nothing_of_the_canary(coast: Coast) -> str:
    coast.point("1")
    return "version 1"


def away(coast: Coast) -> str:
    coast.client("lambda").delete_alias(FunctionName=coast.name(), Name="live")
    return "deleted"


MOVES = [to_a_third_version, to_a_third_version_in_part, to_more_of_the_canary, to_nothing_of_the_canary, away]


@pytest.mark.parametrize("move", MOVES)
def test_an_alias_moved_in_mid_shift_sends_the_release_back_and_is_told(
    coast: Coast, move: Callable[[Coast], str]
) -> None:
    # Given a canary with a tenth of a region's traffic
    release = coast.open("two")
    coast.baking(release)

    # When somebody else moves the alias
    where = move(coast)

    # Then the next look finds it, the release goes back everywhere, and says where the alias was
    state = coast.sail(release)
    assert (state.outcome, coast.serves(NEAR), coast.serves(FAR)) == (Outcome.ERRORED, "one", "one")
    assert state.rollback is not None
    assert "ALIAS_MOVED" in state.rollback.reason
    assert f"Hello.alias live is {where}" in state.rollback.reason, state.rollback.reason


def test_an_alias_moved_on_the_way_back_is_moved_over_and_told(coast: Coast) -> None:
    # Given a release that a person takes back at the moment at which somebody else moves the alias
    release = coast.open("two")
    coast.baking(release)
    levers.abort(coast.journal, release, coast.wish)
    where = to_a_third_version(coast)

    # Then customers are back on what served before, and what was gone over is on record
    assert coast.sail(release).outcome is Outcome.ABORTED
    assert coast.serves() == "one"
    assert coast.said(release, f"somebody had changed it meanwhile: Hello.alias live is {where}")


def test_an_alias_moved_between_traffic_and_stack_is_told_as_well(coast: Coast) -> None:
    release = coast.open("two")
    coast.baking(release)
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, lambda state: at(state, FAR).restored is Restored.TRAFFIC)
    where = to_a_third_version(coast)
    assert coast.sail(release).outcome is Outcome.ABORTED
    assert coast.serves() == "one"
    told = f"stack is back at what it was; somebody had changed it meanwhile: Hello.alias live is {where}"
    assert coast.said(release, told)


def test_a_deleted_alias_serves_again_before_the_stack_is_back(coast: Coast) -> None:
    # Given a region whose alias somebody deleted under the canary
    release = coast.open("two")
    coast.baking(release)
    away(coast)

    # When the release goes back
    with coast.bench.watched() as calls:
        state = coast.sail(release)

    # Then the alias is made again before CloudFormation is asked for anything there
    assert (state.ended, coast.serves()) == (True, "one")
    made = calls.index("lambda:CreateAlias")
    assert "cloudformation:ExecuteChangeSet" not in calls[:made]


def test_a_candidate_that_was_deleted_before_it_had_traffic_sends_the_release_back(coast: Coast) -> None:
    release = coast.open("two")
    coast.sail(release, lambda state: at(state, FAR).staged is not None)
    coast.client("lambda").delete_function(FunctionName=coast.name(), Qualifier="2")
    state = coast.sail(release)
    assert (state.outcome, coast.serves(NEAR), coast.serves(FAR)) == (Outcome.ERRORED, "one", "one")
    assert state.rollback is not None
    assert "2" in state.rollback.reason


def test_a_version_with_traffic_cannot_be_deleted(coast: Coast) -> None:
    coast.baking(coast.open("two"))
    for version in ("1", "2"):
        with pytest.raises(ClientError, match="referenced by an alias"):
            coast.client("lambda").delete_function(FunctionName=coast.name(), Qualifier=version)


def test_a_baseline_that_was_deleted_is_published_again_from_its_code(coast: Coast) -> None:
    # Given a release with all of a region's traffic, whose baseline somebody deleted, with its code in the bucket
    release = coast.open("two")
    coast.moved(release)
    coast.client("lambda").delete_function(FunctionName=coast.name(), Qualifier="1")
    bucket = f"shoreward-{coast.bench.account.account_id}-{FAR}"
    s3 = coast.client("s3")
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=one["Key"])

    # When a person takes it back
    levers.abort(coast.journal, release, coast.wish)
    state = coast.sail(release)

    # Then the earlier code serves, under another number
    assert (state.outcome, coast.serves(NEAR), coast.serves(FAR)) == (Outcome.ABORTED, "one", "one")
    assert int(coast.alias()[0]) > 2
    assert coast.sail(coast.open("three")).outcome is Outcome.SUCCEEDED


def test_a_baseline_whose_code_is_nowhere_waits_for_a_person_and_heals_when_it_is_back(coast: Coast) -> None:
    # Given that neither the version, nor the bucket, nor this machine has the code that served before
    release = coast.open("two")
    coast.moved(release)
    coast.client("lambda").delete_function(FunctionName=coast.name(), Qualifier="1")
    artifact = coast.yard.build(coast.pipeline, "one").artifacts[0]
    bucket, s3 = f"shoreward-{coast.bench.account.account_id}-{FAR}", coast.client("s3")
    s3.delete_object(Bucket=bucket, Key=artifact.key)
    held = coast.bench.store.lose(artifact.digest)

    # When the release goes back, the other region is back, and what is missed here is named with what to do
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, lambda state: any(failure.attempts > 1 for failure in state.failures.values()))
    assert coast.serves(NEAR) == "one"
    assert artifact.digest in coast.waits_for(release), coast.waits_for(release)

    # And once somebody has put it back, the release comes to its end by itself
    s3.put_object(Bucket=bucket, Key=artifact.key, Body=held)
    assert coast.sail(release).outcome is Outcome.ABORTED
    assert coast.serves() == "one"


def held(state: Release) -> bool:
    return state.hold is not None


def in_part_to_the_baseline(coast: Coast, region: str) -> None:
    coast.point("2", {"1": 0.4}, region=region)


def back_to_the_baseline(coast: Coast, region: str) -> None:
    coast.point("1", region=region)


def elsewhere(coast: Coast, region: str) -> None:
    coast.point(coast.publish("mine", region), region=region)


@pytest.mark.parametrize("move", [in_part_to_the_baseline, back_to_the_baseline, elsewhere])
def test_an_alias_moved_on_a_finished_target_holds_the_release_where_there_are_alarms(
    coast: Coast, move: Callable[[Coast, str], None]
) -> None:
    # Given a release that has finished its first region, and looks at its alarms
    release = coast.open("two", alarms=("errors",))
    coast.baking(release)

    # When somebody moves the alias there, the release is held with a tenth of the second region, and says why
    move(coast, NEAR)
    state = coast.sail(release, held)
    assert (at(state, NEAR).phase, at(state, FAR).phase) == (Phase.FINISHED, Phase.BAKING)
    waits = coast.waits_for(release)
    assert all(word in waits for word in ("TARGET_DRIFTED", "Hello.alias live is", "shoreward resume --why")), waits

    # And when it was moved back, and a person says so, the release goes on
    coast.point("2", region=NEAR)
    levers.resume(coast.journal, release, coast.wish)
    assert coast.sail(release).outcome is Outcome.SUCCEEDED


def test_an_alarm_counts_for_more_than_a_moved_alias(coast: Coast) -> None:
    # Given a release that is held, because somebody moved the alias of a finished target
    release = coast.open("two", alarms=("errors",))
    coast.baking(release)
    elsewhere(coast, NEAR)
    coast.sail(release, held)

    # When an alarm fires there, everything goes back, theirs included, and what it went over is told
    coast.calm.alarms[NEAR] = ("errors",)
    assert coast.sail(release).outcome is Outcome.ROLLED_BACK
    assert (coast.serves(NEAR), coast.serves()) == ("one", "one")
    assert coast.said(release, "somebody had changed it meanwhile: Hello.alias live is version 3")


def test_a_way_back_that_is_gone_twice_tells_of_nobody(coast: Coast) -> None:
    # Given a controller that ends between the way back of a stack and its record
    release = coast.open("two")
    state = coast.moved(release)
    deployment, adapters = at(state, FAR), coast.bench.adapters
    assert deployment.snapshot is not None
    assert deployment.staged is not None
    adapters.traffic.restore(deployment.target, deployment.staged.shifting)
    for _ in range(2):
        found = adapters.stacks.restore(
            coast.pipeline,
            deployment.target,
            deployment.snapshot,
            deployment.staged,
            "back",
            revision=state.revision,
        )
        assert found == ()
