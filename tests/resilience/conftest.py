"""A bakery for each test, in an account that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandboxes.conftest import account as account  # the fixture: an account whose credentials this process has
from shoreward.testing.cloud import CloudAccount

from .bakery import Bakery


@pytest.fixture
def bakery(account: CloudAccount, tmp_path: Path) -> Iterator[Bakery]:
    made = Bakery.founded(tmp_path / "bakery", account)
    yield made
    made.closed()
