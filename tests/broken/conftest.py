"""An application that is live in two regions, and somebody with hands of their own in its account."""

from __future__ import annotations

import pytest

from aws.conftest import bench
from aws.support import Bench
from shoreward.adapters.aws import Retry

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
