"""SARIF 2.1.0: findings as code scanning takes them (GitHub, GitLab, Azure DevOps, editors).

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; what GitHub reads of it:
https://docs.github.com/code-security/reference/code-scanning/sarif-support-for-code-scanning
One run for each check, so that what one check no longer finds is closed without the others having run.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Result
from shoreward.app.checking.report._common import sentences, waiver_words
from shoreward.domain import Finding, Place, Severity, Verdict

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""What GitHub reads as a security severity: above 9.0 critical, 7.0 high, 4.0 medium."""

Json = dict[str, Any]


def sarif(answer: Answer, *, version: str) -> str:
    """The findings of checks that were run, or whose verdict was kept, as a SARIF log.

    Args:
        version: Shoreward's own.
    """
    looked = [result for result in answer.results if result.verdict is not Verdict.NO_DATA]
    return json.dumps(
        {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(each, version) for each in looked]}, indent=2
    )


def _run(result: Result, version: str) -> Json:
    findings = result.report.findings
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    first = {finding.rule: finding for finding in reversed(findings)}
    notice: list[Json] = []
    if result.error:
        notice = [
            {"level": "error", "descriptor": {"id": result.error.code}, "message": {"text": sentences(result.error)}}
        ]
    return {
        "tool": {
            "driver": {
                "name": f"shoreward {result.check}",
                "semanticVersion": version,
                "rules": [_rule(first[rule]) for rule in rules],
            }
        },
        "automationDetails": {"id": f"shoreward/{result.check}/"},
        "invocations": [
            {"executionSuccessful": result.verdict is not Verdict.ERROR, "toolExecutionNotifications": notice}
        ],
        "results": [_result(finding, rules.index(finding.rule)) for finding in findings],
    }


def _rule(finding: Finding) -> Json:
    rule: Json = {"id": finding.rule, "defaultConfiguration": {"level": _LEVELS.get(finding.severity, "note")}}
    if finding.why:
        rule["fullDescription"] = {"text": finding.why}
    if finding.fix:
        rule["help"] = {"text": finding.fix}
    if score := _SCORES.get(finding.severity):
        rule["properties"] = {"security-severity": score}
    return rule


def _result(finding: Finding, index: int) -> Json:
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS.get(finding.severity, "note"),
        "message": {"text": sentences(finding)},
        "partialFingerprints": {"shoreward/v1": finding.fingerprint},
    }
    if finding.where is not None:
        result["locations"] = [_location(finding.where)]
    if finding.waived is not None:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": waiver_words(finding)}]
    return result


def _location(place: Place) -> Json:
    physical: Json = {"artifactLocation": {"uri": quote(place.file), "uriBaseId": "%SRCROOT%"}}
    if place.line is not None:
        column = {"startColumn": place.column} if place.column is not None else {}
        physical["region"] = {"startLine": place.line, **column}
    return {"physicalLocation": physical}
