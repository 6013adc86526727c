"""A harbour for all tests of a module: a sandbox that stands gets another revision sooner than a new one is made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandboxes.conftest import lasting_account as lasting_account  # the fixture: an account, and its credentials
from shoreward.testing.cloud import CloudAccount

from .harbour import Harbour


@pytest.fixture(scope="module")
def coast(lasting_account: CloudAccount, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    made = Harbour.founded(tmp_path_factory.mktemp("coast") / "harbour", lasting_account)
    yield made
    made.closed()


@pytest.fixture
def harbour(coast: Harbour) -> Harbour:
    """As it was founded, whatever others have built since."""
    coast.build()
    coast.declare()
    return coast
