"""An application that none of Shoreward's authors prepared for it, and the way that its own people would go."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from shoreward.cli import main
from shoreward.testing.builders import NO_CHECKS
from shoreward.testing.cloud import CloudAccount

REGION = "eu-west-1"
PATIENCE = 60.0
"""Seconds after which a test gives up: far more than anything here takes, so that a busy machine fails no test."""

SHORTER = {
    "steps: [10%, 50%]": "steps: [50%]",
    "steps: [5%, 25%, 50%]": "steps: [50%]",
    "minimum: 10m": "minimum: 1s",
    "requests: 100": "requests: 4",
    "deadline: 4h": "deadline: 2m",
    "on-deadline: hold": "on-deadline: rollback",
    "soak: 1h": "soak: 0s",
    "soak: 4h": "soak: 0s",
}
"""All that is changed in what `init` wrote: nobody waits ten minutes for a test."""

QUICK_JUDGE = """
judge:
  {interval: 1s, delay: 1s, dispersion: 1, alpha: 5%, beta: 10%, skip: [latency], promote-margin: {points: 30%}}
"""

T = TypeVar("T")


def eventually(probe: Callable[[], T]) -> T:
    """The first truthy answer; fails with the last one when none came."""
    deadline = time.monotonic() + PATIENCE
    while not (found := probe()):
        assert time.monotonic() < deadline, f"never happened; last seen: {found!r}"
        time.sleep(0.05)
    return found


@dataclass(frozen=True, slots=True)
class Serving:
    """What a function's alias serves: its code's digest, and the weights of other versions."""

    code: str
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Foreign:
    """An application in its repository, and the account that it goes to."""

    name: str
    root: Path
    account: CloudAccount

    @classmethod
    def copied(cls, name: str, root: Path, account: CloudAccount) -> Foreign:
        """The application as its people have it, committed."""
        shutil.copytree(Path(__file__).with_name("applications") / name, root)
        made = cls(name, root, account)
        made.git("init", "-q", "-b", "main")
        made.commit("The first edition")
        return made

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=Kim", "-c", "user.email=kim@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self, subject: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", subject)

    def change(self, *files: str) -> None:
        """The second edition of some files, which differ in a word or, where they have none, in a remark."""
        for name in files:
            text = (self.root / name).read_text()
            remark = "# second\n" if name.endswith(".py") else "// second\n"
            changed = text.replace('"first"', '"second"') if '"first"' in text else text + remark
            (self.root / name).write_text(changed)
        self.commit("The second edition")

    def shoreward(self, *arguments: str) -> str:
        """Run a command that must succeed; returns what it printed."""
        said = io.StringIO()
        code: object = 0
        try:
            with redirect_stdout(said), redirect_stderr(said):
                main(arguments)
        except SystemExit as ended:
            code = ended.code
        assert not code, f"shoreward {' '.join(arguments)} ended with {code}:\n{said.getvalue()}"
        return said.getvalue()

    def adopt(self) -> None:
        """Let `init` write the pipeline, shorten its times, and commit it."""
        template = str(self.root / "template.yaml")
        self.shoreward("init", template, "--account", self.account.account_id, "--region", REGION)
        file = self.root / "shoreward.yaml"
        text = file.read_text()
        for written, shorter in SHORTER.items():
            assert written in text
            text = text.replace(written, shorter)
        file.write_text(text[: text.index("checks:\n")] + QUICK_JUDGE + NO_CHECKS)
        self.commit("A way to production")

    def release(self) -> None:
        """Carry the last commit to production."""
        self.shoreward("release", "-C", str(self.root))

    def roll_back(self) -> None:
        """Take the newest release back."""
        self.shoreward("rollback", "-C", str(self.root), "--why", "to see that it can be done")

    def client(self, service: str) -> Any:
        return self.account.client(service, REGION)

    @property
    def outputs(self) -> dict[str, str]:
        [stack] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def serving(self) -> dict[str, Serving]:
        """By function, what its alias serves."""
        found: dict[str, Serving] = {}
        for function, alias in self._aliases():
            lambda_ = self.client("lambda")
            shown = lambda_.get_alias(FunctionName=function, Name=alias)
            version = lambda_.get_function_configuration(FunctionName=function, Qualifier=shown["FunctionVersion"])
            weights = shown.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
            found[function] = Serving(version["CodeSha256"], weights)
        return found

    def drift(self) -> str:
        """Whether stack and reality agree."""
        client = self.client("cloudformation")
        detection = client.detect_stack_drift(StackName=self.name)["StackDriftDetectionId"]

        def finished() -> str:
            found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            return "" if found["DetectionStatus"] == "DETECTION_IN_PROGRESS" else found["StackDriftStatus"]

        return eventually(finished)

    @contextmanager
    def customers(self, event: Any) -> Iterator[None]:
        """Every function is called through its alias, again and again."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._call, args=(each, event, stop)) for each in self._aliases()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _call(self, called: Sequence[str], event: Any, stop: threading.Event) -> None:
        client, payload = self.client("lambda"), json.dumps(event).encode()
        while not stop.wait(0.01):
            answer = client.invoke(FunctionName=called[0], Qualifier=called[1], Payload=payload)
            answer["Payload"].read()

    def _aliases(self) -> list[tuple[str, str]]:
        resources = self.client("cloudformation").list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        arns = [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::Lambda::Alias"]
        return [(arn.split(":")[6], arn.split(":")[7]) for arn in arns]
