"""A tiny application with suites that are shell commands, and the command line on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.support import Said, shoreward

PATIENCE = 120.0
"""Seconds after which a test gives up: far more than anything here takes."""

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      CodeUri: code/
      Handler: hello.handler
"""

PIPELINE = """\
application: shop
template: template.yaml
accounts:
  main: {id: "111111111111"}
waves:
  - {name: north, targets: [main/eu-north-1]}
checks:
  discover: false
  skip: [security, secrets, sbom, template, policies, vulnerabilities]
"""

SUITES = """\
  suites:
    - {name: prices, kind: unit, run: "grep -q 5 prices.txt", inputs: [prices.txt]}
    - {name: words, kind: quality, run: "test $MODE != wrong", inputs: [code/**], environment: [MODE], tools: [teller]}
"""


@dataclass(slots=True)
class Shop:
    """The application's repository."""

    root: Path

    @classmethod
    def built(cls, root: Path) -> Shop:
        shop = cls(root)
        shop.write("template.yaml", TEMPLATE)
        shop.write("shoreward.yaml", PIPELINE + SUITES)
        shop.write("code/hello.py", "def handler(event, context):\n    return 'hello'\n")
        shop.write("prices.txt", "5\n")
        shop.git("init", "-q", "-b", "main")
        shop.commit()
        return shop

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def declare(self, more: str) -> None:
        """Declare something beside the suites, below `checks`."""
        self.write("shoreward.yaml", PIPELINE + SUITES + more)

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{who}_{what}": "kim@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env={**os.environ, **who}, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "A change")
        return self.git("rev-parse", "HEAD")

    def check(self, *options: str, at: str = "") -> Said:
        """Run `shoreward check`."""
        return shoreward("check", *options, at=self.root / at)

    def answer(self, *options: str) -> Any:
        """What `shoreward check --json` says."""
        return json.loads(self.check("--json", *options).out)

    def verdicts(self, *options: str) -> dict[str, str]:
        return {one["check"]: one["verdict"] for one in self.answer(*options)["checks"] if not one["skipped"]}

    @contextmanager
    def process(self, *options: str, command: str = "check") -> Iterator[subprocess.Popen[str]]:
        """`shoreward check`, or another command, in a process of its own, which is ended, whatever happens."""
        process = subprocess.Popen(
            [sys.executable, "-m", "shoreward", command, *options],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()


def until(true: Callable[[], object]) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def alive(process: int) -> bool:
    """Whether a process is there and not only waiting to be buried."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
