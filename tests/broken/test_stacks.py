"""Stacks in states that somebody else brought them to, or CloudFormation itself, at every moment of a release."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from shoreward.app.people import levers
from shoreward.core import Phase, Release
from shoreward.domain import Outcome

from .support import FAR, NEAR, NOTE, QUEUE, Coast, at

MISSING = "never-uploaded.zip"


def bucket(coast: Coast) -> str:
    return f"shoreward-{coast.accounts[FAR].account_id}-{FAR}"


def stick(coast: Coast, commit: str) -> str:
    """Somebody's update fails, and cannot be rolled back: the code of a commit is not in the bucket any more.

    Returns the key of that code.
    """
    s3, own = coast.client("s3"), coast.yard.build(coast.pipeline, commit).artifacts[0]
    other = coast.yard.build(coast.pipeline, "mine").artifacts[0]
    s3.put_object(Bucket=bucket(coast), Key=other.key, Body=coast.bench.store.get(other.digest))
    s3.delete_object(Bucket=bucket(coast), Key=own.key)

    def change(body: dict[str, Any]) -> None:
        function = body["Resources"]["Hello"]
        function["Properties"]["Code"]["S3Key"] = other.key
        properties = {**function["Properties"], "Code": {**function["Properties"]["Code"], "S3Key": MISSING}}
        body["Resources"]["Broken"] = {**function, "Properties": properties, "DependsOn": ["Hello"]}

    coast.template(change, waits_for="stack_rollback_complete")
    assert coast.status() == "UPDATE_ROLLBACK_FAILED"
    return own.key


def busy(coast: Coast) -> None:
    """Somebody's update that takes its time."""

    def change(body: dict[str, Any]) -> None:
        body["Resources"]["Handle"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
        waits = {"Handle": {"Ref": "Handle"}, "Timeout": "3600", "Count": 1}
        body["Resources"]["Wait"] = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": waits}

    coast.template(change, waits_for="")
    coast.bench.limit = 0.2
    coast.bench.adapters = coast.bench.connected()


def let_go(coast: Coast) -> None:
    """It fails, and CloudFormation rolls it back."""
    client = coast.client("cloudformation")
    handle = client.describe_stack_resource(StackName=coast.bench.stack, LogicalResourceId="Handle")
    signal = urlsplit(handle["StackResourceDetail"]["PhysicalResourceId"])
    body = json.dumps({"Status": "FAILURE", "UniqueId": "1", "Reason": "changed their mind", "Data": ""})
    connection = HTTPConnection(coast.bench.account.endpoint.removeprefix("http://"), timeout=30)
    connection.request("PUT", f"{signal.path}?{signal.query}", body)
    assert connection.getresponse().status == 200
    connection.close()
    coast.await_status("UPDATE_ROLLBACK_COMPLETE")
    coast.bench.limit = 60.0
    coast.bench.adapters = coast.bench.connected()


def failed(state: Release) -> bool:
    return bool(state.failures)


def failed_often(state: Release) -> bool:
    return any(failure.attempts > 10 for failure in state.failures.values())


def test_a_stuck_stack_is_held_before_it_is_touched_and_released_to_once_it_is_mended(coast: Coast) -> None:
    # Given somebody's update that neither went through nor back
    key = stick(coast, "one")
    release = coast.open("two")
    state = coast.sail(release)
    assert (at(state, FAR).phase, coast.serves(FAR)) == (Phase.WAITING, "one")
    waits = coast.waits_for(release)
    assert all(word in waits for word in ("TARGET_DRIFTED", "Stack.Status is UPDATE_ROLLBACK_FAILED", "NoSuchKey")), (
        waits
    )

    # When somebody continues the rollback, and lets the release look again
    code = coast.bench.store.get(key.removesuffix(".zip"))
    coast.client("s3").put_object(Bucket=bucket(coast), Key=key, Body=code)
    coast.client("cloudformation").continue_update_rollback(StackName=coast.bench.stack)
    coast.await_status("UPDATE_ROLLBACK_COMPLETE")
    levers.resume(coast.journal, release, coast.wish, target=at(state, FAR).target.key)

    # Then the release goes on
    assert (coast.sail(release).outcome, coast.serves(FAR)) == (Outcome.SUCCEEDED, "two")


def test_a_stack_that_got_stuck_under_a_canary_is_mended_by_the_release(coast: Coast) -> None:
    release = coast.open("two")
    coast.baking(release)
    stick(coast, "two")
    assert (coast.sail(release).outcome, coast.serves(FAR)) == (Outcome.SUCCEEDED, "two")
    assert coast.status() == "UPDATE_COMPLETE"


def test_a_stack_that_got_stuck_on_the_way_back_is_mended_by_the_release(coast: Coast) -> None:
    release = coast.open("two")
    coast.moved(release)
    stick(coast, "two")
    levers.abort(coast.journal, release, coast.wish)
    assert (coast.sail(release).outcome, coast.serves(FAR)) == (Outcome.ABORTED, "one")
    assert coast.status() == "UPDATE_COMPLETE"


def test_what_nobody_can_mend_is_named_with_the_command_that_skips_it(coast: Coast) -> None:
    # Given a stack that is stuck for code that nobody has any more
    release = coast.open("two")
    coast.moved(release)
    key = stick(coast, "two")
    coast.bench.store.lose(key.removesuffix(".zip"))

    # When the release goes back, customers are back first, and a person is told what to type
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, failed)
    assert coast.serves(FAR) == "one"
    waits = coast.waits_for(release)
    command = f"aws cloudformation continue-update-rollback --stack-name shop --region {FAR} --resources-to-skip Hello"
    assert (command in waits, coast.blockers(release)[0].person) == (True, True), waits

    # And once they have, the release ends by itself
    client = coast.client("cloudformation")
    client.continue_update_rollback(StackName=coast.bench.stack, ResourcesToSkip=["Hello"])
    assert (coast.sail(release).outcome, coast.serves(NEAR), coast.serves(FAR)) == (Outcome.ABORTED, "one", "one")


def test_somebody_elses_operation_is_waited_for_as_long_as_it_takes_and_named(coast: Coast) -> None:
    busy(coast)
    release = coast.open("two")
    state = coast.sail(release, failed_often)
    assert (at(state, FAR).phase, state.rollback) == (Phase.WAITING, None)
    assert "The stack is still in UPDATE_IN_PROGRESS" in coast.waits_for(release)
    let_go(coast)
    assert coast.sail(release).outcome is Outcome.SUCCEEDED


def test_customers_do_not_wait_for_somebody_elses_operation(coast: Coast) -> None:
    release = coast.open("two")
    coast.moved(release)
    busy(coast)
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, failed)
    assert coast.serves(FAR) == "one"
    assert "The stack is still in UPDATE_IN_PROGRESS" in coast.waits_for(release)
    let_go(coast)
    assert (coast.sail(release).outcome, coast.serves(FAR)) == (Outcome.ABORTED, "one")


def test_a_template_that_somebody_applied_in_mid_release_is_gone_over_on_the_way_back_and_told(coast: Coast) -> None:
    release = coast.open("two")
    coast.baking(release)
    coast.template(lambda body: body["Resources"].update(Theirs=NOTE))
    levers.abort(coast.journal, release, coast.wish)
    assert (coast.sail(release).outcome, coast.serves(FAR)) == (Outcome.ABORTED, "one")
    assert coast.said(release, "stack is back at what it was; somebody had changed it meanwhile: Theirs is added to it")


def test_data_that_somebody_added_in_mid_release_is_not_deleted_on_the_way_back(coast: Coast) -> None:
    # Given a queue that somebody added to the stack while the release was on it
    release = coast.open("two")
    coast.baking(release)
    coast.template(lambda body: body["Resources"].update(Theirs=QUEUE))

    # When the release goes back, customers are back, and a person is asked about the queue
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, failed)
    assert coast.serves(FAR) == "one"
    assert "Theirs (AWS::SQS::Queue) would be deleted" in coast.waits_for(release)

    # And once it is to be kept, the release ends, and the queue is there
    coast.template(lambda body: body["Resources"].update(Theirs={**QUEUE, "DeletionPolicy": "Retain"}))
    assert coast.sail(release).outcome is Outcome.ABORTED
    assert coast.client("sqs").list_queues()["QueueUrls"]


def test_a_stack_that_somebody_deleted_in_mid_release_is_told_and_waited_for_by_nobody(coast: Coast) -> None:
    release = coast.open("two")
    coast.baking(release)
    coast.client("cloudformation").delete_stack(StackName=coast.bench.stack)
    state = coast.sail(release)
    assert (state.outcome, coast.serves(NEAR)) == (Outcome.ERRORED, "one")
    assert coast.said(release, "Stack is deleted; it is not made again: release a commit to do so")


def review(coast: Coast, region: str) -> None:
    """Somebody's change set, which is to make the stack once it was looked at."""
    coast.client("cloudformation", region).create_change_set(
        StackName=coast.bench.stack,
        ChangeSetName="mine",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Theirs": QUEUE}}),
    )


def create(coast: Coast, region: str, *, good: bool, **options: Any) -> None:
    """Somebody's stack by the release's name."""
    resources: dict[str, Any] = {"Theirs": QUEUE}
    if not good:
        role = "arn:aws:iam::111111111111:role/nobody"
        code = {"S3Bucket": "nobodys-bucket", "S3Key": MISSING}
        properties = {"Handler": "i.h", "Runtime": "python3.11", "Role": role, "Code": code}
        resources["Broken"] = {"Type": "AWS::Lambda::Function", "Properties": properties}
    client = coast.client("cloudformation", region)
    client.create_stack(StackName=coast.bench.stack, TemplateBody=json.dumps({"Resources": resources}), **options)
    coast.await_status("CREATE_COMPLETE" if good else "CREATE_FAILED" if options else "ROLLBACK_COMPLETE", region)


def test_a_stack_that_somebody_has_under_review_is_left_to_them(shore: Coast) -> None:
    review(shore, FAR)
    release = shore.open("one")
    state = shore.sail(release)
    assert (state.outcome, shore.status()) == (Outcome.ERRORED, "REVIEW_IN_PROGRESS")
    assert state.rollback is not None
    assert all(word in state.rollback.reason for word in ("STACK_TAKEN", "delete-stack --stack-name shop"))
    assert shore.said(release, "which is left as it is")


def test_a_stack_whose_creation_somebody_left_unfinished_is_left_to_them(shore: Coast) -> None:
    create(shore, FAR, good=False, DisableRollback=True)
    release = shore.open("one")
    state = shore.sail(release)
    assert (state.outcome, shore.status()) == (Outcome.ERRORED, "CREATE_FAILED")
    assert state.rollback is not None
    assert "STACK_TAKEN" in state.rollback.reason


def test_a_stack_whose_creation_failed_is_made_anew(shore: Coast) -> None:
    create(shore, FAR, good=False)
    assert (shore.sail(shore.open("one")).outcome, shore.serves(FAR)) == (Outcome.SUCCEEDED, "one")


def test_a_stack_that_somebody_made_in_between_is_not_deleted_on_the_way_back(shore: Coast) -> None:
    release = shore.open("one")
    shore.sail(release, lambda state: at(state, FAR).phase is Phase.INSPECTED)
    create(shore, FAR, good=True)
    state = shore.sail(release)
    assert (state.outcome, shore.status()) == (Outcome.ERRORED, "CREATE_COMPLETE")
    assert shore.said(release, "a stack in CREATE_COMPLETE that somebody else made, which is left as it is")


def test_an_update_that_somebody_left_unfinished_is_sent_back_by_command(coast: Coast) -> None:
    release = coast.open("two")
    coast.moved(release)

    def change(body: dict[str, Any]) -> None:
        properties = {**body["Resources"]["Hello"]["Properties"]}
        properties["Code"] = {**properties["Code"], "S3Key": MISSING}
        body["Resources"]["Broken"] = {"Type": "AWS::Lambda::Function", "Properties": properties}

    coast.template(change, waits_for="", DisableRollback=True)
    coast.await_status("UPDATE_FAILED")
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, failed)
    assert coast.serves(FAR) == "one"
    assert f"aws cloudformation rollback-stack --stack-name shop --region {FAR}" in coast.waits_for(release)
    coast.client("cloudformation").rollback_stack(StackName=coast.bench.stack)
    assert (coast.sail(release).outcome, coast.serves(FAR)) == (Outcome.ABORTED, "one")


def keep_from_going(coast: Coast) -> None:
    """Somebody deletes the stack, but for a bucket that is not empty: it stays, in DELETE_FAILED."""
    s3 = coast.client("s3")
    s3.put_object(Bucket=coast.name(logical_id="Papers"), Key="letter", Body=b"Dear all")
    coast.client("cloudformation").delete_stack(StackName=coast.bench.stack)
    coast.await_status("DELETE_FAILED")


PAPERS = {"Papers": {"Type": "AWS::S3::Bucket"}}


def test_a_stack_whose_deletion_failed_is_held_before_it_is_touched(coast: Coast) -> None:
    coast.yard.extra = PAPERS
    coast.sail(coast.open("two"))
    keep_from_going(coast)
    release = coast.open("three")
    state = coast.sail(release)
    assert (at(state, FAR).phase, state.rollback) == (Phase.WAITING, None)
    waits = coast.waits_for(release)
    assert all(word in waits for word in ("TARGET_DRIFTED", "Stack.Status is DELETE_FAILED", "Papers")), waits


def test_a_stack_whose_deletion_failed_ends_it_by_command_and_keeps_what_it_held(coast: Coast) -> None:
    # Given a stack that somebody tried to delete under a release that has all of its traffic
    coast.yard.extra = PAPERS
    release = coast.open("two")
    coast.moved(release)
    keep_from_going(coast)

    # When the release goes back, the other region is back, and a person is told what to type
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, failed_often)
    assert coast.serves(NEAR) == "one"
    waits = coast.waits_for(release)
    command = f"aws cloudformation delete-stack --stack-name shop --region {FAR} --retain-resources Papers"
    assert (command in waits, any(one.person for one in coast.blockers(release))) == (True, True), waits

    # And when they have, the release ends, says so, and the bucket has all that it had
    bucket = coast.name(logical_id="Papers")
    coast.client("cloudformation").delete_stack(StackName=coast.bench.stack, RetainResources=["Papers"])
    assert coast.sail(release).outcome is Outcome.ABORTED
    assert coast.said(release, "Stack is deleted; it is not made again")
    assert coast.client("s3").get_object(Bucket=bucket, Key="letter")["Body"].read() == b"Dear all"
