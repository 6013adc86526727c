"""A release while AWS throttles, fails, hangs up and loses answers; and many at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from shoreward.cloud import EmbeddedCloud, FaultRule
from shoreward.domain import Retryable, Target

from .support import Bench, CloudAccount, Retry, says


@contextmanager
def troubled(cloud: EmbeddedCloud, account: str, rate: float, seed: int) -> Iterator[None]:
    """Part of all calls fails: throttled, with a 500, cut off, or done and the answer lost."""
    share = rate / 4
    cloud.faults.set(
        [
            FaultRule(kind="throttle", account=account, rate=share),
            FaultRule(kind="error", account=account, rate=share),
            FaultRule(kind="reset", account=account, rate=share),
            FaultRule(kind="error", status=503, account=account, rate=share, after=True),
        ],
        seed=seed,
    )
    try:
        yield
    finally:
        cloud.faults.clear()


@pytest.mark.parametrize("seed", range(3))
def test_a_release_and_its_way_back_go_through_when_a_fifth_of_all_calls_fails(
    bench: Bench, embedded_cloud: EmbeddedCloud, seed: int
) -> None:
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"))
    with troubled(embedded_cloud, bench.account.account_id, 0.2, seed):
        stacks, traffic = bench.adapters.stacks, bench.adapters.traffic
        snapshot = stacks.inspect(bench.pipeline, bench.target, revision)
        staged = stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
        traffic.shift(bench.target, staged.functions, 30.0, 0.0)
        traffic.shift(bench.target, staged.functions, 100.0, 30.0)
        stacks.finish(bench.pipeline, bench.target, revision, staged, "r2/finish")
        traffic.restore(bench.target, staged.functions)
        stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert (bench.says(), bench.drift(), bench.change_sets()) == ({"one"}, "IN_SYNC", [])


def test_a_first_deployment_and_its_end_go_through_when_a_fifth_of_all_calls_fails(
    bench: Bench, embedded_cloud: EmbeddedCloud
) -> None:
    revision = bench.revision(says("one"))
    with troubled(embedded_cloud, bench.account.account_id, 0.2, 7):
        stacks = bench.adapters.stacks
        snapshot = stacks.inspect(bench.pipeline, bench.target, revision)
        staged = stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r1/stage")
        stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r1/restore")
    assert bench.status() is None


def test_aws_out_of_reach_is_told_as_such_once_the_budget_is_spent(bench: Bench, embedded_cloud: EmbeddedCloud) -> None:
    bench.retry = Retry(budget=0.3)
    bench.adapters = bench.connected()
    with troubled(embedded_cloud, bench.account.account_id, 4.0, 1), pytest.raises(Retryable):
        bench.adapters.stacks.inspect(bench.pipeline, bench.target, bench.revision(says("one")))


def test_regions_and_accounts_are_released_side_by_side_and_each_region_gets_its_artifact_once(bench: Bench) -> None:
    home = bench.target
    other = bench.neighbour()
    targets = [
        Target(account=account, region=region, stack=stack, role=role)
        for account, role in ((home.account, None), (other, f"arn:aws:iam::{other}:role/shoreward-shop-deploy"))
        for region in ("eu-north-1", "eu-west-1", "us-east-1")
        for stack in ("shop", "shop-two")
    ]
    revision = bench.revision(says("one"))

    def deploy(target: Target) -> str:
        stacks = bench.adapters.stacks
        snapshot = stacks.inspect(bench.pipeline, target, revision)
        staged = stacks.stage(bench.pipeline, target, revision, snapshot, f"{target.key}/stage")
        return staged.functions[0].name

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(deploy, targets))
    assert len(set(names)) >= 2
    assert bench.store.opened == {revision.artifacts[0].digest: 6}
    there = replace(bench, account=CloudAccount(bench.account.endpoint, other), region="eu-west-1")
    assert there.status() == "CREATE_COMPLETE"
