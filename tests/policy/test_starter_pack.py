"""Each rule of the starter pack finds what it is for, and nothing else; ordinary applications pass."""

import json
import re
import threading
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from policy.support import Yard, line_of, made_of, summary
from shoreward.adapters.policy import Engines
from shoreward.adapters.policy.judged import findings_of
from shoreward.adapters.policy.origins import Origins
from shoreward.adapters.policy.rulebook import asked_of, starter_pack
from shoreward.adapters.policy.runtimes import runtime_findings
from shoreward.domain import Finding, Severity

HERE = Path(__file__).parent
RULES = sorted(path.name for path in (HERE / "pack").iterdir())
SHAPES = sorted(path.stem for path in (HERE / "shapes").iterdir())


def found(text: str, engines: Engines) -> tuple[Finding, ...]:
    """What the pack says to a template."""
    template, made = made_of(text)
    sources = (starter_pack(),)
    asked = {"files": asked_of(sources), "template": json.dumps(made), "parameters": []}
    return findings_of(engines.rules.ask(asked, threading.Event()), sources, Origins(template, made), made)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_what_it_is_for_and_nothing_else(rule: str, engines: Engines) -> None:
    bad, good = ((HERE / "pack" / rule / f"{name}.yaml").read_text() for name in ("fails", "passes"))
    told = [one for one in found(bad, engines) if one.rule == rule]
    assert told
    for one in told:
        assert one.what
        assert one.why
        assert one.fix
        assert one.subject in {"One", "Tide", "ServerlessHttpApi"}
        assert one.where is not None
        assert one.where.line is not None
        assert one.where.line > 3
    assert rule not in {one.rule for one in found(good, engines)}


FIREWALL = """\
Resources:
  Wall:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
        - IpProtocol: tcp
          FromPort: 80
          ToPort: 8080
          CidrIp: 0.0.0.0/0  # first
  Hole:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !GetAtt Wall.GroupId
      IpProtocol: "-1"
      CidrIpv6: ::/0  # second
"""


def test_each_door_of_a_firewall_that_is_open_is_told_at_its_line(engines: Engines) -> None:
    told = [one for one in found(FIREWALL, engines) if one.rule == "FIREWALL_OPEN"]
    lines = [one.where.line for one in told if one.where]
    assert sorted(lines, key=str) == [line_of(FIREWALL, "# first"), line_of(FIREWALL, "# second")]


def test_what_switches_a_queue_s_encryption_off_is_told_at_its_line(engines: Engines) -> None:
    text = (HERE / "pack" / "QUEUE_UNENCRYPTED" / "fails.yaml").read_text()
    [told] = [one for one in found(text, engines) if one.rule == "QUEUE_UNENCRYPTED"]
    assert told.where is not None
    assert told.where.line == line_of(text, "SqsManagedSseEnabled")


def test_every_rule_of_the_pack_has_a_template_that_fails_and_one_that_passes() -> None:
    texts = [entry.read_text() for entry in files("shoreward").joinpath("policies").iterdir()]
    rules = {rule for text in texts for rule in re.findall(r'^rule (\w+)|make_diag\w*\("(\w+)"', text, re.MULTILINE)}
    assert {first or second for first, second in rules} == set(RULES)


@pytest.mark.parametrize(
    ("runtime", "day", "severity"),
    [
        ("python3.13", "2026-11-22", None),
        ("nodejs20.x", "2026-02-15", Severity.NOTE),
        ("nodejs20.x", "2026-05-01", Severity.LOW),
        ("python3.6", "2026-11-22", Severity.HIGH),
        ("unheard-of", "2026-11-22", None),
    ],
)
def test_a_runtime_grows_old(runtime: str, day: str, severity: Severity | None) -> None:
    text = (HERE / "shapes" / "schedule.yaml").read_text().replace("python3.13", runtime)
    template, made = made_of(text)
    told = list(runtime_findings(made, Origins(template, made), date.fromisoformat(day)))
    assert [one.severity for one in told] == ([severity] if severity else [])
    for one in told:
        assert (one.rule, one.subject) == ("RUNTIME_DEPRECATED", "Tide")
        assert one.where is not None
        assert one.where.line == line_of(text, "Runtime:")


@pytest.mark.parametrize("shape", SHAPES)
def test_an_ordinary_application_is_not_held_up(shape: str, tmp_path: Path, engines: Engines) -> None:
    """They have the shapes that sam init and the documentation give applications."""
    yard = Yard(tmp_path, {"template.yaml": (HERE / "shapes" / f"{shape}.yaml").read_text()}, engines)
    held = [one for one in summary(yard.policies()) + summary(yard.template()) if one[1] not in ("note", "low")]
    assert held == []


def test_sandcastles_is_not_held_up(tmp_path: Path, engines: Engines) -> None:
    example = Path(__file__).parents[2] / "examples" / "sandcastles" / "template.yaml"
    yard = Yard(tmp_path, {"template.yaml": example.read_text()}, engines)
    yard.parameters({"Stage": "prod"})
    held = [one for one in summary(yard.policies()) + summary(yard.template()) if one[1] not in ("note", "low")]
    assert held == []
