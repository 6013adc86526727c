"""Credentials of an embedded account, as a process finds them: in its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from cli.conftest import kiosk
from shoreward.testing.cloud import CloudAccount

from .support import Bench

__all__ = ["bench", "kiosk"]


def environment(account: CloudAccount) -> Mapping[str, str]:
    return {
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_ACCESS_KEY_ID": account.account_id,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def bench(cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A target in an account of its own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(cloud_account).items():
        monkeypatch.setenv(name, value)
    return Bench(cloud_account)
