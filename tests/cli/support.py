"""Kiosk: a tiny application in a git repository, an account of its own, its customers, and the command line."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shoreward.adapters.journal import SqliteJournal
from shoreward.cli import main
from shoreward.core import Event, Release
from shoreward.testing.builders import NO_CHECKS
from shoreward.testing.cloud import CloudAccount
from shoreward.testing.simulator import state_of

PATIENCE = 60.0
"""Seconds after which a test gives up: far more than anything here takes, so that a busy machine fails no test."""

NORTH, SOUTH = "eu-north-1", "us-east-1"

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: kiosk-hello
      Runtime: python3.11
      Timeout: 3
      CodeUri: code/
      Handler: hello.handler
      AutoPublishAlias: live
"""

TABLE = """\
  Guests:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: kiosk-guests
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: name, AttributeType: S}]
      KeySchema: [{AttributeName: name, KeyType: HASH}]
"""

PIPELINE = """\
application: kiosk
template: template.yaml
accounts:
  main: {id: "ACCOUNT"}
defaults:
  steps: [50%]
  bake: {minimum: 1s, requests: 4, deadline: 2m, on-deadline: rollback}
  soak: 0s
waves:
  - {name: north, targets: [main/eu-north-1]}
  - {name: south, targets: [main/us-east-1]}
judge:
  interval: 1s
  delay: 1s
  dispersion: 1
  alpha: 5%
  beta: 10%
  promote-margin: {ratio: 1.5, points: 30%}
  skip: [latency]
"""

HELLO = "def handler(event, context):\n    return {'say': 'WORD'}\n"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def all(self) -> str:
        return self.out + self.err


def shoreward(*arguments: str, at: Path) -> Said:
    """Run the command line in this process, in a folder."""
    out, err = io.StringIO(), io.StringIO()
    code, before = 0, Path.cwd()
    os.chdir(at)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os.chdir(before)
    return Said(code, out.getvalue(), err.getvalue())


@dataclass(slots=True)
class Kiosk:
    """The application's repository and the account that it is released to."""

    root: Path
    account: CloudAccount
    words: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    @classmethod
    def built(cls, root: Path, account: CloudAccount) -> Kiosk:
        """The repository as it is before the first commit."""
        kiosk = cls(root, account)
        kiosk.write("template.yaml", TEMPLATE)
        kiosk.write("shoreward.yaml", PIPELINE.replace("ACCOUNT", account.account_id) + NO_CHECKS)
        kiosk.write("code/hello.py", HELLO)
        kiosk.git("init", "-q", "-b", "main")
        return kiosk

    def write(self, path: str, text: str | bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file: one text for another that is there."""
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def commit(self, subject: str = "A change", **files: str) -> str:
        """Commit everything; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def says(self, word: str) -> str:
        """Commit a harmless change."""
        self.write("code/hello.py", HELLO.replace("WORD", word))
        return self.commit(f"Say {word}")

    def git(self, *arguments: str) -> str:
        who = {"GIT_AUTHOR_NAME": "Kim", "GIT_AUTHOR_EMAIL": "kim@example.com"}
        who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self.root), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **who, **quiet})
        return done.stdout.strip()

    def run(self, *arguments: str) -> Said:
        """Run a command in the repository."""
        return shoreward(*arguments, at=self.root)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Run a command in a process of its own, as a person would."""
        return subprocess.Popen(
            [sys.executable, "-m", "shoreward", *arguments],
            cwd=self.root,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A process that is ended, whatever happens."""
        process = self.start(*arguments)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()

    def state(self, release: str) -> Release:
        with closing(SqliteJournal(self.root / ".shoreward" / "journal.db")) as journal:
            return state_of(journal, release)

    def events(self, release: str) -> list[Event]:
        """What the journal holds of a release; nothing while it does not know it."""
        with closing(SqliteJournal(self.root / ".shoreward" / "journal.db")) as journal:
            if release not in [header.id for header in journal.releases()]:
                return []
            return [recorded.event for recorded in journal.events(release)]

    def wait_for(self, release: str, kind: type[Event]) -> None:
        """Until something has happened to a release that another process carries."""
        until(lambda: any(isinstance(event, kind) for event in self.events(release)))

    def left_behind(self) -> dict[str, list[str]]:
        """What is in the account, in both regions: all but the artifacts."""
        found: dict[str, list[str]] = {}
        for region in (NORTH, SOUTH):
            stacks = self.account.client("cloudformation", region).describe_stacks()["Stacks"]
            alive = [stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
            functions = self.account.client("lambda", region).list_functions()["Functions"]
            tables = self.account.client("dynamodb", region).list_tables()["TableNames"]
            found[region] = [*alive, *(each["FunctionName"] for each in functions), *tables]
        return found

    def serving(self, region: str = NORTH) -> str:
        """What the function answers to customers, once all traffic is on one version."""
        answer = self.account.client("lambda", region).invoke(FunctionName="kiosk-hello", Qualifier="live")
        return json.loads(answer["Payload"].read())["say"]

    def weights(self, region: str = NORTH) -> Mapping[str, float]:
        """The canary's weight on the alias."""
        alias = self.account.client("lambda", region).get_alias(FunctionName="kiosk-hello", Name="live")
        return alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    @contextmanager
    def customers(self) -> Iterator[None]:
        """Somebody invokes the alias in both regions all the time."""
        closed = threading.Event()

        def queue(region: str) -> None:
            client = self.account.client("lambda", region)
            while not closed.wait(0.03):
                with suppress(Exception):
                    client.invoke(FunctionName="kiosk-hello", Qualifier="live")["Payload"].read()

        threads = [threading.Thread(target=queue, args=(region,)) for region in (NORTH, SOUTH)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            closed.set()
            for thread in threads:
                thread.join()


def until(true: Callable[[], object]) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
