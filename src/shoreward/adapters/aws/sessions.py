"""Sessions: who we are on a target, and one client per service for it.

A target that names a role is reached by assuming it; one that does not is reached with the caller's own credentials,
and then only after STS has confirmed that they belong to the target's account, lest a release lands in the wrong one.

So STS is the first to be called for any target. That it cannot be reached is told within seconds the first time, for
somebody may have given a wrong address and wait for an answer; whoever asks again gets all of the usual budget.
"""

from __future__ import annotations

import copy
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials, ReadOnlyCredentials
from botocore.loaders import Loader, create_loader

from shoreward.adapters.aws.faults import classify
from shoreward.adapters.aws.retry import Retry
from shoreward.domain import OperationError, Target, Terminal

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

_MARGIN = 300.0
"""Seconds before its expiry at which an assumed role is assumed anew."""
_FIRST = 3.0
"""Seconds within which a target's very first call may be asked again."""


@cache
def _models() -> Loader:
    """The descriptions of AWS's services, read once by a process: reading them is most of what a client costs."""
    return create_loader(os.environ.get("AWS_DATA_PATH"))


def _own_session() -> boto3.Session:
    """boto3's default chain."""
    core = botocore.session.Session()
    core.register_component("data_loader", _models())
    return boto3.Session(botocore_session=core)


def _config(threads: int, read_timeout: float) -> Config:
    return Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=threads,
        connect_timeout=3,
        read_timeout=read_timeout,
        user_agent_extra="shoreward",
    )


class AssumedRole(Credentials):
    """Credentials of a role, assumed when first needed and again shortly before they expire; safe between threads."""

    def __init__(
        self, assume: Callable[[Retry], tuple[ReadOnlyCredentials, float]], retry: Retry, clock: Callable[[], float]
    ) -> None:
        super().__init__(access_key="", secret_key="", method="shoreward-assume-role")
        self._assume = assume
        self._retry = retry
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[ReadOnlyCredentials, float] | None = None
        self._since = 0.0

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Credentials that are good for some minutes more."""
        return self.within(self._retry)

    def within(self, retry: Retry) -> ReadOnlyCredentials:
        """The same, with another budget."""
        with self._lock:
            if self._held is None or self._clock() > self._held[1] - _MARGIN:
                self._held, self._since = self._assume(retry), self._clock()
            return self._held[0]

    def forget(self, *, younger_than: float = 0.0) -> bool:
        """Assume the role anew at the next call; credentials that are younger are kept. Returns whether it will be."""
        with self._lock:
            if self._held is not None and self._clock() - self._since < younger_than:
                return False
            self._held = None
            return True


class _Provider(CredentialProvider):
    METHOD = "shoreward-assume-role"

    def __init__(self, credentials: AssumedRole) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> AssumedRole:
        return self._credentials


@dataclass(slots=True)
class _Identity:
    """A way to act on an account: what makes clients, and the clients by (service, region, read time-out)."""

    make: Callable[..., Any]
    role: AssumedRole | None = None
    accounts: set[str] = field(default_factory=set[str])
    clients: dict[tuple[str, str, float], Any] = field(default_factory=dict[tuple[str, str, float], Any])


class Sessions:
    """Clients for targets; share one instance between all adapters and threads.

    Args:
        session: the caller's own credentials and configuration; boto3's default chain when None.
        name: distinguishes this controller in CloudTrail: roles are assumed as `shoreward-<name>`.
        threads: how many threads call AWS at once: the size of each connection pool.
        clock: UNIX seconds.
    """

    def __init__(
        self,
        session: boto3.Session | None = None,
        *,
        name: str = "controller",
        threads: int = 32,
        retry: Retry | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session = session or _own_session()
        self._own = _Identity(make=cast("Any", self._session).client)
        self._name = f"shoreward-{re.sub(r'[^A-Za-z0-9+=,.@-]', '-', name)}"[:64]
        self._threads = threads
        self._retry = retry or Retry()
        self._clock = clock
        self._lock = threading.RLock()
        self._roles: dict[tuple[str, str], _Identity] = {}
        self._met: dict[str, bool] = {}  # whether a target's first call was answered, by target

    def client(self, service: str, target: Target, *, read_timeout: float = 20.0) -> Any:
        """The client of a service in the target's region, as the identity that the target asks for.

        Raises `Terminal` (ACCOUNT_MISMATCH) when that identity belongs to another account than the target's, and
        `Retryable` (AWS_UNREACHABLE) when STS cannot be reached: the first time within seconds.
        """
        identity = self._identity(target)
        if not self._met.get(target.key):
            self._meet(identity, target)
        return self._client(identity, service, target.region, read_timeout)

    def reach(self, targets: Iterable[Target]) -> None:
        """Make sure that something answers before anything is begun; any answer will do, a refusal too.

        Raises `Retryable` (AWS_UNREACHABLE) when nothing does for any of the targets, within seconds unless they are
        very many.
        """
        targets = tuple(targets)
        with ThreadPoolExecutor(max_workers=self._threads) as pool:
            silent = [error for error in pool.map(self._silence, targets) if error is not None]
        if silent and len(silent) == len(targets):
            raise silent[0]

    def _silence(self, target: Target) -> OperationError | None:
        try:
            self.client("sts", target)
        except OperationError as error:
            return error if error.code == "AWS_UNREACHABLE" else None
        return None

    def refresh(self, target: Target, *, younger_than: float = 0.0) -> bool:
        """Forget credentials that AWS calls expired, or does not honour; whether there is a way to get fresh ones.

        Args:
            younger_than: seconds; credentials of that age are as good as fresh ones would be.
        """
        role = self._identity(target).role
        return role is not None and role.forget(younger_than=younger_than)

    def credentials(self, target: Target) -> ReadOnlyCredentials:
        """What another program needs to act as we do on a target; raises as `client` does, and AWS_NO_CREDENTIALS."""
        self.client("sts", target)
        found = self._identity(target).role or self._session.get_credentials()
        if found is None:
            raise Terminal("AWS_NO_CREDENTIALS", "There are no usable AWS credentials.", where=target.key)
        return found.get_frozen_credentials()

    def _client(self, identity: _Identity, service: str, region: str, read_timeout: float) -> Any:
        key = (service, region, read_timeout)
        if (client := identity.clients.get(key)) is None:
            with self._lock:  # boto3 makes clients one at a time only
                if (client := identity.clients.get(key)) is None:
                    config = _config(self._threads, read_timeout)
                    client = identity.make(service, region_name=region, config=config)
                    identity.clients[key] = client
        return client

    def _identity(self, target: Target) -> _Identity:
        if target.role is None:
            return self._own
        # A role is assumed in each region anew, so that a region that goes dark takes no other with it.
        key = (target.role, target.region)
        with self._lock:
            if key not in self._roles:
                self._roles[key] = self._assuming(*key)
            return self._roles[key]

    def _assuming(self, role: str, region: str) -> _Identity:
        credentials = AssumedRole(lambda retry: self._assume(role, region, retry), self._retry, self._clock)
        own = self._session
        core = botocore.session.Session(
            profile=own.profile_name if own.profile_name != "default" else None,
            event_hooks=copy.copy(own.events),
            include_builtin_handlers=False,
        )
        core.register_component("data_loader", _models())
        core.register_component("credential_provider", CredentialResolver(providers=[_Provider(credentials)]))
        return _Identity(make=cast("Any", core).create_client, role=credentials)

    def _assume(self, role: str, region: str, retry: Retry) -> tuple[ReadOnlyCredentials, float]:
        sts: STSClient = self._client(self._own, "sts", region, 20.0)

        def attempt() -> tuple[ReadOnlyCredentials, float]:
            try:
                held = sts.assume_role(RoleArn=role, RoleSessionName=self._name)["Credentials"]
            except Exception as error:
                raise classify(error, where=f"assuming {role}", action="sts:AssumeRole") from error
            frozen = ReadOnlyCredentials(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"])
            return frozen, held["Expiration"].timestamp()

        return retry.run(attempt)

    def _meet(self, identity: _Identity, target: Target) -> None:
        first = target.key not in self._met
        self._met[target.key] = False
        retry = replace(self._retry, budget=min(_FIRST, self._retry.budget)) if first else self._retry
        if target.account not in identity.accounts:
            self._verify(identity, target, retry)
        if identity.role is not None:
            identity.role.within(retry)
        self._met[target.key] = True

    def _verify(self, identity: _Identity, target: Target, retry: Retry) -> None:
        if target.role is not None:
            account = target.role.split(":")[4] if target.role.count(":") >= 5 else ""
            said = f"The role {target.role} belongs to account {account or '?'}"
        else:
            account = self._own_account(target, retry)
            said = f"The credentials of this process belong to account {account}"
        if account != target.account:
            raise Terminal(
                "ACCOUNT_MISMATCH",
                f"{said}, the target to {target.account}.",
                where=target.key,
                next="Give the target a role in its own account, or use credentials of that account.",
            )
        identity.accounts.add(account)

    def _own_account(self, target: Target, retry: Retry) -> str:
        sts: STSClient = self._client(self._own, "sts", target.region, 20.0)

        def attempt() -> str:
            try:
                return sts.get_caller_identity()["Account"]
            except Exception as error:
                raise classify(error, where=target.key, action="sts:GetCallerIdentity") from error

        return retry.run(attempt)
