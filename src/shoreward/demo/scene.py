"""Where the demo happens: a git repository with the example application, the embedded cloud, and two accounts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import boto3

from shoreward.bootstrap import Project, open_project
from shoreward.cloud import EmbeddedCloud, FaultRule
from shoreward.domain import Pipeline, Target, Terminal
from shoreward.testing.advisories import AdvisoryServer

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

OPERATOR = "999999999999"
"""The account of whoever runs the demo; the targets' accounts are others, reached by assuming their roles."""

NO_SECRET = "embedded"
"""The embedded cloud looks at access keys only."""

ROLES = "shoreward-roles"

_IGNORED = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".shoreward", ".hypothesis")


def application() -> Path:
    """The example application: beside the package in a checkout, within it where it is installed."""
    here = Path(__file__).parent
    for place in (here / "sandcastles", here.parents[2] / "examples" / "sandcastles"):
        if (place / "template.yaml").exists():
            return place
    raise Terminal("DEMO_INCOMPLETE", "The example application is not installed.", next="Run the demo from a checkout.")


@dataclass(slots=True)
class Repository:
    """The application's repository, as a team would have it."""

    root: Path

    @classmethod
    def begin(cls, root: Path) -> Self:
        """Copy the application and begin a repository; nothing is committed yet."""
        shutil.copytree(application(), root, ignore=_IGNORED)
        repository = cls(root)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def git(self, *arguments: str) -> None:
        """Run git, whatever the user has configured."""
        who = ("-c", "user.name=A developer", "-c", "user.email=developer@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self, subject: str) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)


class Scene:
    """The stage of the demo, from curtain to curtain.

    Args:
        keep: leave the work folder behind.
    """

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self.folder = Path(tempfile.mkdtemp(prefix="shoreward-demo-"))
        self.repository = Repository.begin(self.folder / "sandcastles")
        self.cloud = EmbeddedCloud()
        self.advisories = AdvisoryServer([])

    def __enter__(self) -> Self:
        self.cloud.start()
        self.advisories.__enter__()
        self.project: Project = open_project(self.repository.root)
        for account in sorted({target.account for target in self.pipeline.targets}):
            self._admit(account)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cloud.stop()
        self.advisories.__exit__(kind, error, trace)
        self.project.journal.close()
        if not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as the repository's file says."""
        return self.project.pipeline()

    @property
    def environment(self) -> dict[str, str]:
        """What tells a process that its AWS is the embedded cloud."""
        ours = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return {
            **ours,
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": OPERATOR,
            "AWS_SECRET_ACCESS_KEY": NO_SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SHOREWARD_ADVISORIES": self.advisories.address,
        }

    def shoreward(self, *arguments: str, quiet: bool) -> int:
        """Run the command line as a person would; returns its exit code."""
        command = [sys.executable, "-m", "shoreward", *arguments, "--directory", str(self.repository.root)]
        output = subprocess.DEVNULL if quiet else None
        return subprocess.run(command, env=self.environment, stdout=output, check=False).returncode

    def stacks(self, account: str, region: str) -> CloudFormationClient:
        """CloudFormation, for an account's administrator."""
        return boto3.client(  # pyright: ignore[reportUnknownMemberType] - the stubs know some services only
            "cloudformation",
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key=NO_SECRET,
        )

    def functions(self, target: Target) -> LambdaClient:
        """Lambda, for a target's administrator."""
        return boto3.client(  # pyright: ignore[reportUnknownMemberType] - the stubs know some services only
            "lambda",
            region_name=target.region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id=target.account,
            aws_secret_access_key=NO_SECRET,
        )

    def resources(self, target: Target, kind: str) -> list[str]:
        """Physical names of a target's resources of a type."""
        listed = self.stacks(target.account, target.region).describe_stack_resources(StackName=target.stack)
        return [
            resource.get("PhysicalResourceId", "")
            for resource in listed["StackResources"]
            if resource["ResourceType"] == kind
        ]

    def _admit(self, account: str) -> None:
        """Create an account's roles, from the very template that `shoreward bootstrap` prints."""
        template = self.project.roles(trusted=f"arn:aws:iam::{OPERATOR}:root")
        stacks = self.stacks(account, "us-east-1")
        stacks.create_stack(StackName=ROLES, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
        while (status := stacks.describe_stacks(StackName=ROLES)["Stacks"][0]["StackStatus"]).endswith("_IN_PROGRESS"):
            time.sleep(0.05)
        if status != "CREATE_COMPLETE":
            raise Terminal("DEMO_INCOMPLETE", f"The roles of account {account} could not be created: {status}.")

    def output(self, target: Target, key: str) -> str:
        """An output of a target's stack."""
        stack = self.stacks(target.account, target.region).describe_stacks(StackName=target.stack)["Stacks"][0]
        outputs = {output.get("OutputKey"): output.get("OutputValue", "") for output in stack.get("Outputs", ())}
        return outputs[key]

    def fail(self, rules: Sequence[FaultRule]) -> None:
        """Replace the faults that the cloud injects."""
        self.cloud.faults.set(rules, seed=1)
