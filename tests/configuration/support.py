"""Values on a target, in the words of the tests."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws.support import Crash, Store
from shoreward.adapters.aws import AwsAdapters, Retry, Sessions, connect
from shoreward.domain import (
    Configuration,
    Difference,
    Left,
    Parameter,
    Pipeline,
    Profile,
    Revision,
    Snapshot,
    Staged,
    Target,
    Values,
)
from shoreward.testing.cloud import CloudAccount, isolated_session

REGION = "eu-west-1"


def text(name: str, value: str) -> Parameter:
    return Parameter(name=name, type="String", value=value)


def flags(content: str, **more: Any) -> Profile:
    usual: dict[str, Any] = {"flags": False, "content_type": "application/json"}
    return Profile(application="shop", environment="production", profile="limits", content=content, **usual, **more)


@dataclass(frozen=True, slots=True)
class Carried:
    """A release of a configuration that has come as far as its write."""

    revision: Revision
    snapshot: Snapshot
    staged: Staged
    release: str


@dataclass
class Desk:
    """A target, the adapters, and plain clients to look at what they did."""

    account: CloudAccount
    application: str = "settings"
    store: Store = field(default_factory=Store)
    before_call: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        session = isolated_session(self.account.account_id, REGION)
        session.events.register_first("before-call", self._before)
        self._sessions = Sessions(session)
        self.adapters = self.connected()

    def connected(self, limit: float = 5) -> AwsAdapters:
        """Adapters as a freshly started process has them."""
        return connect(self.store, self.store, sessions=self._sessions, retry=Retry(), limit=limit)

    def _before(self, model: Any, **_: Any) -> None:
        if self.before_call:
            self.before_call(model.name)

    def dies(self, at: int, act: Callable[[], object]) -> bool:
        """Let the process die before a call of an act, and a new one do the act again; whether it died at all."""
        calls = itertools.count(1)

        def before(_: str) -> None:
            if next(calls) == at:
                raise Crash

        self.before_call = before
        try:
            act()
        except Crash:
            self.before_call, self.adapters = None, self.connected()
            act()
            return True
        self.before_call = None
        return False

    @property
    def target(self) -> Target:
        return Target(account=self.account.account_id, region=REGION, stack=self.application)

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline(application=self.application, template="", waves=(), configuration=Configuration())

    @property
    def ssm(self) -> Any:
        return self.account.client("ssm", REGION)

    @property
    def appconfig(self) -> Any:
        return self.account.client("appconfig", REGION)

    def revision(self, *values: Parameter | Profile) -> Revision:
        packed = Values(
            parameters=tuple(one for one in values if isinstance(one, Parameter)),
            profiles=tuple(one for one in values if isinstance(one, Profile)),
        ).packed()
        blob = self.store.put(packed)
        digest = hashlib.sha256(blob.encode()).hexdigest()
        return Revision(digest=digest, commit=digest[:40], template=blob, functions=(), artifacts=())

    def begin(self, *values: Parameter | Profile, release: str = "settings-1") -> Carried:
        """Inspect and stage."""
        revision = self.revision(*values)
        snapshot = self.adapters.stacks.inspect(self.pipeline, self.target, revision)
        staged = self.adapters.stacks.stage(self.pipeline, self.target, revision, snapshot, f"{release}/stage")
        return Carried(revision, snapshot, staged, release)

    def write(self, carried: Carried) -> None:
        self.adapters.values.write(
            self.pipeline, self.target, carried.revision, carried.snapshot, f"{carried.release}/shift"
        )

    def finish(self, carried: Carried) -> None:
        self.adapters.stacks.finish(
            self.pipeline, self.target, carried.revision, carried.staged, f"{carried.release}/finish"
        )

    def restore(self, carried: Carried) -> tuple[Difference, ...]:
        return self.adapters.stacks.restore(
            self.pipeline,
            self.target,
            carried.snapshot,
            carried.staged,
            f"{carried.release}/restore",
            revision=carried.revision,
        )

    def release(self, *values: Parameter | Profile, release: str = "settings-1") -> Carried:
        """Carry values all the way."""
        carried = self.begin(*values, release=release)
        self.write(carried)
        self.finish(carried)
        return carried

    def drift(self, carried: Carried) -> tuple[Difference, ...]:
        left = Left(release=carried.release, pipeline=self.pipeline, target=self.target, revision=carried.revision)
        return self.adapters.drift.differences(self.target, left)

    def put(self, name: str, value: str, kind: str = "String") -> int:
        """What somebody writes by hand."""
        return int(self.ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)["Version"])

    def held(self, prefix: str = "/shop") -> dict[str, str]:
        """What customers' functions read."""
        found = self.ssm.get_parameters_by_path(Path=prefix, Recursive=True, WithDecryption=True)["Parameters"]
        return {one["Name"]: one["Value"] for one in found}

    def version(self, name: str) -> int:
        return int(self.ssm.get_parameter(Name=name)["Parameter"]["Version"])

    def owners(self, name: str) -> Sequence[str]:
        found = self.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
        return [tag["Value"] for tag in found if tag["Key"] == "shoreward:application"]

    def environment(self) -> tuple[str, str]:
        """An application of AppConfig with an environment, as a stack makes them."""
        application = self.appconfig.create_application(Name="shop")["Id"]
        return application, self.appconfig.create_environment(ApplicationId=application, Name="production")["Id"]

    def served(self) -> str:
        """What a client of AppConfig gets."""
        data = self.account.client("appconfigdata", REGION)
        token = data.start_configuration_session(
            ApplicationIdentifier="shop", EnvironmentIdentifier="production", ConfigurationProfileIdentifier="limits"
        )["InitialConfigurationToken"]
        return data.get_latest_configuration(ConfigurationToken=token)["Configuration"].read().decode()
