"""What speaks for a commit, in words, and what speaks for it not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from shoreward.adapters.git import GitAncestry, Repository
from shoreward.app.blame import Blame, inputs_of, order
from shoreward.domain import Evidence, Judgement, Verdict
from shoreward.testing.builders import a_pipeline

from .history import Link, Past

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, Timeout: 10}
Resources:
  Get:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: handlers.get.handler
      Layers: [!Ref Tools]
      Environment: {Variables: {TABLE: !Ref Table}}
  Put:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src/, Handler: handlers/put.handler, Role: !GetAtt Rights.Arn}
  Script:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: script/, Handler: index.handler, Runtime: nodejs22.x}
  Tools:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: tools/, CompatibleRuntimes: [python3.12]}
  Rights:
    Type: AWS::IAM::Role
    Properties: {Path: /one/}
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {BillingMode: PAY_PER_REQUEST}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {AlarmName: !Sub "${AWS::StackName}-table", Namespace: !Ref Table}
"""
FILES = {
    "template.yaml": TEMPLATE,
    "src/handlers/get.py": (
        "from common import read\nfrom tool import cut\n\n\ndef handler(event, context):\n    return read()\n"
    ),
    "src/handlers/put.py": "def handler(event, context):\n    return 1\n",
    "src/common.py": "def read():\n    return 1\n",
    "src/linked.py": Link("../shared/linked.py"),
    "src/requirements.txt": "-r ../base.txt\n",
    "base.txt": "boto3\n",
    "shared/linked.py": "X = 1\n",
    "tools/python/tool.py": "def cut():\n    return 1\n",
    "script/index.js": "const a = require('./lib/a');\nexports.handler = async () => a;\n",
    "script/lib/a.js": "module.exports = 1;\n",
    "script/lib/b.js": "module.exports = 2;\n",
    "README.md": "one\n",
    "tests/test_get.py": "def test_it():\n    assert True\n",
}


def judged(function: str, metric: str = "errors", *passed: str) -> Judgement:
    evidence = (
        Evidence(function=function, metric=metric, verdict=Verdict.FAIL),
        *(Evidence(function=name, metric="errors", verdict=Verdict.PASS) for name in passed),
    )
    return Judgement(verdict=Verdict.FAIL, until=0.0, reason="", evidence=evidence)


def blamed(folder: Path, judgement: Judgement, *changes: Mapping[str, str]) -> Blame:
    """A batch in which each change is a commit, named by its number."""
    past = Past(folder / "past")
    tip = first = past.commit(FILES, "first")
    for number, change in enumerate(changes):
        tip = past.commit({**past.files(tip), **change}, str(number), tip)
    root = past.root
    return order(Repository(root), a_pipeline(), tip, GitAncestry(root).between(first, tip), [judgement])


def in_template(old: str, new: str) -> dict[str, str]:
    assert TEMPLATE.count(old) == 1
    return {"template.yaml": TEMPLATE.replace(old, new)}


CODE = {"src/common.py": "def read():\n    return 2\n"}
OTHER = "def handler(event, context):\n    return 3\n"
DOCS = {"README.md": "two\n"}


@pytest.mark.parametrize(
    ("change", "function", "reason"),
    [
        ({"src/handlers/get.py": OTHER}, "Get", "src/handlers/get.py has the handler of Get"),
        ({"src/handlers/put.py": OTHER}, "Put", "src/handlers/put.py has the handler of Put"),
        (CODE, "Get", "src/common.py is imported by the handler of Get, whose errors rose"),
        (CODE, "Put", "src/common.py is in the folder of Put, whose errors rose, and its handler does not import it"),
        ({"src/requirements.txt": "-r ../base.txt\nrich\n"}, "Put", "requirements.txt says what is installed for Put"),
        ({"base.txt": "boto3==1\n"}, "Put", "base.txt becomes a part of Put"),
        ({"shared/linked.py": "X = 2\n"}, "Put", "shared/linked.py becomes a part of Put"),
        ({"tools/python/tool.py": "def cut():\n    return 2\n"}, "Get", "tool.py is in Tools, a layer of Get"),
        ({"script/lib/a.js": "module.exports = 3;\n"}, "Script", "lib/a.js is imported by the handler of Script"),
        ({"script/lib/b.js": "module.exports = 3;\n"}, "Script", "script/lib/b.js is in the folder of Script"),
        (in_template("Timeout: 10", "Timeout: 1"), "Script",
         "template.yaml:3: Timeout of Script (through Globals) went from 10 to 1"),
        (in_template("TABLE: !Ref", "NAME: !Ref"), "Get", "Environment.Variables.TABLE of Get went"),
        (in_template("Path: /one/", "Path: /two/"), "Put",
         "Path of Rights went from /one/ to /two/, which Put has to do with"),
        (in_template("PAY_PER_REQUEST", "PROVISIONED"), "Get",
         "BillingMode of Table went from PAY_PER_REQUEST to PROVISIONED"),
        ({"template.yaml": "Resources: [\n"}, "Get", "template.yaml cannot be compared with what it was"),
    ],
)  # fmt: skip
def test_what_a_function_is_made_of_speaks_for_a_commit(
    tmp_path: Path, change: Mapping[str, str], function: str, reason: str
) -> None:
    mended = {"template.yaml": TEMPLATE} if "[\n" in change.get("template.yaml", "") else {}
    blame = blamed(tmp_path, judged(function), DOCS, change, {"tests/test_get.py": "\n", **mended})
    found = next(suspect for suspect in blame.suspects if suspect.commit.subject == "1")
    assert any(reason in each for each in found.reasons), found.reasons
    assert blame.suspects[-1].commit.subject == "0", "documentation comes last"
    assert blame.suspects[0].commit.subject == "1" or mended


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (DOCS, "it changes documentation only"),
        ({"docs/more.md": "more\n", "NOTICE": "note\n"}, "it changes documentation only"),
        ({"tests/test_get.py": "\n"}, "it changes tests and tools only"),
        ({"src/handlers/get.py": f"# why\n{FILES['src/handlers/get.py']}"}, "only comments and layout changed"),
        ({"src/common.py": "def read() -> int:\n    return 2\n"}, "only annotations changed"),
        (in_template("Transform:", "# SAM\nTransform:"), "only comments, texts and layout changed"),
        ({"elsewhere.py": "X = 1\n"}, "elsewhere.py is no part of Get"),
    ],
)
def test_what_cannot_have_done_it_is_said_to_be_that(tmp_path: Path, change: Mapping[str, str], reason: str) -> None:
    blame = blamed(tmp_path, judged("Get"), CODE, change)
    assert [suspect.commit.subject for suspect in blame.suspects] == ["0", "1"]
    assert re.search(f"{re.escape(reason)}$", blame.suspects[1].reasons[0]), blame.suspects[1].reasons
    assert blame.suspects[1].share < 0.1


def test_less_memory_makes_slow_and_more_does_not(tmp_path: Path) -> None:
    head = "      Handler: handlers.get.handler\n"
    less = in_template(head, f"{head}      MemorySize: 128\n")
    more = in_template(head, f"{head}      MemorySize: 1024\n")
    blame = blamed(tmp_path, judged("Get", "latency"), less, more)
    assert [suspect.commit.subject for suspect in blame.suspects] == ["0", "1"]


def test_what_would_have_hurt_others_as_well_is_less_likely(tmp_path: Path) -> None:
    everybody = in_template("Timeout: 10", "Timeout: 1")
    alone = {"script/index.js": "exports.handler = async () => 2;\n"}
    blame = blamed(tmp_path, judged("Script", "errors", "Get", "Put"), everybody, alone)
    assert [suspect.commit.subject for suspect in blame.suspects] == ["1", "0"]
    assert blame.suspects[1].reasons[-1] == "it would have hurt Get, Put as well, and did not"


def test_an_alarm_is_about_those_who_use_what_it_watches(tmp_path: Path) -> None:
    alarm = Judgement(verdict=Verdict.FAIL, until=0.0, reason="", alarms=("app-table",))
    blame = blamed(tmp_path, alarm, {"script/index.js": "exports.handler = 1;\n"}, CODE)
    assert {harm.function for harm in blame.harms} == {"Get"}
    assert blame.suspects[0].commit.subject == "1"
    assert "which was" not in blame.suspects[0].reasons[0]
    assert "whose alarm app-table got worse" in blame.suspects[0].reasons[0]


def test_without_a_function_everybody_may_have_suffered(tmp_path: Path) -> None:
    blame = blamed(tmp_path, judged("*"), DOCS, CODE)
    assert {harm.function for harm in blame.harms} == {"Get", "Put", "Script"}
    assert blame.suspects[0].commit.subject == "1"


def test_merges_that_only_join_are_left_out(tmp_path: Path) -> None:
    past = Past(tmp_path / "past")
    first = past.commit(FILES, "first")
    one = past.commit({**FILES, **CODE}, "one", first)
    merge = past.merge(past.commit({**FILES, **DOCS}, "two", first), one)
    assert merge is not None
    root = past.root
    notes = GitAncestry(root).between(first, merge)
    blame = order(Repository(root), a_pipeline(), merge, notes, [judged("Get")])
    assert [suspect.commit.subject for suspect in blame.suspects] == ["one", "two"]
    assert blame.suspects[0].commit.brought_by == merge


def test_an_application_is_made_of_its_template_code_and_what_these_lead_to(tmp_path: Path) -> None:
    past = Past(tmp_path / "past")
    commit = past.commit(FILES, "first")
    found = inputs_of(Repository(past.root), commit, a_pipeline())
    assert found == ("base.txt", "script", "shared/linked.py", "src", "template.yaml", "tools")


@pytest.mark.parametrize("template", ["Resources: [", TEMPLATE.replace("script/", "."), "Resources: {}"])
def test_where_that_is_not_sure_it_is_made_of_everything(tmp_path: Path, template: str) -> None:
    past = Past(tmp_path / "past")
    commit = past.commit({**FILES, "template.yaml": template}, "first")
    assert inputs_of(Repository(past.root), commit, a_pipeline()) == ("",)
