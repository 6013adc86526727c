"""A kiosk for each test, and the environment of whoever releases it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shoreward.testing.cloud import CloudAccount

from .support import Kiosk


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the person at this machine."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SHOREWARD_"))]:
        monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONWARNINGS", "error")


@pytest.fixture
def kiosk(tmp_path: Path, cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> Kiosk:
    """An application whose repository has no commit yet, and an account without anything."""
    ours = {
        "AWS_ENDPOINT_URL": cloud_account.endpoint,
        "AWS_ACCESS_KEY_ID": cloud_account.account_id,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return Kiosk.built(tmp_path / "kiosk", cloud_account)
