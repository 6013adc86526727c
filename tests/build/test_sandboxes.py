"""What is built is built for production; a sandbox for which it would not fit is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from build.support import Workshop, pipeline
from shoreward.domain import Checks, Pipeline, Place, SandboxPlan, SpecError, SpecErrors, Target

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Runtime: {Type: String, Default: python3.13}
  Architecture: {Type: String, Default: x86_64}
  Handler: {Type: String, Default: app.handler}
  Memory: {Type: Number, Default: 128}
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: tide/
      Handler: !Ref Handler
      Runtime: !Ref Runtime
      Architectures: [!Ref Architecture]
      MemorySize: !Ref Memory
"""
WHERE = Place(file="shoreward.yaml", line=9)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {"template.yaml": TEMPLATE, "tide/app.py": "def handler(event, context): ...\n"})


def planned(production: dict[str, str], sandbox: dict[str, str]) -> Pipeline:
    plain = pipeline()
    [wave] = plain.waves
    targets = tuple(replace(target, parameters=tuple(sorted(production.items()))) for target in wave.targets)
    own = Target(account="1" * 12, region="eu-west-1", stack="sand", parameters=tuple(sorted(sandbox.items())))
    checks = Checks(sandbox=SandboxPlan(target=own, where=WHERE))
    return replace(plain, waves=(replace(wave, targets=targets),), checks=checks)


@pytest.mark.parametrize(
    ("production", "sandbox", "words"),
    [
        ({}, {"Runtime": "python3.12"}, "Runtime of Tide is 'python3.13' in production and 'python3.12' in sandboxes"),
        ({}, {"Architecture": "arm64"}, "Architectures of Tide is 'x86_64' in production and 'arm64' in sandboxes"),
        ({"Handler": "app.handler"}, {"Handler": "other.handler"}, "Handler of Tide is 'app.handler'"),
        ({"Runtime": "python3.12"}, {}, "'python3.12' in production and 'python3.13' in sandboxes (Runtime)"),
    ],
)
def test_a_sandbox_that_would_run_other_code_is_refused(
    workshop: Workshop, production: dict[str, str], sandbox: dict[str, str], words: str
) -> None:
    with pytest.raises(SpecError) as refused:
        workshop.builder.make(planned(production, sandbox), "HEAD")
    assert (refused.value.code, refused.value.where) == ("BUILD_DIFFERS", WHERE)
    assert words in refused.value.what


def test_all_that_does_not_fit_is_told_at_once(workshop: Workshop) -> None:
    with pytest.raises(SpecErrors) as refused:
        workshop.builder.make(planned({}, {"Runtime": "python3.12", "Architecture": "arm64"}), "HEAD")
    assert [one.code for one in refused.value.errors] == ["BUILD_DIFFERS"] * 2


def test_a_sandbox_that_differs_in_other_things_gets_what_production_gets(workshop: Workshop) -> None:
    same = workshop.builder.make(planned({}, {"Memory": "256", "Runtime": "python3.13"}), "HEAD")
    plain = workshop.builder.make(pipeline(), "HEAD")
    assert same.revision == plain.revision


def test_a_build_that_is_remembered_does_not_hide_a_sandbox_that_does_not_fit(workshop: Workshop) -> None:
    workshop.builder.make(planned({}, {}), "HEAD")
    with pytest.raises(SpecError, match="BUILD_DIFFERS"):
        workshop.builder.make(planned({}, {"Runtime": "python3.12"}), "HEAD")
