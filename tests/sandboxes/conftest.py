"""A beach for each test: an account that nobody else uses, and the environment of whoever makes sandboxes there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoreward.cloud import EmbeddedCloud
from shoreward.testing.cloud import CloudAccount, account_of

from .shop import Shop
from .support import Beach, credentials


def at_home(account: CloudAccount, environment: pytest.MonkeyPatch) -> None:
    """Give this process the credentials of an account, and nothing of the person at this machine."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SHOREWARD_"))]:
        environment.delenv(name)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        environment.delenv(name, raising=False)
    for name, value in {**credentials(account), "SHOREWARD_OWNER": "kim"}.items():
        environment.setenv(name, value)


@pytest.fixture
def account(cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> CloudAccount:
    """An account without anything in it, whose credentials this process has."""
    at_home(cloud_account, monkeypatch)
    return cloud_account


@pytest.fixture(scope="module")
def lasting_account(embedded_cloud: EmbeddedCloud, _account_ids: Iterator[str]) -> Iterator[CloudAccount]:
    """The same for all tests of a module: what stands in it need not be made anew for each."""
    found = account_of(embedded_cloud, next(_account_ids))
    with pytest.MonkeyPatch.context() as environment:
        at_home(found, environment)
        yield found


@pytest.fixture
def beach(account: CloudAccount, tmp_path: Path) -> Beach:
    """Sandboxes in that account, and a ledger."""
    return Beach(account, tmp_path)


@pytest.fixture
def shop(account: CloudAccount, tmp_path: Path) -> Shop:
    """An application with one commit, whose sandboxes are made in that account."""
    return Shop.founded(tmp_path / "shop", account)
