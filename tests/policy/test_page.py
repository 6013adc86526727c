"""docs/policies.md tells of every rule of ours, with the severities that it has."""

import json
import re
from importlib.resources import files
from pathlib import Path

from policy.support import Yard, finding
from shoreward.adapters.policy import Engines
from shoreward.domain import PolicySource, Severity

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
ROWS = {
    rule: set(severities.split(", "))
    for rules, severities in re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \| ([a-z, ]+) \|", PAGE, re.MULTILINE)
    for rule in re.findall(r"`([A-Z_]+)`", rules)
}


def test_every_rule_of_the_pack_is_on_the_page_with_its_severities() -> None:
    told: dict[str, set[str]] = {}
    for entry in files("shoreward").joinpath("policies").iterdir():
        parts = re.split(r'^rule (?=\w)|make_diag\w*\((?=")', entry.read_text(), flags=re.MULTILINE)
        for part in parts[1:]:
            name = re.match(r'"?(\w+)', part)
            assert name
            told.setdefault(name[1], set()).update(re.findall(r"severity: ([a-z]+)", part))
    assert len(told) >= 25
    assert {rule: ROWS.get(rule) for rule in told} == told
    assert all(severity in list(Severity) for severities in told.values() for severity in severities)


def test_rules_that_are_not_files_are_on_the_page() -> None:
    built_in = {"IAM_BROADENED", "IAM_UNLIMITED", "STATEFUL_REMOVED", "STATEFUL_REPLACED", "STATEFUL_UNPROTECTED"}
    assert built_in | {"RUNTIME_DEPRECATED", "BASE_UNREADABLE"} <= set(ROWS)


def test_the_page_s_own_rules_work(tmp_path: Path, engines: Engines) -> None:
    template = "Resources:\n  Flotsam:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: flotsam\n"
    rego = re.findall(r"```rego\n(.*?)```", PAGE, re.DOTALL)
    cel = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.startswith("rules:")]
    yard = Yard(
        tmp_path,
        {"template.yaml": template, "rules/a.rego": f"package main\n{rego[0]}", "rules/b.yaml": cel[0]},
        engines,
    )
    report = yard.policies(PolicySource(path="rules"))
    for rule in ("main.deny_named", "QUEUE_NAMED"):
        found = finding(report, rule)
        assert (found.severity, found.subject) == (Severity.MEDIUM, "Flotsam"), json.dumps(str(found))
        assert found.where is not None
        assert found.where.line == 5
