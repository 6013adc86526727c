"""Stage, finish and preview: what they leave on a target."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shoreward.domain import Snapshot, Terminal
from shoreward.testing.cloud import archive

from .support import Bench, code_digest, impossible, says, table


def test_a_first_deployment_creates_the_stack_and_has_no_baseline(bench: Bench) -> None:
    revision = bench.revision(says("one"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    assert snapshot == Snapshot(exists=False)
    staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r1/stage")
    assert [(one.baseline, one.candidate, one.shifts) for one in staged.functions] == [(None, "1", False)]
    assert bench.says() == {"one"}
    bench.adapters.stacks.finish(bench.pipeline, bench.target, revision, staged, "r1/finish")
    assert (bench.status(), bench.drift()) == ("CREATE_COMPLETE", "IN_SYNC")


def test_staging_publishes_a_version_that_serves_nobody(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    assert [(one.version, one.code) for one in snapshot.functions] == [("1", code_digest(says("one")))]
    staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    assert [(one.baseline, one.candidate) for one in staged.functions] == [("1", "2")]
    assert bench.alias() == ("1", {})
    assert bench.says() == {"one"}


def test_code_that_came_into_the_bucket_after_the_upload_is_found_before_it_has_traffic(bench: Bench) -> None:
    # Given a revision whose artifact is in the bucket
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"))
    (artifact,) = revision.artifacts
    stacks, bucket = bench.adapters.stacks, f"shoreward-{bench.account.account_id}-{bench.region}"
    snapshot = stacks.inspect(bench.pipeline, bench.target, revision)
    bench.adapters.artifacts.upload(bench.target, bucket, revision.artifacts)
    # When somebody overwrites it before CloudFormation reads it
    evil = archive({"index.py": says("evil")})
    bench.account.client("s3", bench.region).put_object(Bucket=bucket, Key=artifact.key, Body=evil)
    with pytest.raises(Terminal) as refused:
        stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    # Then the release goes no further
    assert refused.value.code == "CODE_DIFFERS"
    assert bench.says() == {"one"}


def test_finishing_leaves_stack_and_reality_in_agreement(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    bench.release(bench.revision(says("two")), "r2")
    assert bench.says() == {"two"}
    assert (bench.alias(), bench.status(), bench.drift()) == (("2", {}), "UPDATE_COMPLETE", "IN_SYNC")


def test_a_function_that_the_release_does_not_change_does_not_shift(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("one"), extra={"Jobs": {"Type": "AWS::SQS::Queue"}})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    assert [(one.baseline, one.candidate, one.shifts) for one in staged.functions] == [("1", "1", False)]
    assert [one.logical_id for one in staged.changes if one.action == "Add"] == ["Jobs"]


def test_staging_twice_is_staging_once(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    stage = bench.adapters.stacks.stage
    first = stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    bench.adapters.traffic.shift(bench.target, first.functions, 30.0, 0.0)
    again = stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    assert again.functions == first.functions
    assert bench.alias() == ("1", {"2": 0.3})
    assert bench.change_sets() == []


def test_a_preview_changes_nothing(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"), extra={"Jobs": {"Type": "AWS::SQS::Queue"}})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    before = bench.cloudformation.describe_stacks(StackName=bench.stack)["Stacks"]
    staged = bench.adapters.stacks.preview(bench.pipeline, bench.target, revision, snapshot)
    assert ("Add", "Jobs") in [(one.action, one.logical_id) for one in staged.changes]
    assert [(one.baseline, one.candidate) for one in staged.functions] == [("1", "")]
    assert bench.cloudformation.describe_stacks(StackName=bench.stack)["Stacks"] == before
    assert bench.cloudformation.list_change_sets(StackName=bench.stack)["Summaries"] == [] or not bench.change_sets()


def test_a_preview_of_a_first_deployment_leaves_no_stack(bench: Bench) -> None:
    revision = bench.revision(says("one"))
    staged = bench.adapters.stacks.preview(bench.pipeline, bench.target, revision, Snapshot(exists=False))
    assert {one.action for one in staged.changes} == {"Add"}
    assert bench.status() is None


def test_the_revision_is_named_in_the_template_and_the_application_in_the_tags(bench: Bench) -> None:
    revision = bench.revision(says("one"))
    bench.release(revision, "r1")
    body: Any = bench.cloudformation.get_template(StackName=bench.stack, TemplateStage="Original")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    assert template["Metadata"]["Shoreward"]["Revision"] == revision.digest
    tags = bench.cloudformation.describe_stacks(StackName=bench.stack)["Stacks"][0]["Tags"]
    assert tags == [{"Key": "shoreward:application", "Value": "shop"}]


def test_a_template_too_large_for_a_request_goes_by_way_of_s3(bench: Bench) -> None:
    extra = {f"Queue{number}": {"Type": "AWS::SQS::Queue", "Metadata": {"Why": "x" * 6_000}} for number in range(10)}
    bench.release(bench.revision(says("one"), extra=extra), "r1")
    assert bench.says() == {"one"}


def test_parameters_reach_the_stack_and_undeclared_ones_do_not(bench: Bench) -> None:
    declared = {"Word": {"Type": "String"}, "Other": {"Type": "String", "Default": "x"}}
    bench.parameters = (("Unused", "1"), ("Word", "ahoy"))
    bench.release(bench.revision(says("one"), parameters=declared), "r1")
    found = bench.cloudformation.describe_stacks(StackName=bench.stack)["Stacks"][0]["Parameters"]
    assert {one["ParameterKey"]: one["ParameterValue"] for one in found} == {"Word": "ahoy", "Other": "x"}


def test_a_stack_whose_creation_failed_is_made_anew(bench: Bench) -> None:
    broken = bench.revision(says("one"), extra={"Bad": impossible()})
    nothing = Snapshot(exists=False)
    with pytest.raises(Terminal) as failed:
        bench.adapters.stacks.stage(bench.pipeline, bench.target, broken, nothing, "r1/stage")
    assert failed.value.code == "STACK_FAILED"
    assert "Bad (AWS::Lambda::Function)" in failed.value.what
    good = bench.revision(says("one"))
    assert bench.adapters.stacks.inspect(bench.pipeline, bench.target, good) == nothing
    bench.adapters.stacks.stage(bench.pipeline, bench.target, good, nothing, "r2/stage")
    assert (bench.status(), bench.says()) == ("CREATE_COMPLETE", {"one"})


def test_an_update_that_fails_leaves_the_stack_serving_and_can_be_released_again(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    broken = bench.revision(says("two"), extra={"Bad": impossible()})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, broken)
    with pytest.raises(Terminal) as failed:
        bench.adapters.stacks.stage(bench.pipeline, bench.target, broken, snapshot, "r2/stage")
    assert (failed.value.code, "Bad" in failed.value.what) == ("STACK_FAILED", True)
    assert (bench.status(), bench.says()) == ("UPDATE_ROLLBACK_COMPLETE", {"one"})
    bench.release(bench.revision(says("two")), "r3")
    assert (bench.says(), bench.drift()) == ({"two"}, "IN_SYNC")


def test_a_stateful_resource_is_neither_replaced_nor_deleted(bench: Bench) -> None:
    bench.release(bench.revision(says("one"), extra={"Orders": table("orders")}), "r1")
    revision = bench.revision(says("two"), extra={"Orders": table("orders-2", key="sku")})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    with pytest.raises(Terminal) as refused:
        bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    assert (refused.value.code, "Orders (AWS::DynamoDB::Table)" in refused.value.what) == ("STATEFUL_REPLACEMENT", True)
    gone = bench.revision(says("two"))
    with pytest.raises(Terminal, match="would be deleted"):
        bench.adapters.stacks.stage(bench.pipeline, bench.target, gone, snapshot, "r3/stage")
    assert (bench.change_sets(), bench.alias(), bench.status()) == ([], ("1", {}), "CREATE_COMPLETE")


def test_a_person_may_allow_a_replacement(bench: Bench) -> None:
    bench.release(bench.revision(says("one"), extra={"Orders": table("orders")}), "r1")
    revision = bench.revision(says("two"), extra={"Orders": table("orders-2", key="sku")})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    pipeline = replace(bench.pipeline, allow_replacement=("Orders",))
    staged = bench.adapters.stacks.stage(pipeline, bench.target, revision, snapshot, "r2/stage")
    assert ("Modify", "Orders", "True") in [(one.action, one.logical_id, one.replacement) for one in staged.changes]


def test_a_retained_resource_may_leave_the_stack(bench: Bench) -> None:
    bench.release(bench.revision(says("one"), extra={"Orders": {**table("orders"), "DeletionPolicy": "Retain"}}), "r1")
    bench.release(bench.revision(says("two")), "r2")
    names = bench.account.client("dynamodb", bench.region).list_tables()["TableNames"]
    assert (names, bench.says()) == (["orders"], {"two"})
