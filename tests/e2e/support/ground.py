"""The ground that a test stands on: a cloud of its own, accounts with roles, the repository, and a look at reality."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shoreward.adapters.aws import role_template
from shoreward.app import releases
from shoreward.bootstrap import Project, open_project
from shoreward.cloud import Call, EmbeddedCloud
from shoreward.core import Event, Release
from shoreward.domain import Target
from shoreward.testing.cloud import CloudAccount

from .application import FUNCTIONS, NORTH, OPERATOR, SOUTH, WAVES, Application, Waves
from .audit import Audit
from .diary import Diary

_CARRY = Path(__file__).with_name("carry.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is on a target in truth.

    Attributes:
        functions: by logical id: sha256 of the code that the alias serves, its weights, number of published versions.
    """

    status: str
    drift: str
    template: str
    functions: tuple[tuple[str, str, tuple[tuple[str, float], ...], int], ...]


@dataclass(slots=True)
class Ground:
    """A cloud with Harbor's accounts, and Harbor's repository."""

    cloud: EmbeddedCloud
    application: Application
    patience: float = 30.0
    logs: Path = field(default_factory=Path)
    _project: Project | None = None
    _accounts: dict[str, CloudAccount] = field(default_factory=dict[str, CloudAccount])
    _calls: list[Call] = field(default_factory=list[Call])
    _seen: int = 0

    @property
    def project(self) -> Project:
        """The project, once something is committed."""
        if self._project is None:
            self._project = open_project(self.application.root)
        return self._project

    @property
    def targets(self) -> tuple[Target, ...]:
        return self.project.pipeline().targets

    def client(self, service: str, account: str, region: str) -> Any:
        """A plain client, as a person would look at the account."""
        if account not in self._accounts:
            self._accounts[account] = CloudAccount(self.cloud.endpoint, account)
        return self._accounts[account].client(service, region)

    def start(self, commit: str = "") -> subprocess.Popen[bytes]:
        """A controller in a process of its own."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": OPERATOR,
            "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = [sys.executable, str(_CARRY), str(self.application.root), str(self.patience)]
        with (self.logs / "controller.log").open("ab") as log:
            return subprocess.Popen([*command, *filter(None, [commit])], env=environment, stdout=log, stderr=log)

    @contextmanager
    def carrying(self, commit: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """A controller in a process of its own, which does not outlive the block."""
        process = self.start(commit)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def carry(self, commit: str = "", *, release: str = "", limit: float = 180.0) -> Release:
        """Carry a commit to its end, undisturbed; when none is named, what is open: `release`."""
        with self.carrying(commit) as process:
            assert process.wait(limit) == 0, self.said()
        return releases.load(self.project.journal, release) if release else self.latest()

    @contextmanager
    def standing(self) -> Iterator[None]:
        """A controller that stays, as a team has one, and is ready."""
        with self.carrying("-") as process:
            while not self.carries(process):
                assert process.poll() is None, self.said()
                time.sleep(0.05)
            yield

    def carries(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether a controller has started, and is about to carry what is open."""
        return f"{process.pid} carries\n" in self.said()

    def said(self) -> str:
        """The end of what the controllers wrote."""
        return (self.logs / "controller.log").read_text(errors="replace")[-4000:]

    def latest(self) -> Release:
        """The newest release as it stands."""
        return releases.latest(self.project.journal)

    def events(self, release: Release) -> tuple[Event, ...]:
        """All that happened to a release."""
        return tuple(recorded.event for recorded in self.project.journal.events(release.id))

    def calls(self) -> tuple[Call, ...]:
        """The calls so far that may have changed something, those of customers left out."""
        new = self.cloud.calls(since=self._seen)
        self._seen = max((call.seq for call in new), default=self._seen)
        self._calls += [call for call in new if call.operation != "Invoke"]
        return tuple(self._calls)

    def audit(self, release: Release) -> Audit:
        """The audit of a release that has ended."""
        events = self.events(release)
        calls = [call for call in self.calls() if call.at >= release.opened.at]
        diary = Diary(self.project.state / "diary.jsonl").read(release.id)
        return Audit(release.id, events, calls, diary)

    def reality(self) -> dict[str, Standing]:
        """What is on every target in truth."""
        return self.reality_of(*(target.key for target in self.targets))

    def reality_of(self, *keys: str) -> dict[str, Standing]:
        """What is on some targets in truth."""
        return {target.key: self._standing(target) for target in self.targets if target.key in keys}

    def _standing(self, target: Target) -> Standing:
        client = self.client("cloudformation", target.account, target.region)
        detection = client.detect_stack_drift(StackName=target.stack)["StackDriftDetectionId"]
        while True:
            drift = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if drift["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
        return Standing(
            status=client.describe_stacks(StackName=target.stack)["Stacks"][0]["StackStatus"],
            drift=drift["StackDriftStatus"],
            template=json.dumps(client.get_template(StackName=target.stack)["TemplateBody"], sort_keys=True),
            functions=tuple(self._function(target, logical, name) for logical, name in FUNCTIONS.items()),
        )

    def _function(self, target: Target, logical: str, name: str) -> tuple[str, str, tuple[tuple[str, float], ...], int]:
        client = self.client("lambda", target.account, target.region)
        alias = client.get_alias(FunctionName=name, Name="live")
        about = client.get_function_configuration(FunctionName=name, Qualifier=alias["FunctionVersion"])
        versions = client.list_versions_by_function(FunctionName=name)["Versions"]
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return logical, about["CodeSha256"], tuple(weights.items()), len(versions) - 1

    def give_roles(self) -> None:
        """Deploy the roles' template to both accounts."""
        for account in (NORTH, SOUTH):
            client = self.client("cloudformation", account, "us-east-1")
            client.create_stack(
                StackName="shoreward-roles",
                TemplateBody=role_template("harbor", f"arn:aws:iam::{OPERATOR}:root"),
                Capabilities=["CAPABILITY_NAMED_IAM"],
            )
            while True:
                status = client.describe_stacks(StackName="shoreward-roles")["Stacks"][0]["StackStatus"]
                if not status.endswith("_IN_PROGRESS"):
                    break
                time.sleep(0.02)
            assert status == "CREATE_COMPLETE"


@contextmanager
def ground(*, waves: Waves = WAVES, patience: float = 30.0, deadline: str = "180s") -> Iterator[Ground]:
    """A fresh cloud with roles, and a repository without commits; nothing is left of them."""
    folder = Path(tempfile.mkdtemp(prefix="shoreward-e2e-"))
    try:
        application = Application.founded(folder / "harbor", waves=waves, deadline=deadline)
        with EmbeddedCloud() as cloud:
            found = Ground(cloud, application, patience=patience, logs=folder)
            found.give_roles()
            try:
                yield found
            finally:
                if found._project is not None:
                    found._project.journal.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
