"""A harbour for each test, in an account that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandboxes.conftest import account as account  # the fixture: an account whose credentials this process has
from shoreward.testing.cloud import CloudAccount

from .harbour import Harbour


@pytest.fixture
def harbour(account: CloudAccount, tmp_path: Path) -> Iterator[Harbour]:
    made = Harbour.founded(tmp_path / "harbour", account)
    yield made
    made.closed()
