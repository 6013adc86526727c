"""The check `build`: what it finds, what it produces, and when what was kept is still good."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from build.support import Workshop, pipeline
from shoreward.adapters.build import build_check
from shoreward.adapters.git import Repository
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Materials
from shoreward.app.checking.graph import graph_of
from shoreward.app.checking.manner import Manner
from shoreward.app.checking.run import run_graph
from shoreward.domain import Severity

from .support import World, result, rules, verdicts

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      CodeUri: code/
      Handler: hello.handler
"""

CODE = "def handler(event, context):\n    return 'hello'\n"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {"template.yaml": TEMPLATE, "code/hello.py": CODE})


def run(workshop: Workshop, world: World, commit: str = "HEAD") -> Answer:
    repository = Repository(workshop.root)
    materials = Materials(source=repository, commit=repository.resolve(commit).id, pipeline=pipeline())
    return run_graph(graph_of([build_check(workshop.builder)]), materials, world.surroundings(), Manner(jobs=1))


def product(answer: Answer) -> dict[str, Any]:
    return json.loads(result(answer, "build").report.product)


def test_what_was_built_is_named_for_those_that_look_at_it(workshop: Workshop) -> None:
    answer = run(workshop, World())
    made, revision = product(answer), workshop.revision()
    (artifact,) = revision.artifacts
    assert (made["revision"], made["template"]) == (revision.digest, revision.template)
    assert made["artifacts"] == [{"digest": artifact.digest, "size": artifact.size, "used_by": ["Hello"]}]
    assert made["functions"][0]["logical_id"] == "Hello"
    assert result(answer, "build").report.summary == "1 function, 1 rebuilt"


def test_notes_of_the_builder_are_findings_that_fail_nothing(workshop: Workshop) -> None:
    answer = run(workshop, World())
    assert [(one.rule, one.severity, one.subject, str(one.where)) for one in answer.findings] == [
        ("ALIAS_ADDED", Severity.NOTE, "Hello", "template.yaml:3:3")
    ]
    assert verdicts(answer) == {"build": "pass"}


def test_every_mistake_is_found_at_once_with_its_place(workshop: Workshop) -> None:
    other = (
        TEMPLATE.partition("Resources:\n")[2].replace("Hello:", "Other:").replace("hello.handler", "nothing.handler")
    )
    workshop.commit({"template.yaml": TEMPLATE + other, "code/hello.py": "def handler(\n"})
    answer = run(workshop, World())
    assert verdicts(answer) == {"build": "fail"}
    assert {(one.rule, str(one.where)) for one in answer.findings} == {
        ("CODE_SYNTAX", "code/hello.py:1:12"),
        ("HANDLER_MISSING", "template.yaml:14:16"),
    }


def test_what_may_build_tomorrow_is_built_again(workshop: Workshop) -> None:
    world = World()
    workshop.commit({"code/hello.py": "def handler(\n"})
    assert [result(run(workshop, world), "build").kept for _ in range(2)] == [False, False]


def test_an_unchanged_commit_is_not_built_again(workshop: Workshop) -> None:
    world = World()
    first, again = run(workshop, world), run(workshop, world)
    assert result(again, "build").kept
    assert product(first) == product(again)
    workshop.commit({"README.md": "changed"})
    assert not result(run(workshop, world), "build").kept


def test_the_outline_of_the_template_is_the_same_whatever_the_code(workshop: Workshop) -> None:
    world = World()
    before = product(run(workshop, world))
    workshop.commit({"code/hello.py": f"{CODE}# more\n"})
    code = product(run(workshop, world))
    assert (code["outline"], code["template"] == before["template"]) == (before["outline"], False)
    assert workshop.builder.outline(pipeline(), "HEAD") == before["outline"]
    workshop.commit({"template.yaml": f"{TEMPLATE}      Timeout: 5\n"})
    assert workshop.builder.outline(pipeline(), "HEAD") is None
    assert product(run(workshop, world))["outline"] != before["outline"]


@pytest.mark.parametrize("lost", ["artifact", "templates", "outline"])
def test_what_is_gone_from_this_machine_is_built_again(workshop: Workshop, lost: str) -> None:
    world = World()
    first = run(workshop, world)
    if lost == "artifact":
        shutil.rmtree(workshop.root.parent / "artifacts" / "objects")
    elif lost == "outline":
        del workshop.blobs.kept[product(first)["outline"]]
    else:
        workshop.blobs.kept.clear()
    again = run(workshop, world)
    assert (result(again, "build").kept, product(again)) == (False, product(first))
    assert rules(again) == ["ALIAS_ADDED"]
