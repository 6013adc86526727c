"""Shifts: all of a target's functions together, over nobody's head."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from shoreward.cloud import EmbeddedCloud, FaultRule
from shoreward.domain import Staged, StagedFunction, Terminal

from .support import Bench, refusing, says

THREE = ("Hello", "Goodbye", "Again")


@pytest.fixture
def staged(bench: Bench) -> Staged:
    """Three functions, each with a version that serves and one that does not yet."""
    bench.release(bench.revision(says("one"), functions=THREE), "r1")
    revision = bench.revision(says("two"), functions=THREE)
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    return bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")


def aliases(bench: Bench, staged: Staged) -> set[tuple[str, tuple[tuple[str, float], ...]]]:
    """Where the aliases are: one element when they are together."""
    found = [bench.lambda_.get_alias(FunctionName=one.name, Name="live") for one in staged.functions]
    return {
        (one["FunctionVersion"], tuple(one.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}).items()))
        for one in found
    }


def test_traffic_moves_in_steps_and_all_functions_with_it(bench: Bench, staged: Staged) -> None:
    shift = bench.adapters.traffic.shift
    shift(bench.target, staged.functions, 0.5, 0.0)
    assert aliases(bench, staged) == {("1", (("2", 0.005),))}
    shift(bench.target, staged.functions, 50.0, 0.5)
    assert aliases(bench, staged) == {("1", (("2", 0.5),))}
    shift(bench.target, staged.functions, 100.0, 50.0)
    assert aliases(bench, staged) == {("2", ())}


def test_a_shift_repeated_does_nothing(bench: Bench, staged: Staged) -> None:
    bench.adapters.traffic.shift(bench.target, staged.functions, 10.0, 0.0)
    with bench.watched() as calls:
        bench.adapters.traffic.shift(bench.target, staged.functions, 10.0, 0.0)
    assert [call for call in calls if call.startswith("lambda:")] == ["lambda:GetAlias"] * 3


def test_a_shift_half_done_is_completed(bench: Bench, staged: Staged) -> None:
    bench.adapters.traffic.shift(bench.target, staged.functions[:1], 10.0, 0.0)
    bench.adapters.traffic.shift(bench.target, staged.functions, 10.0, 0.0)
    assert aliases(bench, staged) == {("1", (("2", 0.1),))}


def test_an_alias_moved_by_somebody_else_stops_the_shift_before_it_begins(bench: Bench, staged: Staged) -> None:
    somebody = staged.functions[1]
    bench.lambda_.update_alias(
        FunctionName=somebody.name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.7}}
    )
    with pytest.raises(Terminal) as moved:
        bench.adapters.traffic.shift(bench.target, staged.functions, 10.0, 0.0)
    assert (moved.value.code, somebody.name in moved.value.what) == ("ALIAS_MOVED", True)
    assert aliases(bench, staged) == {("1", ()), ("1", (("2", 0.7),))}


def test_an_alias_moved_between_look_and_move_is_noticed(bench: Bench, staged: Staged) -> None:
    one = staged.functions[0]

    def meanwhile(**_: Any) -> None:
        bench.session.events.unregister("before-call.lambda.UpdateAlias", meanwhile)
        bench.lambda_.update_alias(FunctionName=one.name, Name="live", FunctionVersion="2")

    bench.session.events.register("before-call.lambda.UpdateAlias", meanwhile)
    bench.adapters = bench.connected()
    with pytest.raises(Terminal) as moved:
        bench.adapters.traffic.shift(bench.target, [one], 10.0, 0.0)
    assert moved.value.code == "ALIAS_MOVED"
    assert bench.alias() == ("2", {})


def test_a_rollback_between_look_and_move_is_not_undone(bench: Bench, staged: Staged) -> None:
    one = staged.functions[0]
    other = bench.connected()

    def meanwhile(**_: Any) -> None:
        bench.session.events.unregister("before-call.lambda.UpdateAlias", meanwhile)
        other.traffic.restore(bench.target, [one])

    bench.session.events.register("before-call.lambda.UpdateAlias", meanwhile)
    bench.adapters = bench.connected()
    with pytest.raises(Terminal) as moved:
        bench.adapters.traffic.shift(bench.target, [one], 10.0, 0.0)
    assert moved.value.code == "ALIAS_MOVED"
    assert bench.alias() == ("1", {})


def test_an_alias_that_lambda_is_still_moving_counts_as_moved(bench: Bench, staged: Staged) -> None:
    one = staged.functions[0]
    bench.lambda_.update_alias(
        FunctionName=one.name, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {"1": 1.0}}
    )
    with bench.watched() as calls:
        bench.adapters.traffic.shift(bench.target, [one], 100.0, 50.0)
    assert "lambda:UpdateAlias" not in calls
    with pytest.raises(Terminal, match="expected 10 %"):
        bench.adapters.traffic.shift(bench.target, [one], 50.0, 10.0)


def test_versions_that_lambda_keeps_apart_are_told(bench: Bench, staged: Staged) -> None:
    said = b'{"Type": "User", "message": "Specified versions must be associated with the same execution role"}'
    bench.session.events.register_first(
        "before-send.lambda.UpdateAlias", refusing("InvalidParameterValueException", 400, said)
    )
    bench.adapters = bench.connected()
    with pytest.raises(Terminal, match="execution role") as refused:
        bench.adapters.traffic.shift(bench.target, staged.functions[:1], 10.0, 0.0)
    assert refused.value.code == "TRAFFIC_INDIVISIBLE"


def test_functions_that_had_moved_go_back_when_another_cannot(bench: Bench, staged: Staged) -> None:
    ghost = staged.functions[1]

    def vanish(params: dict[str, Any], **_: Any) -> None:
        if params["url_path"].split("/")[3] == ghost.name and params["body"]:
            bench.lambda_.delete_alias(FunctionName=ghost.name, Name="live")

    bench.session.events.register("before-call.lambda.UpdateAlias", vanish)
    bench.adapters = bench.connected()
    with pytest.raises(Terminal) as failed:
        bench.adapters.traffic.shift(bench.target, staged.functions, 10.0, 0.0)
    assert failed.value.code == "AWS_RESOURCE_NOT_FOUND"
    others = Staged(functions=(staged.functions[0], staged.functions[2]))
    assert aliases(bench, others) == {("1", ())}


@pytest.mark.parametrize("percent", [10.0, 100.0])
def test_restoring_takes_a_glance_and_one_call_per_function(bench: Bench, staged: Staged, percent: float) -> None:
    bench.adapters.traffic.shift(bench.target, staged.functions, percent, 0.0)
    with bench.watched() as calls:
        bench.adapters.traffic.restore(bench.target, staged.functions)
    made = Counter(call for call in calls if call.startswith("lambda:"))
    assert made == {"lambda:GetAlias": 3, "lambda:UpdateAlias": 3}
    assert aliases(bench, staged) == {("1", ())}
    bench.adapters.traffic.restore(bench.target, staged.functions)
    assert aliases(bench, staged) == {("1", ())}


def test_a_new_or_unchanged_function_is_left_alone(bench: Bench) -> None:
    new = StagedFunction(logical_id="New", name="new", alias="live", baseline=None, candidate="1")
    same = StagedFunction(logical_id="Same", name="same", alias="live", baseline="4", candidate="4")
    with bench.watched() as calls:
        bench.adapters.traffic.shift(bench.target, [new, same], 10.0, 0.0)
        bench.adapters.traffic.restore(bench.target, [new, same])
    assert calls == []


def test_a_move_whose_answer_was_lost_is_not_made_twice(
    bench: Bench, staged: Staged, embedded_cloud: EmbeddedCloud
) -> None:
    lost = FaultRule(
        kind="reset", service="lambda", operation="UpdateAlias", account=bench.account.account_id, after=True, times=3
    )
    embedded_cloud.faults.set([lost])
    try:
        bench.adapters.traffic.shift(bench.target, staged.functions, 10.0, 0.0)
    finally:
        embedded_cloud.faults.clear()
    assert aliases(bench, staged) == {("1", (("2", 0.1),))}
