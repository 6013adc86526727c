"""Shop: a small application in a git repository, whose sandboxes are made by the real command line."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoreward.cli import main
from shoreward.testing.cloud import CloudAccount

from .support import REGION, inventory

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Timeout: 3
      CodeUri: code/
      Handler: hello.handler
      Environment:
        Variables: {STAGE: !Ref Stage}
  Guests:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: name, AttributeType: S}]
      KeySchema: [{AttributeName: name, KeyType: HASH}]
Outputs:
  HelloName: {Value: !Ref Hello}
  GuestsName: {Value: !Ref Guests}
"""

PIPELINE = """\
application: shop
template: template.yaml
stack: shop
parameters: {Stage: prod}
accounts:
  main: {id: "ACCOUNT"}
waves:
  - {name: north, targets: [main/eu-west-1]}
checks:
  sandbox:
    target: main/eu-north-1
    parameters: {Stage: test}
"""

HELLO = "def handler(event, context):\n    print('hello')\n    return {'say': 'WORD'}\n"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


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


@dataclass(frozen=True, slots=True)
class Shop:
    """The repository and the account."""

    root: Path
    account: CloudAccount

    @classmethod
    def founded(cls, root: Path, account: CloudAccount) -> Shop:
        """A repository with one commit on the branch `main`."""
        shop = cls(root, account)
        shop.write("template.yaml", TEMPLATE)
        shop.write("shoreward.yaml", PIPELINE.replace("ACCOUNT", account.account_id))
        shop.write("code/hello.py", HELLO)
        shop.git("init", "-q", "-b", "main")
        shop.commit()
        return shop

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file: one text for another that is there."""
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def commit(self) -> str:
        """Commit everything; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "A change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        who = {"GIT_AUTHOR_NAME": "Kim", "GIT_AUTHOR_EMAIL": "kim@example.com"}
        who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self.root), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **who, **quiet})
        return done.stdout.strip()

    def run(self, *arguments: str) -> Said:
        """Run a command in the repository."""
        return shoreward("sandbox", *arguments, at=self.root)

    @contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command in a process of its own, which does not outlive the block."""
        process = subprocess.Popen(
            [sys.executable, "-m", "shoreward", "sandbox", *arguments],
            cwd=self.root,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()

    def left(self) -> dict[str, Any]:
        """All that is in the account where sandboxes are made, but the artifacts."""
        found = inventory(self.account, REGION)
        return {kind: names for kind, names in found.items() if "shoreward-" not in kind and kind != "buckets"}
