"""The embedded cloud in tests: an account per test, sessions into it, and archives for functions."""

import functools
import io
import itertools
import os
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.session import Session as BotocoreSession

from shoreward.cloud import EmbeddedCloud

DEFAULT_REGION = "us-east-1"

_QUICK = Config(
    retries={"mode": "standard", "total_max_attempts": 2},
    connect_timeout=5,
    read_timeout=60,
    tcp_keepalive=True,
    proxies={},
    s3={"addressing_style": "path"},
)


def account_ids() -> Iterator[str]:
    """Account ids that no other test of this process gets: twelve digits, never the emulator's default."""
    start = 100_000_000_000 + (os.getpid() % 1_000_000) * 100_000
    return (str(start + offset) for offset in itertools.count(1))


class CloudAccount:
    """One account of an embedded cloud, as a test sees it: sessions and clients that reach nothing else.

    Neither ``~/.aws`` nor ``AWS_*`` variables are read, so a real credential can never be used by mistake.
    """

    def __init__(self, endpoint: str, account_id: str) -> None:
        self.endpoint = endpoint
        self.account_id = account_id
        self._sessions: dict[str, boto3.Session] = {}

    def session(self, region: str = DEFAULT_REGION) -> boto3.Session:
        """A boto3 session whose clients still need ``endpoint_url``; see :meth:`client`."""
        found = self._sessions.get(region)
        if found is None:
            found = self._sessions[region] = isolated_session(self.account_id, region)
        return found

    def client(self, service: Any, region: str = DEFAULT_REGION, *, config: Config | None = None) -> Any:
        """A client of this account and region, with quick retries (two attempts in all unless ``config`` says more)."""
        merged = _QUICK.merge(config) if config is not None else _QUICK
        make: Any = self.session(region).client  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return make(service, endpoint_url=self.endpoint, config=merged)


def isolated_session(account_id: str, region: str) -> boto3.Session:
    """A boto3 session that takes nothing from the environment or from files: the access key names the account."""
    core = BotocoreSession(
        session_vars={"config_file": (None, None, os.devnull, None), "profile": (None, None, None, None)}
    )
    core.set_config_variable("credentials_file", os.devnull)
    core.set_credentials(account_id, "embedded-cloud")
    core.register_component("data_loader", _models())
    return boto3.Session(botocore_session=core, region_name=region)


@functools.cache
def _models() -> Loader:
    """The descriptions of AWS's services, read once for all sessions: reading them is most of what a client costs."""
    return create_loader()


def account_of(cloud: EmbeddedCloud, account_id: str) -> CloudAccount:
    """An account of a running cloud."""
    return CloudAccount(cloud.endpoint, account_id)


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of the files, the same bytes each time, as a function's or layer's code."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in sorted(files.items()):
            bundle.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()
