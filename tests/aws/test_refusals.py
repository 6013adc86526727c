"""What cannot be done is said with a code, the place and what to do next, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from shoreward.domain import OperationError, Revision, Snapshot

from .support import Bench, impossible, says, table


@dataclass(frozen=True)
class Case:
    """A release that is refused: what is served before, what is tried, and what is said."""

    code: str
    words: str
    attempt: Callable[[Bench], object]


def staging(bench: Bench, revision: Revision, snapshot: Snapshot | None = None) -> object:
    stacks = bench.adapters.stacks
    seen = snapshot or stacks.inspect(bench.pipeline, bench.target, revision)
    return stacks.stage(bench.pipeline, bench.target, revision, seen, "r2/stage")


def without_a_parameter(bench: Bench) -> object:
    return staging(bench, bench.revision(says("two"), parameters={"Word": {"Type": "String"}}))


def with_a_template_beyond_all_limits(bench: Bench) -> object:
    queues = {f"Queue{n}": {"Type": "AWS::SQS::Queue", "Metadata": {"Why": "x" * 9_000}} for n in range(120)}
    return staging(bench, bench.revision(says("two"), extra=queues))


def with_a_resource_that_cannot_be_made(bench: Bench) -> object:
    return staging(bench, bench.revision(says("two"), extra={"Bad": impossible()}))


def without_the_table(bench: Bench) -> object:
    return staging(bench, bench.revision(says("two"), functions=("Hello",)))


def over_somebody_elses_shift(bench: Bench) -> object:
    name = bench.name_of()
    bench.lambda_.update_function_code(
        FunctionName=name, ZipFile=bench.store.get(bench.revision(says("x")).artifacts[0].digest), Publish=True
    )
    bench.lambda_.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.2}})
    return staging(bench, bench.revision(says("two"), extra={"Orders": table("orders")}))


def after_the_alias_was_moved(bench: Bench) -> object:
    revision = bench.revision(says("two"), extra={"Orders": table("orders")})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    digest = bench.revision(says("x")).artifacts[0].digest
    bench.lambda_.update_function_code(FunctionName=bench.name_of(), ZipFile=bench.store.get(digest), Publish=True)
    bench.lambda_.update_alias(FunctionName=bench.name_of(), Name="live", FunctionVersion="2")
    return staging(bench, revision, snapshot)


def onto_a_stack_that_appeared(bench: Bench) -> object:
    return staging(bench, bench.revision(says("two")), Snapshot(exists=False))


def onto_a_stack_that_is_gone(bench: Bench) -> object:
    revision = bench.revision(says("two"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    bench.cloudformation.delete_stack(StackName=bench.stack)
    return staging(bench, revision, snapshot)


CASES = [
    Case("PARAMETER_MISSING", "Word", without_a_parameter),
    Case("TEMPLATE_TOO_LARGE", "1,048,576", with_a_template_beyond_all_limits),
    Case("STACK_FAILED", "Bad (AWS::Lambda::Function)", with_a_resource_that_cannot_be_made),
    Case("STATEFUL_REPLACEMENT", "Orders (AWS::DynamoDB::Table) would be deleted", without_the_table),
    Case("ALIAS_BUSY", "splits its traffic", over_somebody_elses_shift),
    Case("ALIAS_MOVED", "should be at version 1 and is at version 2", after_the_alias_was_moved),
    Case("STACK_APPEARED", "Somebody created the stack", onto_a_stack_that_appeared),
    Case("STACK_GONE", "not there any more", onto_a_stack_that_is_gone),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.attempt.__name__)
def test_a_release_is_refused(bench: Bench, case: Case) -> None:
    extra = {} if case.code == "STACK_FAILED" else {"Orders": table("orders")}
    bench.release(bench.revision(says("one"), extra=extra), "r1")
    with pytest.raises(OperationError) as refused:
        case.attempt(bench)
    assert (refused.value.code, refused.value.where is not None) == (case.code, True)
    assert case.words in refused.value.what
    if bench.status() is not None:
        assert bench.change_sets() == []
