from collections.abc import Iterator

import pytest

from shoreward.adapters.policy import Engines


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """The engines, started once for all tests."""
    kept = Engines()
    yield kept
    kept.close()
