"""The pytest plugin: fixtures that ship with Shoreward.

``embedded_cloud`` is one cloud process for each pytest (xdist worker) process; ``cloud_account`` an account of it that
no other test shares, so that tests need neither to clean up nor to run in order.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shoreward.cloud import EmbeddedCloud
    from shoreward.testing.cloud import CloudAccount


@pytest.fixture(scope="session")
def embedded_cloud() -> "Iterator[EmbeddedCloud]":
    """A running embedded cloud, shared by the tests of this process."""
    from shoreward.cloud import EmbeddedCloud

    with EmbeddedCloud() as cloud:
        yield cloud


@pytest.fixture(scope="session")
def _account_ids() -> Iterator[str]:
    from shoreward.testing.cloud import account_ids

    return account_ids()


@pytest.fixture
def cloud_account(embedded_cloud: "EmbeddedCloud", _account_ids: Iterator[str]) -> "CloudAccount":
    """An account of the embedded cloud for this test alone."""
    from shoreward.testing.cloud import account_of

    return account_of(embedded_cloud, next(_account_ids))
