"""Applications made of a few files, and their suites, run as checks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from shoreward.adapters.git import Repository
from shoreward.adapters.suites import discover, suite_checks
from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.domain import Checks, Finding, Pipeline, Place, Suite, Target, Wave

HERE = Path(sys.executable).parent
"""Where this Python's own programs are: tests need no other."""

ENVIRONMENT = {
    "PATH": f"{HERE}{os.pathsep}{os.environ['PATH']}",
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    # Nothing of what is installed beside pytest here has a part in the suites of these applications.
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}

DECLARED = Place(file="shoreward.yaml", line=7)
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: tide/, Handler: app.lambda_handler, Runtime: python3.11}
"""


def pytest_suite(command: str = "python -m pytest tests", **more: object) -> Suite:
    """A suite that pytest runs."""
    return replace(
        Suite(
            name="unit",
            kind="unit",
            command=command,
            environment=("PYTEST_DISABLE_PLUGIN_AUTOLOAD",),
            where=DECLARED,
            timeout=60.0,
        ),
        **more,  # type: ignore[arg-type]
    )


def command_suite(command: str, **more: object) -> Suite:
    """A suite of which we know nothing but its command."""
    return pytest_suite(command, **more)


@dataclass
class Application:
    """A repository, and what its suites say."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    products: Mapping[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    said: list[str] = field(default_factory=list)
    checks: Checks = field(default_factory=Checks)
    template: str = "template.yaml"

    @classmethod
    def of(cls, directory: Path, files: Mapping[str, str]) -> Application:
        made = cls(directory / "repository")
        made.root.mkdir(parents=True)
        made.git("init", "--quiet")
        made.commit({"template.yaml": TEMPLATE, **files})
        return made

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, env=ENVIRONMENT, check=True, capture_output=True)

    def commit(self, files: Mapping[str, str]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")

    @property
    def environments(self) -> Path:
        return self.root.parent / "environments"

    @property
    def materials(self) -> Materials:
        repository = Repository(self.root)
        target = Target(account="123456789012", region="eu-west-1", stack="beach")
        pipeline = Pipeline(
            application="beach",
            template=self.template,
            waves=(Wave(name="one", targets=(target,)),),
            checks=self.checks,
        )
        commit = repository.resolve("HEAD").id
        return Materials(source=repository, commit=commit, pipeline=pipeline, products=self.products)

    def check(self, suite: Suite) -> Check:
        [check] = suite_checks([suite], self.environments, self.environment)
        return check

    def key(self, suite: Suite) -> str | None:
        return self.check(suite).key(self.materials)

    def run(self, suite: Suite) -> Report:
        return self.check(suite).run(self.materials, Running(stop=self.stop, say=self.said.append))

    def discovered(self) -> tuple[Suite, ...]:
        materials = self.materials
        return discover(materials.source, materials.commit, materials.pipeline)


def hanging(made: Application, suite: Suite, begun: Path) -> Report:
    """What is said of a suite that hangs once it has come so far that it writes a file.

    On a busy machine a suite may not come so far in time; then it is given more.
    """
    for timeout in (2.0, 10.0, 50.0):
        report = made.run(replace(suite, timeout=timeout))
        if begun.exists():
            return report
    raise AssertionError("it never began")


def only(report: Report) -> Finding:
    """The one thing that was found."""
    assert len(report.findings) == 1, [f"{finding.where}: {finding.rule} {finding.what}" for finding in report.findings]
    return report.findings[0]


def told(report: Report) -> list[tuple[str, str]]:
    """Rule and place of everything that was found, sorted."""
    return sorted((finding.rule, str(finding.where)) for finding in report.findings)
