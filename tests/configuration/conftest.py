"""A configuration on the embedded cloud."""

from __future__ import annotations

import os

import pytest

from aws.conftest import environment
from shoreward.testing.cloud import CloudAccount

from .support import Desk


@pytest.fixture
def desk(cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A target in an account of its own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(cloud_account).items():
        monkeypatch.setenv(name, value)
    return Desk(cloud_account)
