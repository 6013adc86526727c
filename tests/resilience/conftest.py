"""A bakery for all tests of a module, and one for a test that leaves something in its queues.

A sandbox that stands gets another revision in less time than a new one takes to be made.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandboxes.conftest import account as account  # the fixture: an account whose credentials this process has
from sandboxes.conftest import lasting_account as lasting_account
from shoreward.testing.cloud import CloudAccount

from .bakery import Bakery


@pytest.fixture(scope="module")
def street(lasting_account: CloudAccount, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bakery]:
    made = Bakery.founded(tmp_path_factory.mktemp("street") / "bakery", lasting_account)
    yield made
    made.closed()


@pytest.fixture
def bakery(street: Bakery) -> Bakery:
    """As it was founded, whatever others have built since."""
    street.build()
    street.declare("")
    return street


@pytest.fixture
def own_bakery(account: CloudAccount, tmp_path: Path) -> Iterator[Bakery]:
    made = Bakery.founded(tmp_path / "bakery", account)
    yield made
    made.closed()
