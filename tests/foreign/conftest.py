"""A repository and an account for an application that knows nothing of Shoreward."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shoreward.testing.cloud import CloudAccount

from .support import Foreign

# They have suites of their own, which are run as their authors would run them.
collect_ignore = ["applications"]


@pytest.fixture
def foreign(tmp_path: Path, cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Foreign]:
    """Makes a git repository of one of the applications; the environment is that of whoever releases it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SHOREWARD_"))]:
        monkeypatch.delenv(name)
    ours = {
        "AWS_ENDPOINT_URL": cloud_account.endpoint,
        "AWS_ACCESS_KEY_ID": cloud_account.account_id,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return lambda name: Foreign.copied(name, tmp_path / name, cloud_account)
