"""Rules in CEL: a file with a list of them, JSON or YAML.

    rules:
      - rule_id: QUEUE_NAMED
        severity: medium
        resource_type: AWS::SQS::Queue
        expression: has(properties.QueueName)
        message: "{name} has a name of its own."
        why: A name that is given cannot be replaced.
        fix: Leave QueueName out.

It is cloudformation-validate's own form, with `why`, `fix` and our severities beside. The engine is given one rule at a
time, under an id that is ours, since it tells neither where a rule stands nor takes two of one id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shoreward.adapters.policy.errors import unreadable
from shoreward.adapters.policy.wording import Words, severity_named, words_of
from shoreward.domain import Place, SpecError
from shoreward.spec.template import did_you_mean
from shoreward.spec.template.plain import Json, listed, mapping
from shoreward.spec.yaml import Document, read_yaml

OWN_ID = "c-of-ours"
"""Stands in a rule's file where the engine's id belongs."""

_KEYS = ("rule_id", "severity", "category", "resource_type", "expression", "message", "property_path",
         "suggested_fix", "why", "fix")  # fmt: skip
_NEEDED = ("rule_id", "expression", "message")
_TYPE = re.compile(r"[A-Za-z0-9]+(::[A-Za-z0-9]+){1,3}(::MODULE)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRule:
    """One rule.

    Attributes:
        expression_file: a file for the engine with this rule only, its id to be filled in for `OWN_ID`.
    """

    id: str
    line: int | None
    expression_file: str
    words: Words
    property: str


def cel_rules(text: str, path: str) -> Iterator[CelRule]:
    """Read a file of rules.

    Raises:
        UserError: POLICY_UNREADABLE.
    """
    try:
        document = read_yaml(text, path, intrinsics=False)
    except SpecError as error:
        raise unreadable(error.what, error.where, error.next) from error
    for key in document.value:
        if key != "rules":
            what = f"A file of CEL rules has one key, 'rules', and not '{key}'."
            advice = "Keep other files elsewhere, or in a folder named tests."
            raise unreadable(what, document.place((key,), key=True), advice)
    if not isinstance(document.value.get("rules"), list):
        raise unreadable("The file has no list 'rules'.", Place(file=path, line=1))
    seen: set[str] = set()
    for index, rule in enumerate(listed(document.value["rules"])):
        _check(document, index, rule, seen)
        seen.add(str(rule["rule_id"]))
        yield _rule(document, index, mapping(rule))


def _check(document: Document, index: int, rule: Json, seen: set[str]) -> None:
    at = ("rules", index)
    if not isinstance(rule, dict):
        raise unreadable("A rule is a mapping.", document.place(at))
    for key, value in mapping(rule).items():
        if key not in _KEYS:
            raise unreadable(
                f"A CEL rule has no '{key}'.", document.place((*at, key), key=True), did_you_mean(key, _KEYS)
            )
        if not isinstance(value, str):
            raise unreadable(f"'{key}' of a CEL rule is a text.", document.place((*at, key)))
    for key in _NEEDED:
        if not mapping(rule).get(key):
            raise unreadable(f"The rule has no '{key}'.", document.place(at))
    if rule["rule_id"] in seen:
        raise unreadable(f"There is a rule '{rule['rule_id']}' above.", document.place((*at, "rule_id")))
    kind = str(mapping(rule).get("resource_type", ""))
    if kind and not _TYPE.fullmatch(kind):
        advice = "Leave it out, and the rule looks at the template as a whole: `resources` has them all."
        raise unreadable(
            f"'{kind}' is no resource type, so nothing would match.", document.place((*at, "resource_type")), advice
        )


def _rule(document: Document, index: int, rule: dict[str, str]) -> CelRule:
    at = ("rules", index)
    try:
        words = words_of(rule["message"])
        severity = severity_named(rule["severity"]) if "severity" in rule else words.severity
    except ValueError as error:
        raise unreadable(str(error), document.place((*at, "severity"))) from error
    fix = rule.get("fix") or rule.get("suggested_fix") or words.fix
    own = {
        "rule_id": OWN_ID,
        "severity": "ERROR",
        "category": "cel",
        "expression": rule["expression"],
        "message": words.what,
        **({"resource_type": rule["resource_type"]} if "resource_type" in rule else {}),
    }
    place = document.place((*at, "expression"), key=True)
    return CelRule(
        id=rule["rule_id"],
        line=place.line,
        expression_file=json.dumps({"rules": [own]}),
        words=replace(words, why=rule.get("why") or words.why, fix=fix, severity=severity),
        property=rule.get("property_path", ""),
    )
