"""Harbor: a small application in a git repository of its own, whose commits are the same in every run."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shoreward.testing.builders import NO_CHECKS

OPERATOR = "300000000000"
NORTH, SOUTH = "311111111111", "322222222222"
FUNCTIONS = {"Greet": "harbor-greet", "Ferry": "harbor-ferry"}
FOGGY = "us-west-2"
"""The region of the last wave where the bad revision harms."""

_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, Timeout: 5, AutoPublishAlias: live}
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${AWS::StackName}-greet", CodeUri: greet/, Handler: greet.handler}
  Ferry:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${AWS::StackName}-ferry", CodeUri: ferry/, Handler: ferry.handler}
  Guests:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: name, AttributeType: S}]
      KeySchema: [{AttributeName: name, KeyType: HASH}]
"""

_PIPELINE = """\
application: harbor
template: template.yaml
accounts:
  north:
    id: "{north}"
    role: arn:aws:iam::{north}:role/shoreward-harbor-deploy
    execution-role: arn:aws:iam::{north}:role/shoreward-harbor-execution
  south:
    id: "{south}"
    role: arn:aws:iam::{south}:role/shoreward-harbor-deploy
    execution-role: arn:aws:iam::{south}:role/shoreward-harbor-execution
defaults:
  steps: [50%]
  bake: {{minimum: 1s, requests: 8, deadline: {deadline}, on-deadline: rollback}}
waves:
{waves}
judge:
  interval: 1s
  delay: 1s
  dispersion: 1
  alpha: 5%
  beta: 10%
  promote-margin: {{ratio: 1.5, points: 30%}}
  skip: [latency]
"""

Waves = tuple[tuple[str, ...], ...]
WAVES: Waves = (
    ("north/eu-north-1",),
    ("south/sa-east-1", "north/eu-west-1"),
    ("north/us-east-1", "south/us-west-2", "south/ap-southeast-2"),
)
SHORT_WAVES: Waves = (("north/eu-north-1",), ("south/us-west-2",))
"""For tests that must be quick; the certification runs use all of `WAVES`."""

_FERRY = "def handler(event, context):\n    return {'ferry': 'sails'}\n"
_GREET = "def handler(event, context):\n    return {{'greeting': '{word}'}}\n"
_FOGGY = "through the fog"
_FOG = f"""\
import os
import random


def handler(event, context):
    if os.environ["AWS_REGION"] == "{FOGGY}" and random.random() < 0.7:
        raise RuntimeError("lost in the fog")
    return {{{{"greeting": "{{word}}"}}}}
"""


@dataclass(frozen=True, slots=True)
class Application:
    """The repository of Harbor."""

    root: Path

    @classmethod
    def founded(cls, root: Path, *, waves: Waves = WAVES, deadline: str = "180s") -> Application:
        """A repository with template and pipeline, and nothing committed yet."""
        application = cls(root)
        for folder in ("greet", "ferry"):
            (root / folder).mkdir(parents=True)
        (root / "template.yaml").write_text(_TEMPLATE)
        shown = "\n".join(f"  - {{name: wave-{n}, targets: [{', '.join(wave)}]}}" for n, wave in enumerate(waves, 1))
        pipeline = _PIPELINE.format(north=NORTH, south=SOUTH, deadline=deadline, waves=shown) + NO_CHECKS
        (root / "shoreward.yaml").write_text(pipeline)
        (root / "ferry" / "ferry.py").write_text(_FERRY)
        application.git("init", "-q", "-b", "main")
        return application

    def greets(self, word: str) -> str:
        """Commit a harmless change, which takes back what harmed before it; returns the commit."""
        before = self.git("log", "-1", "--format=%H %s") if self.git("rev-list", "--all", "--count") != "0" else ""
        mends = f"\n\nThis reverts commit {before.split()[0]}." if before.endswith(_FOGGY) else ""
        return self._commit(_GREET.format(word=word), f"Say {word}{mends}")

    def harms(self, word: str) -> str:
        """Commit a change that fails most requests, in one region only; returns the commit."""
        return self._commit(_FOG.format(word=word), f"Say {word} {_FOGGY}")

    def _commit(self, code: str, subject: str) -> str:
        (self.root / "greet" / "greet.py").write_text(code)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        when = "2026-01-01T12:00:00+0000"
        who = {"GIT_AUTHOR_NAME": "Kim", "GIT_AUTHOR_EMAIL": "kim@example.com", "GIT_AUTHOR_DATE": when}
        who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        )
        return done.stdout.strip()
