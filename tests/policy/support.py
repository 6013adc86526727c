"""Repositories with a template, checked as a person would have them checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from build.support import ENVIRONMENT, Workshop, pipeline
from shoreward.adapters.aws.stacks.stateful import STATEFUL
from shoreward.adapters.git import Repository
from shoreward.adapters.policy import Engines, policy_checks
from shoreward.adapters.policy.origins import Origins
from shoreward.adapters.policy.rendering import rendered_template
from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.domain import Finding, Pipeline, PolicySource, SpecError, Target, canonical
from shoreward.spec.template import (
    Template,
    find_assets,
    parameter_values,
    read_template,
    render,
)

__all__ = ["ENVIRONMENT", "Yard", "finding", "line_of", "made_of", "origins_of", "pipeline", "summary"]

NOON = 1_790_000_000.0
"""When the tests are, UNIX seconds: in September 2026."""

HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
"""


@dataclass(frozen=True, slots=True)
class FixedClock:
    at: float = NOON

    def now(self) -> float:
        return self.at


class Yard(Workshop):
    """A repository whose template is checked; `build` is played by rendering without building."""

    def __init__(self, directory: Path, files: Mapping[str, str | bytes], engines: Engines) -> None:
        super().__init__(directory, files)
        self.source = Repository(self.root)
        self.state = directory / "state"
        self.engines = engines
        self.pipeline: Pipeline = pipeline()
        self.before: Pipeline | None = None
        """The pipeline of the commit that is compared with; the same one when None."""
        self.refusal: SpecError | None = None
        """Why that pipeline cannot be read."""
        self.outlines: dict[str, str] = {}
        """Of commits that were built before."""
        self.at = NOON

    def head(self) -> str:
        return self.source.resolve("HEAD").id

    def regions(self, *names: str) -> None:
        """The application goes to these regions."""
        [wave] = self.pipeline.waves
        targets = tuple(replace(wave.targets[0], region=name) for name in names)
        self.pipeline = replace(self.pipeline, waves=(replace(wave, targets=targets),))

    def parameters(self, *values: Mapping[str, str]) -> None:
        """It goes to one account for each of these sets of parameters."""
        [wave] = self.pipeline.waves
        targets = tuple(
            Target(account=f"{index:012}", region="eu-west-1", stack="beach", parameters=tuple(sorted(given.items())))
            for index, given in enumerate(values, 1)
        )
        self.pipeline = replace(self.pipeline, waves=(replace(wave, targets=targets),))

    def check(self, name: str, policies: Sequence[PolicySource] = ()) -> Check:
        found = policy_checks(
            tuple(policies),
            blobs=self.blobs,
            clock=FixedClock(self.at),
            stateful=STATEFUL,
            open=Repository,
            root=self.root,
            state=self.state,
            pipeline_at=self.pipeline_at,
            engines=self.engines,
            outlined=lambda pipeline, commit: self.outlines.get(commit),
        )
        return next(check for check in found if check.name == name)

    def pipeline_at(self, commit: str) -> Pipeline:
        del commit
        if self.refusal:
            raise self.refusal
        return self.before or self.pipeline

    def materials(self, base: str | None = None) -> Materials:
        commit = self.head()
        blob = self.blobs.put(canonical(rendered_template(self.source, self.pipeline, commit)))
        return Materials(
            source=self.source,
            commit=commit,
            pipeline=self.pipeline,
            base=base,
            products={"build": json.dumps({"template": blob})},
        )

    def policies(self, *policies: PolicySource, base: str | None = None) -> Report:
        return self.check("policies", policies).run(self.materials(base), Running())

    def template(self) -> Report:
        return self.check("template").run(self.materials(), Running())

    def key(self, name: str, *policies: PolicySource, base: str | None = None) -> str | None:
        return self.check(name, policies).key(self.materials(base))


def made_of(text: str, **parameters: str) -> tuple[Template, dict[str, object]]:
    """A template, and what CloudFormation gets of it."""
    template = read_template(text, "template.yaml")
    values = parameter_values(template, [("here", parameters)] if parameters else [])
    assets = find_assets(template, values)
    made = render(template, values, assets, {asset.logical_id: "0" * 64 for asset in assets}, lambda path: None)
    return template, made.template


def origins_of(text: str) -> Origins:
    return Origins(*made_of(text))


def line_of(text: str, part: str) -> int:
    """The line on which a text says something, which it does once."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if part in line]
    assert len(lines) == 1, f"{part!r} stands on the lines {lines}"
    return lines[0]


def finding(report: Report, rule: str) -> Finding:
    """The one finding of a rule."""
    found = [one for one in report.findings if one.rule == rule]
    assert len(found) == 1, f"{rule}: {[str(one) for one in found] or [one.rule for one in report.findings]}"
    return found[0]


def summary(report: Report) -> list[tuple[str, str, str, int | None]]:
    """Rule, severity, subject and line of each finding."""
    return [
        (one.rule, one.severity.value, one.subject, one.where.line if one.where else None) for one in report.findings
    ]
