"""A beach for each test: an account that nobody else uses, and the environment of whoever makes sandboxes there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shoreward.testing.cloud import CloudAccount

from .shop import Shop
from .support import Beach, credentials


@pytest.fixture
def account(cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> CloudAccount:
    """An account without anything in it, whose credentials this process has."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SHOREWARD_"))]:
        monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**credentials(cloud_account), "SHOREWARD_OWNER": "kim"}.items():
        monkeypatch.setenv(name, value)
    return cloud_account


@pytest.fixture
def beach(account: CloudAccount, tmp_path: Path) -> Beach:
    """Sandboxes in that account, and a ledger."""
    return Beach(account, tmp_path)


@pytest.fixture
def shop(account: CloudAccount, tmp_path: Path) -> Shop:
    """An application with one commit, whose sandboxes are made in that account."""
    return Shop.founded(tmp_path / "shop", account)
