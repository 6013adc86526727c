"""Repositories that are built and scanned, and what stands around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from build.support import Workshop, pipeline
from shoreward.adapters.git import Repository
from shoreward.adapters.scan import scan_checks
from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.domain import Advisories, Finding

NOON = 1_760_000_000.0
"""When the tests are, UNIX seconds."""

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Handler: app.handler}}
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: tide/}
  Wind:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: wind/}
"""
HANDLER = "def handler(event, context):\n    return 1\n"


@dataclass(frozen=True, slots=True)
class FixedClock:
    at: float = NOON

    def now(self) -> float:
        return self.at


class Yard(Workshop):
    """A repository that is scanned, with a memory of its own."""

    def __init__(self, directory: Path, files: Mapping[str, str | bytes], *, at: float = NOON) -> None:
        super().__init__(directory, files)
        self.source = Repository(self.root)
        self.state = directory / "state"
        self.at = at

    def checks(self, advisories: Advisories | None = None) -> dict[str, Check]:
        found = scan_checks(
            advisories or Advisories(),
            artifacts=self.artifacts,
            blobs=self.blobs,
            root=self.root,
            state=self.state,
            clock=FixedClock(self.at),
        )
        return {check.name: check for check in found}

    def materials(self, *, built: bool = True) -> Materials:
        commit = self.source.resolve("HEAD").id
        products = {"build": json.dumps(asdict(self.revision()))} if built else {}
        return Materials(source=self.source, commit=commit, pipeline=pipeline(), products=products)

    def scan(self, name: str, advisories: Advisories | None = None) -> Report:
        check = self.checks(advisories)[name]
        return check.run(self.materials(built="build" in check.needs), Running())

    def key(self, name: str, advisories: Advisories | None = None) -> str | None:
        check = self.checks(advisories)[name]
        return check.key(self.materials(built="build" in check.needs))


def dist_info(name: str, version: str, requires: tuple[str, ...] = ()) -> dict[str, str]:
    """What an installer of Python's leaves of a package."""
    asked = "".join(f"Requires-Dist: {one}\n" for one in requires)
    return {
        f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}\n"
    }


def node_package(folder: str, name: str, version: str | None, **dependencies: str) -> dict[str, str]:
    """What npm leaves of a package in a folder."""
    about = {"name": name, "dependencies": dependencies} | ({"version": version} if version else {})
    return {f"{folder}/package.json": json.dumps(about), f"{folder}/index.js": "module.exports = 1;\n"}


def below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": content for name, content in files.items()}


def places(findings: tuple[Finding, ...]) -> list[str]:
    """Rule and place of each finding."""
    return [f"{finding.rule} {finding.where}" for finding in findings]
