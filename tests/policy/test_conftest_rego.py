"""Rules that are written for conftest find what OPA would have them find, in whatever form they are written.

Expectations follow OPA's documentation of the language ("Policy Language"); no rule may find nothing for the engine's
reasons.
"""

from typing import Any

import pytest

from shoreward.adapters.policy.engines.binding import Unbound, bound
from shoreward.adapters.policy.engines.conftest import evaluate

TEMPLATE = {
    "Resources": {
        "Flotsam": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "waves", "Tags": ["a", "b"]}},
        "Tide": {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": 9, "Layers": [{"Arn": "1"}, {"Arn": "2"}]}},
    }
}


def found(*modules: str) -> list[str]:
    """What rules say, sorted."""
    files: list[tuple[int, dict[str, Any]]] = [
        (index, {"kind": "conftest", "text": text, "group": 0}) for index, text in enumerate(modules)
    ]
    said = evaluate(files, TEMPLATE)
    assert not said["unreadable"], said["unreadable"]
    assert not said["broken"], said["broken"]
    return sorted(one["message"] for one in said["found"])


OLD = "package main\n"
NEW = "package main\nimport rego.v1\n"
ANY = OLD + "import future.keywords\n"


@pytest.mark.parametrize(
    ("module", "messages"),
    [
        # a variable that is met first in what a function is given
        (OLD + 'deny[m] { startswith(input.Resources[m].Type, "AWS::SQS") }', ["Flotsam"]),
        (OLD + 'deny[m] { startswith(input.Resources[_].Type, "AWS::SQS"); m := "one" }', ["one"]),
        (OLD + 'deny[m] { regex.match("^wa", input.Resources[m].Properties.QueueName) }', ["Flotsam"]),
        (OLD + "deny[m] { count(input.Resources[m].Properties.Layers) + 1 == 3 }", ["Tide"]),
        (OLD + 'deny[m] { object.get(input.Resources[m].Properties, "QueueName", "none") == "none" }', ["Tide"]),
        (OLD + "deny[m] { to_number(input.Resources[m].Properties.Layers[i].Arn) > 1 }", ["Tide"]),
        (OLD + 'deny[m] { m := sprintf("%s: %s", [n, input.Resources[n].Type]) }',
         ["Flotsam: AWS::SQS::Queue", "Tide: AWS::Lambda::Function"]),
        (OLD + "named(r) { r.Properties.QueueName }\ndeny[m] { named(input.Resources[m]) }", ["Flotsam"]),
        (OLD + "tags(r) = t { t := r.Properties.Tags }\ndeny[m] { m := tags(input.Resources[_])[_] }", ["a", "b"]),
        (NEW + 'deny contains m if { contains(input.Resources[m].Properties.QueueName, "ve") }', ["Flotsam"]),
        (NEW + 'deny contains "one" if contains(input.Resources[_].Properties.QueueName, "ve")', ["one"]),
        # ... or in a membership, a comparison of two, a comprehension
        (NEW + 'deny contains m if { input.Resources[m].Type in {"AWS::SQS::Queue"} }', ["Flotsam"]),
        (ANY + 'deny[m] { input.Resources[m].Type in ["AWS::SQS::Queue"] }', ["Flotsam"]),
        (OLD + "deny[a] { input.Resources[a].Type == input.Resources[b].Type; a == b }", ["Flotsam", "Tide"]),
        (OLD + 'deny[m] { q := {n | endswith(input.Resources[n].Type, "Queue")}; count(q) == 1; m := "one" }', ["one"]),
        (OLD + 'deny[m] { count([1 | input.Resources[_].Properties.Tags[_] != "c"]) == 2; m := "two" }', ["two"]),
        # old sets are sets
        (ANY + 'q[n] { endswith(input.Resources[n].Type, "Queue") }\ndeny[m] { some m in q }', ["Flotsam"]),
        (ANY + 'q[n] { endswith(input.Resources[n].Type, "Queue") }\ndeny["in"] { "Flotsam" in q }', ["in"]),
        (OLD + 'q[n] { endswith(input.Resources[n].Type, "Queue") }\ndeny[m] { startswith(q[m], "F") }', ["Flotsam"]),
        (OLD + 'q[n] = r { r := input.Resources[n]; r.Properties.QueueName }\ndeny[m] { q[m].Type }', ["Flotsam"]),
        # negation
        (OLD + "deny[m] { input.Resources[m]; not input.Resources[m].Properties.QueueName }", ["Tide"]),
        (OLD + 'deny[m] { r := input.Resources[m]; not startswith(r.Type, "AWS::SQS") }', ["Tide"]),
        (OLD + 'deny[m] { not startswith(input.Resources[m].Type, "AWS::SQS"); input.Resources[m].Type }', ["Tide"]),
        (NEW + 'deny contains m if { some m, r in input.Resources; not r.Type in {"AWS::SQS::Queue"} }', ["Tide"]),
        # the rest of the language
        (NEW + 'deny contains "all" if { every r in input.Resources { startswith(r.Type, "AWS") } }', ["all"]),
        (OLD + 'deny[m] { walk(input, [path, 9]); m := path[1] }', ["Tide"]),
        (OLD + "default ok = false\nok { input.Nothing }\ndeny[m] { not ok; m := \"no\" }", ["no"]),
        (OLD + 'kind(t) = "queue" { t == "AWS::SQS::Queue" } else = "other" { true }\n'
         "deny[m] { m := kind(input.Resources[_].Type) }", ["other", "queue"]),
        (OLD + 'deny = m { m := "one" }', ["one"]),
        (OLD + 'deny_it[m] { m := `{ raw "text" [` }\n# a comment with { in it\nwarn["w"] { true }',
         ["w", '{ raw "text" [']),
        (NEW + 'deny := ["a", "b"]', ["a", "b"]),
        (OLD + "deny { input.Resources.Tide }", ["main.deny does not hold"]),
    ],
)  # fmt: skip
def test_a_rule_finds_what_opa_finds(module: str, messages: list[str]) -> None:
    assert found(module) == messages


def test_packages_call_each_other() -> None:
    library = "package lib.names\nnamed(r) { r.Properties.QueueName }\n"
    rule = "package main\nimport data.lib.names\ndeny[m] { names.named(input.Resources[m]) }\n"
    assert found(library, rule) == ["Flotsam"]


@pytest.mark.parametrize(
    "body",
    ['some n; not startswith(input.Resources[n].Type, "x"); m := n', 'not f(input.Resources[n]); m := "x"'],
)
def test_a_variable_that_only_a_negation_knows_is_refused(body: str) -> None:
    with pytest.raises(Unbound):
        bound(f"{OLD}f(r) {{ r }}\ndeny[m] {{ {body} }}\n")


def test_lines_stay_where_they_are() -> None:
    text = OLD + 'deny[m] {\n  startswith(input.Resources[m].Type, "A")\n  # why\n  input.x[_].y == input.z[_].y\n}\n'
    assert bound(text).count("\n") == text.count("\n")
    assert bound(text).splitlines()[2].strip().startswith("shoreward_1 := input.Resources[m].Type; startswith(")


@pytest.mark.parametrize("text", ["", "package main", "package main\nx := {", "deny[", "}}}", '"', "`", "# {"])
def test_what_is_no_rule_is_left_to_the_parser(text: str) -> None:
    assert bound(text) == text
