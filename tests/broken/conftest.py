"""An application that is live in two regions, and somebody with hands of their own in its account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws.conftest import bench
from aws.support import Bench
from shoreward.adapters.aws import Retry
from shoreward.cloud import EmbeddedCloud
from shoreward.cloud.faults import Control

from .support import Coast

__all__ = ["bench"]


@pytest.fixture
def coast(bench: Bench) -> Coast:
    """Both regions serve the first revision, which a release brought."""
    bench.retry = Retry(budget=0.3, longest=0.1)
    bench.adapters = bench.connected()
    coast = Coast(bench)
    coast.sail(coast.open("one"))
    return coast


@pytest.fixture
def shore(bench: Bench) -> Coast:
    """The same, with nothing live yet."""
    return Coast(bench)


@pytest.fixture
def abroad(bench: Bench) -> Coast:
    """The same, with the second region in an account of its own, by a role."""
    bench.retry = Retry(budget=0.3, longest=0.1)
    bench.adapters = bench.connected()
    coast = Coast(bench)
    coast.settle_abroad(bench.neighbour())
    coast.sail(coast.open("one"))
    return coast


@pytest.fixture
def faults(embedded_cloud: EmbeddedCloud) -> Iterator[Control]:
    """What goes wrong, until it is over."""
    yield embedded_cloud.faults
    embedded_cloud.faults.clear()
