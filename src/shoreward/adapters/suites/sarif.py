"""Reads SARIF 2.1, as ruff, semgrep, CodeQL, checkov and others write it; and what eslint writes instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shoreward.adapters.suites.frames import Locate
from shoreward.adapters.suites.outcome import Told, Unreadable
from shoreward.domain import Finding, Place, Severity

Json = dict[str, Any]

_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW, "none": Severity.NOTE}
_COUNT = ("fail", "open", "review")


def read_sarif(content: Json, locate: Locate) -> Told:
    """The findings of a log. Raises `Unreadable`, also when the log says that the tool did not get through."""
    try:
        return Told(findings=tuple(finding for run in content["runs"] for finding in _run(run, locate)))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise Unreadable(f"it is no SARIF ({type(error).__name__}: {error})") from error


def _run(run: Json, locate: Locate) -> Iterator[Finding]:
    for invocation in run.get("invocations", ()):
        if invocation.get("executionSuccessful") is False:
            raise ValueError("the tool says that it did not get through")
    rules: list[Json] = run["tool"]["driver"].get("rules", [])
    for result in run.get("results") or ():
        accepted = any(one.get("status", "accepted") == "accepted" for one in result.get("suppressions") or ())
        if accepted or result.get("kind", "fail") not in _COUNT:
            continue
        yield _finding(result, _rule(result, rules), locate)


def _rule(result: Json, rules: Sequence[Json]) -> Json:
    """What the tool says of the rule that a result is about."""
    for rule in rules:
        if rule.get("id") == result.get("ruleId"):
            return rule
    index = int(result.get("ruleIndex", -1))
    if 0 <= index < len(rules):
        return rules[index]
    return {}


def _finding(result: Json, rule: Json, locate: Locate) -> Finding:
    level = result.get("level") or rule.get("defaultConfiguration", {}).get("level") or "warning"
    what = _message(result["message"], rule)
    about = rule.get("shortDescription", {}).get("text", "").strip().split("\n")[0]
    advice = rule.get("help", {}).get("text", "").strip().split("\n")[0]
    return Finding(
        rule=str(result.get("ruleId") or rule.get("id") or "sarif"),
        severity=_LEVELS.get(level, Severity.HIGH),
        what=what,
        why=about if about != what else "",
        fix=f"See {rule['helpUri']}." if rule.get("helpUri") else advice,
        where=_place(result, locate),
        subject=_symbol(result),
    )


def _message(message: Json, rule: Json) -> str:
    text = message.get("text") or message.get("markdown")
    if not text:
        text = rule.get("messageStrings", {}).get(message.get("id", ""), {}).get("text", message.get("id", ""))
        for number, argument in enumerate(message.get("arguments", ())):
            text = text.replace(f"{{{number}}}", str(argument))
    return str(text).strip().split("\n")[0]


def _place(result: Json, locate: Locate) -> Place | None:
    for location in result.get("locations") or ():
        physical = location.get("physicalLocation", {})
        uri = physical.get("artifactLocation", {}).get("uri", "")
        region = physical.get("region", {})
        if uri:
            return place_at(str(uri), region.get("startLine"), region.get("startColumn"), locate)
    return None


def place_at(file: str, line: Any, column: Any, locate: Locate) -> Place:
    """A place that a tool names; what is no number is none."""
    return Place(file=locate(file) or file, line=_count(line), column=_count(column))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _symbol(result: Json) -> str:
    for location in result.get("locations") or ():
        for logical in location.get("logicalLocations") or ():
            return str(logical.get("fullyQualifiedName") or logical.get("name") or "")
    return ""


def read_eslint(content: list[Any], locate: Locate) -> Told:
    """The messages of eslint's own JSON. Raises `Unreadable`."""
    try:
        return Told(findings=tuple(_complaint(file, one, locate) for file in content for one in file["messages"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"it is nothing that eslint writes ({type(error).__name__}: {error})") from error


def _complaint(file: Json, message: Json, locate: Locate) -> Finding:
    return Finding(
        rule=str(message.get("ruleId") or "parse-error"),
        severity=Severity.HIGH if message.get("severity") == 2 else Severity.MEDIUM,
        what=str(message["message"]).strip().split("\n")[0],
        where=place_at(str(file["filePath"]), message.get("line"), message.get("column"), locate),
    )
