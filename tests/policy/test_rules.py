"""Organisational rules in Guard, Rego and CEL find what they are written for, on the lines that people wrote."""

from pathlib import Path

import pytest

from policy.support import HEAD, Yard, finding, line_of, summary
from shoreward.adapters.policy import Engines
from shoreward.domain import PolicySource, Severity, UserError

TEMPLATE = (
    HEAD
    + """\
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function:
    Runtime: python3.13
    Tracing: Active
    Timeout: 10
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://beach/tide
      Handler: tide.handler
      MemorySize: 4096
  Moon:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://beach/moon
      Handler: moon.handler
      MemorySize: 128
      Environment: {Variables: {STAGE: !Ref Stage}}
  Flotsam:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${Stage}-flotsam
"""
)

GUARD = """\
# Functions stay small.
let functions = Resources.*[ Type == 'AWS::Lambda::Function' ]
let topics = Resources.*[ Type == 'AWS::SNS::Topic' ]

rule function_small when %functions !empty {
  %functions.Properties.MemorySize <= 1024 <<
    The function has more memory than anybody needs.
    why: It costs what it could have, not what it uses.
    fix: Measure, then set MemorySize.
    severity: medium
  >>
}

rule topic_named when %topics !empty {
  %topics.Properties.TopicName exists
}
"""

CONFTEST_OLD = """\
package main

deny[msg] {
  resource := input.Resources[name]
  resource.Type == "AWS::SQS::Queue"
  resource.Properties.QueueName
  msg := sprintf("The queue %s has a name of its own", [name])
}

warn[msg] {
  input.Resources[name].Type == "AWS::Lambda::Function"
  input.Resources[name].Properties.MemorySize > 1024
  msg := sprintf("%s is big", [name])
}
"""

CONFTEST_OBJECT = """\
package org.queues

about := {"severity": "medium", "why": "It cannot be replaced.", "fix": "Leave it out."}

deny_named[{"msg": msg, "resource": name, "path": "Properties.QueueName", "metadata": about}] {
  input.Resources[name].Properties.QueueName
  msg := "The queue has a name of its own."
}
"""

CONFTEST_NEW = """\
package main

import rego.v1

# METADATA
# title: no names
# custom:
#   severity: low
#   fix: Leave QueueName out.
violation contains {"msg": msg, "details": {"resource": name}} if {
  some name, resource in input.Resources
  resource.Properties.QueueName
  msg := "named"
}
"""

NATIVE = """\
package org.queues
import rego.v1

violation contains make_diag_full("QUEUE_NAMED", "WARN", name, path, "has a name of its own", "Leave it out.", "") if {
  path := "Properties.QueueName"
  some name in resources_of_type("AWS::SQS::Queue")
  input.resources[name].properties.QueueName == "prod-flotsam"
}
"""

CEL = """\
rules:
  - rule_id: QUEUE_NAMED
    severity: medium
    resource_type: AWS::SQS::Queue
    expression: has(properties.QueueName)
    property_path: Properties.QueueName
    message: "{name} has a name of its own."
    why: A name that is given cannot be replaced.
    fix: Leave QueueName out.
"""

RULES = (PolicySource(path="rules"),)


@pytest.fixture
def yard(tmp_path: Path, engines: Engines) -> Yard:
    return Yard(tmp_path, {"template.yaml": TEMPLATE}, engines)


def own(yard: Yard, **files: str) -> None:
    yard.commit({f"rules/{name.replace('__', '.')}": text for name, text in files.items()})


def test_guard_finds_the_line_and_says_why_and_how_to_mend_it(yard: Yard) -> None:
    own(yard, small__guard=GUARD)
    found = finding(yard.policies(*RULES), "function_small")
    assert found.severity == Severity.MEDIUM
    assert found.subject == "Tide"
    assert found.what == "Tide: The function has more memory than anybody needs."
    assert found.why == "It costs what it could have, not what it uses."
    assert found.fix == "Measure, then set MemorySize."
    assert found.where is not None
    assert (found.where.file, found.where.line) == ("template.yaml", line_of(TEMPLATE, "MemorySize: 4096"))
    assert ("rules", "rules/small.guard") in found.details


def test_a_guard_rule_that_nothing_matches_is_satisfied(yard: Yard) -> None:
    own(yard, small__guard=GUARD.replace("1024", "8192"))
    report = yard.policies(*RULES)
    assert not {"function_small", "topic_named"} & {one.rule for one in report.findings}


def test_a_guard_clause_without_words_is_told_in_words(yard: Yard) -> None:
    text = "rule tagged { Resources.*[ Type == 'AWS::SQS::Queue' ].Properties.Tags exists }\n"
    own(yard, tags__guard=text)
    found = finding(yard.policies(*RULES), "tagged")
    assert found.severity == Severity.HIGH
    assert found.what == "Flotsam does not satisfy tagged: property `Properties.Tags` is missing."
    assert found.where is not None
    assert found.where.line == line_of(TEMPLATE, "  Flotsam:")


def test_the_words_of_aws_s_own_guard_rules_are_read(yard: Yard) -> None:
    text = """\
rule SQS_NAMED {
  Resources.*[ Type == 'AWS::SQS::Queue' ].Properties.QueueName not exists
  <<
    Violation: The queue must not be named.
    Fix: remove the name.
  >>
}
"""
    own(yard, aws__guard=text)
    found = finding(yard.policies(*RULES), "SQS_NAMED")
    assert found.what == "Flotsam: The queue must not be named."
    assert found.fix == "remove the name."
    assert found.where is not None
    assert found.where.line == line_of(TEMPLATE, "QueueName")


def test_conftest_rules_in_old_syntax_find_the_resource_that_they_name(yard: Yard) -> None:
    own(yard, old__rego=CONFTEST_OLD)
    report = yard.policies(*RULES)
    denied, warned = finding(report, "main.deny"), finding(report, "main.warn")
    assert (denied.severity, denied.subject) == (Severity.HIGH, "Flotsam")
    assert denied.what == "The queue Flotsam has a name of its own."
    assert denied.where is not None
    assert denied.where.line == line_of(TEMPLATE, "  Flotsam:")
    assert (warned.severity, warned.subject) == (Severity.LOW, "Tide")


def test_conftest_messages_that_are_objects_say_all_there_is_to_say(yard: Yard) -> None:
    own(yard, object__rego=CONFTEST_OBJECT)
    found = finding(yard.policies(*RULES), "org.queues.deny_named")
    assert (found.severity, found.subject) == (Severity.MEDIUM, "Flotsam")
    assert (found.why, found.fix) == ("It cannot be replaced.", "Leave it out.")
    assert found.where is not None
    assert found.where.line == line_of(TEMPLATE, "QueueName")


def test_conftest_rules_in_new_syntax_are_annotated(yard: Yard) -> None:
    own(yard, new__rego=CONFTEST_NEW)
    found = finding(yard.policies(*RULES), "main.violation")
    assert (found.severity, found.subject) == (Severity.LOW, "Flotsam")
    assert found.fix == "Leave QueueName out."
    assert found.what == "Flotsam: named."


def test_conftest_s_exceptions_leave_a_note(yard: Yard) -> None:
    text = CONFTEST_OBJECT + 'exception[rules] { rules := ["named"] }\n'
    own(yard, object__rego=text)
    found = finding(yard.policies(*RULES), "org.queues.deny_named")
    assert found.severity == Severity.NOTE
    assert "excepted" in found.what


def test_conftest_rules_may_use_a_library(yard: Yard) -> None:
    library = "package lib\nnamed(resource) { resource.Properties.QueueName }\n"
    rule = (
        "package main\nimport data.lib\n"
        'deny[msg] { lib.named(input.Resources[name]); msg := sprintf("%s is named", [name]) }\n'
    )
    own(yard, lib__rego=library, rule__rego=rule)
    assert finding(yard.policies(*RULES), "main.deny").subject == "Flotsam"


def test_rego_of_the_engine_s_own_form_sees_each_target_s_parameters(yard: Yard) -> None:
    own(yard, native__rego=NATIVE)
    assert "QUEUE_NAMED" not in {one.rule for one in yard.policies(*RULES).findings}
    yard.parameters({"Stage": "dev"}, {"Stage": "prod"})
    found = finding(yard.policies(*RULES), "QUEUE_NAMED")
    assert (found.severity, found.subject) == (Severity.LOW, "Flotsam")
    assert found.fix == "Leave it out."
    assert found.where is not None
    assert found.where.line == line_of(TEMPLATE, "QueueName")


@pytest.mark.parametrize("name", ["names__yaml", "names__cel"])
def test_cel_rules_are_true_for_what_is_wrong(yard: Yard, name: str) -> None:
    own(yard, **{name: CEL})
    found = finding(yard.policies(*RULES), "QUEUE_NAMED")
    assert (found.severity, found.subject) == (Severity.MEDIUM, "Flotsam")
    assert found.what == "Flotsam has a name of its own."
    assert (found.why, found.fix) == ("A name that is given cannot be replaced.", "Leave QueueName out.")
    assert found.where is not None
    assert found.where.line == line_of(TEMPLATE, "QueueName")
    assert ("rules", f"rules/{name.replace('__', '.')}:5") in found.details


def test_all_languages_stand_side_by_side(yard: Yard) -> None:
    own(yard, a__guard=GUARD, b__rego=CONFTEST_OLD, c__yaml=CEL, d__rego=CONFTEST_OBJECT)
    rules = {one.rule for one in yard.policies(*RULES).findings}
    assert {"function_small", "main.deny", "main.warn", "QUEUE_NAMED", "org.queues.deny_named"} <= rules


def test_findings_are_in_order_and_the_same_each_time(yard: Yard) -> None:
    own(yard, a__guard=GUARD, b__rego=CONFTEST_OLD, c__yaml=CEL)
    first, second = yard.policies(*RULES), yard.policies(*RULES)
    assert first == second
    places = [(one.where.file, one.where.line or 0) for one in first.findings if one.where]
    assert places == sorted(places)


def test_the_verdict_of_a_rule_that_asks_for_the_time_is_not_kept(yard: Yard) -> None:
    own(yard, time__rego='package main\ndeny[msg] { time.now_ns() < 0; msg := "never" }\n')
    assert yard.policies(*RULES).lasting is False
    own(yard, time__rego='package main\ndeny[msg] { 1 < 0; msg := "never" }\n')
    assert yard.policies(*RULES).lasting is True


# --- what cannot be read

NATIVE_HEAD = "package a\nimport rego.v1\n"
CEL_HEAD = "rules:\n  - rule_id: A\n    message: m\n"


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("a.guard", "rule fine {\n  Resources exists\n}\nrule broken {\n  Resources exists\n", None, "cannot be read"),
        ("a.guard", "rule a {\n  Resources.* {\n    Type == /(/\n  }\n}\n", 3, "cannot be read"),
        ("a.guard", "rule a { Nope exists <<severity: awful>> }\n", None, "no severity 'awful'"),
        ("a.rego", "package main\n\ndeny[msg] { msg := \n", 3, "unclosed"),
        ("a.rego", "package main\ndeny[msg] { input.resources[n]; msg := n }\n", 2, "input.Resources"),
        (
            "a.rego",
            "package main\ndeny[msg] {\n some n\n not f(input.Resources[n])\n msg := n }\n",
            4,
            "bound by nothing",
        ),
        ("a.rego", NATIVE_HEAD + 'violation contains make_diag("A", "ERROR", "x"\n', 4, "expecting"),
        (
            "a.rego",
            NATIVE_HEAD + 'violation contains make_diag("A", "WARN", n, n) if input.Resources[n]\n',
            3,
            "input.resources",
        ),
        ("a.yaml", CEL_HEAD + "    expression: 1 +\n", 4, "cannot be read"),
        ("a.yaml", CEL_HEAD + "    expression: nope(name)\n", 4, "unknown function"),
        ("a.yaml", CEL_HEAD + "    expresion: 'true'\n", 4, "no 'expresion'"),
        ("a.yaml", CEL_HEAD, 2, "no 'expression'"),
        ("a.yaml", CEL_HEAD + "    expression: 'true'\n    resource_type: '*'\n", 5, "no resource type"),
        ("a.yaml", CEL_HEAD + "    expression: 'true'\n    severity: bad\n", 5, "no severity 'bad'"),
        ("a.yaml", "other: 1\n", 1, "one key, 'rules'"),
        ("a.yaml", "rules: [\n", None, ""),
    ],
)
def test_a_rule_that_cannot_be_read_is_an_error_at_its_place(
    yard: Yard, name: str, text: str, line: int | None, words: str
) -> None:
    yard.commit({f"rules/{name}": text})
    with pytest.raises(UserError) as caught:
        yard.policies(*RULES)
    assert caught.value.code == "POLICY_UNREADABLE"
    assert words in caught.value.what
    where = str(caught.value.where)
    assert where.startswith(f"rules/{name}")
    if line is not None:
        assert where.split(":")[1] == str(line)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.guard", "rule a { Resources.*.Type in %nobody }\n", None),
        ("a.rego", 'package main\n\ndeny[msg] { to_number("x") == 1; msg := "m" }\n', 3),
        ("a.rego", 'package main\ndeny[msg] { nobody("x"); msg := "m" }\n', 2),
        ("a.rego", NATIVE_HEAD + 'violation contains make_diag("A", "BAD", "x", "m") if true\n', None),
        ("a.yaml", CEL_HEAD + "    resource_type: AWS::SQS::Queue\n    expression: properties.Nope == 1\n", 5),
        ("a.yaml", CEL_HEAD + "    expression: '1'\n", 4),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_an_error_and_no_pass(
    yard: Yard, name: str, text: str, line: int | None
) -> None:
    yard.commit({f"rules/{name}": text})
    with pytest.raises(UserError) as caught:
        yard.policies(*RULES)
    assert caught.value.code == "POLICY_BROKEN"
    where = str(caught.value.where)
    assert where.startswith(f"rules/{name}")
    if line is not None:
        assert where.split(":")[1] == str(line)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"rules/README.md": "nothing yet"},
        {"rules/a.guard": "let a = Resources.*\n"},
        {"rules/lib.rego": "package lib\nf(x) = x\n"},
        {"rules/a.yaml": "rules: []\n"},
        {"rules/tests/a_test.rego": 'package main\ndeny[msg] { msg := "a test is no rule" }\n'},
    ],
)
def test_a_source_without_any_rule_is_an_error(yard: Yard, files: dict[str, str]) -> None:
    yard.commit(files)
    with pytest.raises(UserError) as caught:
        yard.policies(*RULES)
    assert caught.value.code == "POLICY_EMPTY"


def test_engines_work_on_after_they_met_what_they_cannot_read(yard: Yard) -> None:
    yard.commit({"rules/a.yaml": "rules:\n  - rule_id: A\n    expression: 1 +\n    message: m\n"})
    with pytest.raises(UserError, match="cannot be read"):
        yard.policies(*RULES)
    yard.commit({"rules/a.yaml": CEL})
    assert finding(yard.policies(*RULES), "QUEUE_NAMED").subject == "Flotsam"


def test_without_rules_of_one_s_own_a_good_template_is_only_noted(yard: Yard) -> None:
    report = yard.policies()
    assert {one.severity for one in report.findings} <= {Severity.NOTE, Severity.LOW}, summary(report)
    assert report.summary.endswith("resources")
