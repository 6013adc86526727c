"""The way back, from wherever a release has got to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import pytest

from shoreward.domain import Revision, Snapshot, Staged, Terminal

from .support import Bench, Crash, code_digest, impossible, says, table

T = TypeVar("T")


def staged_release(bench: Bench, code: str = "two") -> tuple[Revision, Snapshot, Staged]:
    """A release of a second revision, whose versions are published."""
    revision = bench.revision(says(code))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    return revision, snapshot, staged


def nothing_more(bench: Bench, revision: Revision, staged: Staged) -> None:
    """Staged only."""


def shifted(bench: Bench, revision: Revision, staged: Staged) -> None:
    """In mid-shift."""
    bench.adapters.traffic.shift(bench.target, staged.functions, 30.0, 0.0)


def all_moved(bench: Bench, revision: Revision, staged: Staged) -> None:
    """All traffic moved, the stack's template not yet."""
    bench.adapters.traffic.shift(bench.target, staged.functions, 100.0, 0.0)


def finished(bench: Bench, revision: Revision, staged: Staged) -> None:
    """Finished."""
    all_moved(bench, revision, staged)
    bench.adapters.stacks.finish(bench.pipeline, bench.target, revision, staged, "r2/finish")


def taken_back(bench: Bench, revision: Revision, staged: Staged) -> None:
    """Finished, then the aliases put back, as a rollback begins."""
    finished(bench, revision, staged)
    bench.adapters.traffic.restore(bench.target, staged.functions)


def staged_elsewhere(bench: Bench, revision: Revision, staged: Staged) -> None:
    """With a change set of ours that was made and never executed."""
    shifted(bench, revision, staged)
    template = bench.cloudformation.get_template(StackName=bench.stack)["TemplateBody"]
    template["Resources"]["Left"] = {"Type": "AWS::SQS::Queue"}
    bench.cloudformation.create_change_set(
        StackName=bench.stack,
        ChangeSetName="shoreward-left",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM"],
    )


POINTS = [nothing_more, shifted, all_moved, finished, taken_back, staged_elsewhere]


def assert_back(bench: Bench) -> None:
    """The stack is as it was: same code, no weights, no drift, nothing left over."""
    version, weights = bench.alias()
    about = bench.lambda_.get_function_configuration(FunctionName=bench.name_of(), Qualifier=version)
    assert (about["CodeSha256"], weights) == (code_digest(says("one")), {})
    assert bench.says() == {"one"}
    assert (bench.drift(), bench.change_sets()) == ("IN_SYNC", [])


@pytest.mark.parametrize("reach", POINTS)
def test_a_stack_comes_back_from_any_point_and_stays_back(
    bench: Bench, reach: Callable[[Bench, Revision, Staged], None]
) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision, snapshot, staged = staged_release(bench)
    reach(bench, revision, staged)
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert_back(bench)
    alias = bench.alias()
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert bench.alias() == alias
    assert_back(bench)


def test_the_same_revision_can_be_released_after_it_was_taken_back(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision, snapshot, staged = staged_release(bench)
    finished(bench, revision, staged)
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    bench.release(revision, "r3")
    assert (bench.says(), bench.drift()) == ({"two"}, "IN_SYNC")


def test_configuration_comes_back_with_code_that_did_not_change(bench: Bench) -> None:
    bench.release(bench.revision(says("one"), memory=128), "r1")
    revision, snapshot, staged = staged_release(bench, "two")
    finished(bench, revision, staged)
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    about = bench.lambda_.get_function_configuration(FunctionName=bench.name_of(), Qualifier="live")
    assert about["MemorySize"] == 128


def test_a_first_deployment_is_deleted_with_the_logs_of_its_functions(bench: Bench) -> None:
    revision = bench.revision(says("one"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r1/stage")
    logs = bench.account.client("logs", bench.region)
    group = f"/aws/lambda/{staged.functions[0].name}"
    bench.says()
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
    for _ in range(2):
        bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r1/restore")
        assert bench.status() is None
        assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []


def test_a_first_deployment_that_failed_is_cleared_away(bench: Bench) -> None:
    revision = bench.revision(says("one"), extra={"Bad": impossible()})
    with pytest.raises(Terminal, match="Bad"):
        bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, Snapshot(exists=False), "r1/stage")
    bench.adapters.stacks.restore(bench.pipeline, bench.target, Snapshot(exists=False), None, "r1/restore")
    assert bench.status() is None


def test_a_hidden_parameter_keeps_its_value(bench: Bench) -> None:
    secret = {"Word": {"Type": "String", "NoEcho": True}}
    bench.parameters = (("Word", "tide"),)
    queue = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Word"}, "Name": "/w"}}
    bench.release(bench.revision(says("one"), parameters=secret, extra={"Held": queue}), "r1")
    revision = bench.revision(says("two"), parameters=secret, extra={"Held": queue})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    assert snapshot.parameters == (("Word", "****"),)
    staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert bench.account.client("ssm", bench.region).get_parameter(Name="/w")["Parameter"]["Value"] == "tide"
    assert_back(bench)


def test_what_the_release_added_goes_and_what_was_there_stays(bench: Bench) -> None:
    bench.release(bench.revision(says("one"), extra={"Orders": table("orders")}), "r1")
    revision = bench.revision(says("two"), extra={"Orders": table("orders"), "Jobs": {"Type": "AWS::SQS::Queue"}})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    assert bench.account.client("sqs", bench.region).list_queues().get("QueueUrls")
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert not bench.account.client("sqs", bench.region).list_queues().get("QueueUrls")
    assert bench.account.client("dynamodb", bench.region).list_tables()["TableNames"] == ["orders"]
    assert_back(bench)


def test_a_finish_that_comes_after_the_rollback_moves_nobody(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision, snapshot, staged = staged_release(bench)
    all_moved(bench, revision, staged)
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    with pytest.raises(Terminal) as late:
        bench.adapters.stacks.finish(bench.pipeline, bench.target, revision, staged, "r2/finish")
    assert late.value.code == "ALIAS_MOVED"
    assert_back(bench)


def test_a_finish_waits_while_lambda_is_still_moving_the_alias(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision, _, staged = staged_release(bench)
    all_moved(bench, revision, staged)
    name, looks = bench.name_of(), [0]
    bench.lambda_.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 1.0}})

    def arrive(**_: object) -> None:
        looks[0] += 1
        if looks[0] == 3:
            bench.lambda_.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})

    bench.session.events.register("before-call.lambda.GetAlias", arrive)
    bench.adapters = bench.connected()
    bench.adapters.stacks.finish(bench.pipeline, bench.target, revision, staged, "r2/finish")
    assert (bench.says(), bench.drift()) == ({"two"}, "IN_SYNC")


def test_a_stage_that_comes_after_the_finish_moves_nobody(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision, snapshot, staged = staged_release(bench)
    finished(bench, revision, staged)
    with pytest.raises(Terminal) as late:
        bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    assert late.value.code == "ALIAS_MOVED"
    assert (bench.says(), bench.change_sets()) == ({"two"}, [])


def test_a_crash_before_any_call_of_any_effect_is_harmless(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"))
    pipeline, target = bench.pipeline, bench.target
    snapshot = bench.adapters.stacks.inspect(pipeline, target, revision)
    staged = _crashing(bench, lambda: bench.adapters.stacks.stage(pipeline, target, revision, snapshot, "r2/stage"))
    assert [(one.baseline, one.candidate) for one in staged.functions] == [("1", "2")]
    _crashing(bench, lambda: bench.adapters.traffic.shift(target, staged.functions, 100.0, 0.0))
    assert bench.alias() == ("2", {})
    _crashing(bench, lambda: bench.adapters.stacks.finish(pipeline, target, revision, staged, "r2/finish"))
    assert (bench.says(), bench.drift(), bench.change_sets()) == ({"two"}, "IN_SYNC", [])
    _crashing(bench, lambda: bench.adapters.traffic.restore(target, staged.functions))
    assert bench.says() == {"one"}
    _crashing(bench, lambda: bench.adapters.stacks.restore(pipeline, target, snapshot, staged, "r2/restore"))
    assert_back(bench)


def test_a_crash_before_any_call_of_a_first_deployment_is_harmless(bench: Bench) -> None:
    revision = bench.revision(says("one"))
    nothing = Snapshot(exists=False)
    pipeline, target = bench.pipeline, bench.target
    staged = _crashing(bench, lambda: bench.adapters.stacks.stage(pipeline, target, revision, nothing, "r1/stage"))
    assert bench.says() == {"one"}
    _crashing(bench, lambda: bench.adapters.stacks.restore(pipeline, target, nothing, staged, "r1/restore"))
    assert bench.status() is None


def test_a_restore_in_the_middle_of_an_update_waits_for_it(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    with pytest.raises(Crash), bench.crashing_after("cloudformation:ExecuteChangeSet"):
        bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, None, "r2/restore")
    assert_back(bench)


def test_a_way_back_that_cloudformation_cannot_go_still_spares_the_customers(bench: Bench) -> None:
    one = bench.revision(says("one"))
    bench.release(one, "r1")
    revision, snapshot, staged = staged_release(bench)
    finished(bench, revision, staged)
    s3, artifact = bench.account.client("s3", bench.region), one.artifacts[0]
    bucket = f"shoreward-{bench.account.account_id}-{bench.region}"
    s3.delete_object(Bucket=bucket, Key=artifact.key)
    here = bench.store.lose(artifact.digest)
    with pytest.raises(Terminal) as failed:
        bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert (failed.value.code, "Hello (AWS::Lambda::Function)" in failed.value.what) == ("ARTIFACT_GONE", True)
    assert bench.says() == {"one"}
    s3.put_object(Bucket=bucket, Key=artifact.key, Body=here)
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert_back(bench)


def test_a_version_stranded_by_a_failure_is_removed(bench: Bench) -> None:
    two = stranded(bench)
    bench.release(two, "r2")
    assert (published(bench), bench.alias(), bench.drift()) == (["1", "3"], ("3", {}), "IN_SYNC")


def test_a_version_that_an_alias_knows_is_not_taken_for_stranded(bench: Bench) -> None:
    two = stranded(bench)
    bench.lambda_.create_alias(FunctionName=bench.name_of(), Name="preview", FunctionVersion="2")
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, two)
    with pytest.raises(Terminal, match="version for this Lambda function exists"):
        bench.adapters.stacks.stage(bench.pipeline, bench.target, two, snapshot, "r2/stage")
    assert published(bench) == ["1", "2"]
    assert_back(bench)


def stranded(bench: Bench) -> Revision:
    """A second revision whose code is the newest version already, though no stack knows it."""
    one, two = bench.revision(says("one")), bench.revision(says("two"))
    bench.release(one, "r1")
    for revision, publish in ((two, True), (one, False)):
        code = bench.store.get(revision.artifacts[0].digest)
        bench.lambda_.update_function_code(FunctionName=bench.name_of(), ZipFile=code, Publish=publish)
    return two


def published(bench: Bench) -> list[str]:
    found = bench.lambda_.list_versions_by_function(FunctionName=bench.name_of())["Versions"]
    return [one["Version"] for one in found if one["Version"] != "$LATEST"]


def test_code_that_a_failed_update_published_can_be_published_again(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    good = bench.revision(says("two"))
    broken = bench.revision(says("two"), extra={"Bad": impossible(after=good.functions[0].version_id)})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, broken)
    with pytest.raises(Terminal, match="Bad"):
        bench.adapters.stacks.stage(bench.pipeline, bench.target, broken, snapshot, "r2/stage")
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, None, "r2/restore")
    assert_back(bench)
    bench.release(good, "r3")
    assert (bench.says(), bench.drift()) == ({"two"}, "IN_SYNC")


def _crashing(bench: Bench, perform: Callable[[], T]) -> T:
    """Perform with a crash before the first call, then before the second, and so on until it goes through."""
    for number in range(1, 200):
        try:
            with bench.crashing_at(number):
                return perform()
        except Crash:
            assert number < 100
    raise AssertionError("it never goes through")
