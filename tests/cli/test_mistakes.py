"""What people get wrong: a sentence with a code and a place, exit code 2, and nothing begun anywhere."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from shoreward.cloud import EmbeddedCloud

from .support import HELLO, TABLE, TEMPLATE, Kiosk, Said, shoreward

Arrange = Callable[[Kiosk], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something wrong in the repository, and what is said of it.

    Attributes:
        where: pattern of the place.
    """

    name: str
    made: Arrange
    code: str
    where: str = ""
    says: str = ""


def edited(path: str, old: str, new: str) -> Arrange:
    return lambda kiosk: kiosk.edit(path, old, new)


def with_file(path: str, content: str | bytes) -> Arrange:
    return lambda kiosk: kiosk.write(path, content)


def with_resources(yaml: str) -> Arrange:
    return with_file("template.yaml", TEMPLATE + yaml)


ANOTHER = """\
  Again:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: kiosk-hello, Runtime: python3.11, CodeUri: code/, Handler: hello.handler}
"""
EXPLICIT_ALIAS = """\
  Second:
    Type: AWS::Lambda::Alias
    Properties: {Name: live, FunctionName: !Ref Hello, FunctionVersion: "1"}
"""
CYCLE = """\
  One: {Type: AWS::SNS::Topic, DependsOn: Two}
  Two: {Type: AWS::SNS::Topic, DependsOn: One}
"""
PARAMETER = "Parameters: {Colour: {Type: String}}\nResources:"
PROBE = "probes: [{function: Helo}]\n"


def unresolvable(kiosk: Kiosk) -> None:
    kiosk.write("code/requirements.txt", "--no-index\nno-such-thing-anywhere==1.0\n")


MISTAKES = (
    Mistake(
        name="YAML that is none",
        made=edited("shoreward.yaml", "judge:", "judge: ["),
        code="YAML_SYNTAX",
        where=r"shoreward\.yaml:\d+:\d+",
    ),
    Mistake(
        name="a key twice",
        made=edited("shoreward.yaml", "judge:", "application: kiosk\njudge:"),
        code="YAML_DUPLICATE_KEY",
        where=r"shoreward\.yaml:12:1",
    ),
    Mistake(
        name="a file that is not UTF-8",
        made=with_file("shoreward.yaml", b"application: k\xefosk\n"),
        code="YAML_CHARACTER",
        where=r"shoreward\.yaml:1",
    ),
    Mistake(
        name="a template that is not UTF-8",
        made=with_file("template.yaml", b"Resources: {} # \xef\n"),
        code="TEMPLATE_INVALID",
        where=r"template\.yaml",
    ),
    Mistake(
        name="an unknown key",
        made=edited("shoreward.yaml", "  soak: 0s", "  soack: 0s"),
        code="SPEC_UNKNOWN_KEY",
        where=r"shoreward\.yaml:8:3",
        says="soak",
    ),
    Mistake(
        name="an unknown region",
        made=edited("shoreward.yaml", "main/us-east-1", "main/us-esat-1"),
        code="SPEC_REGION_UNKNOWN",
        where=r"shoreward\.yaml:11:\d+",
        says="Did you mean",
    ),
    Mistake(
        name="a wave without targets",
        made=edited("shoreward.yaml", "[main/us-east-1]", "[]"),
        code="SPEC_WAVE_EMPTY",
        where=r"shoreward\.yaml:11:\d+",
    ),
    Mistake(
        name="a role of another account",
        made=edited("shoreward.yaml", '"}', '", role: "arn:aws:iam::999999999999:role/deploy"}'),
        code="SPEC_ROLE_ACCOUNT",
        where=r"shoreward\.yaml:4:\d+",
    ),
    Mistake(
        name="a template that is not there",
        made=edited("shoreward.yaml", "template.yaml", "tempalte.yaml"),
        code="TEMPLATE_MISSING",
        where=r"tempalte\.yaml",
        says="template.yaml",
    ),
    Mistake(
        name="a type that SAM does not have",
        made=edited("template.yaml", "AWS::Serverless::Function", "AWS::Serverless::Funktion"),
        code="TEMPLATE_TYPE_UNKNOWN",
        where=r"template\.yaml:5:\d+",
    ),
    Mistake(
        name="a template that SAM does not translate",
        made=edited(
            "template.yaml", "      Timeout", "      Events: {A: {Type: Schedule, Properties: {}}}\n      Timeout"
        ),
        code="TEMPLATE_REFUSED",
        where=r"template\.yaml:\d+:\d+",
        says="Schedule",
    ),
    Mistake(
        name="resources in a circle",
        made=with_resources(CYCLE),
        code="TEMPLATE_CYCLE",
        where=r"template\.yaml:1[34]:\d+",
    ),
    Mistake(
        name="two functions of one name",
        made=with_resources(ANOTHER),
        code="TEMPLATE_DUPLICATE_NAME",
        where=r"template\.yaml:15:\d+",
        says="kiosk-hello",
    ),
    Mistake(
        name="an alias twice",
        made=with_resources(EXPLICIT_ALIAS),
        code="TEMPLATE_DUPLICATE_ALIAS",
        where=r"template\.yaml:15:\d+",
        says="!Ref Hello.Alias",
    ),
    Mistake(
        name="a template of more than a megabyte",
        made=with_resources("# " + "x" * 1_100_000 + "\n"),
        code="TEMPLATE_TOO_LARGE",
        where=r"template\.yaml",
    ),
    Mistake(
        name="a parameter without a value",
        made=edited("template.yaml", "Resources:", PARAMETER),
        code="PARAMETER_MISSING",
        where=r"template\.yaml:3:\d+",
    ),
    Mistake(
        name="a parameter that the template does not have",
        made=edited("shoreward.yaml", "accounts:", "parameters: {Colour: red}\naccounts:"),
        code="PARAMETER_UNKNOWN",
    ),
    Mistake(
        name="code that is not there",
        made=edited("template.yaml", "code/", "coed/"),
        code="CODE_MISSING",
        where=r"template\.yaml:10:\d+",
    ),
    Mistake(
        name="a handler in a file that is not there",
        made=edited("template.yaml", "hello.handler", "helo.handler"),
        code="HANDLER_MISSING",
        where=r"template\.yaml:11:\d+",
    ),
    Mistake(
        name="a handler that is not in its file",
        made=edited("template.yaml", "hello.handler", "hello.handle"),
        code="HANDLER_MISSING",
        where=r"template\.yaml:11:\d+",
    ),
    Mistake(
        name="code that does not parse",
        made=with_file("code/hello.py", f"{HELLO}\nif\n"),
        code="CODE_SYNTAX",
        where=r"code/hello\.py:4:\d+",
    ),
    Mistake(
        name="a requirement that nobody has",
        made=unresolvable,
        code="BUILD_FAILED",
        where=r"(template\.yaml|code/requirements\.txt)",
        says="no-such-thing-anywhere",
    ),
    Mistake(
        name="a probe of a function that is not there",
        made=lambda kiosk: kiosk.edit("shoreward.yaml", "judge:", PROBE + "judge:"),
        code="PROBE_UNKNOWN",
        where=r"shoreward\.yaml:\d+:\d+",
        says="Hello",
    ),
)


def sentences(said: Said) -> str:
    """What a person reads: never a traceback, nothing on standard output."""
    assert "Traceback" not in said.all
    return said.err


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_in_the_repository(mistake: Mistake, kiosk: Kiosk, embedded_cloud: EmbeddedCloud):
    mistake.made(kiosk)
    kiosk.commit()
    told = kiosk.run("release")
    assert f"[{mistake.code}]" in sentences(told)
    assert re.search(mistake.where, told.err)
    assert mistake.says in told.err
    assert (told.code, told.out) == (2, "")
    asked = kiosk.run("plan", "--json")
    assert (asked.code, asked.err) == (2, "")
    assert mistake.code in [error["code"] for error in asked.json["errors"]]
    assert any(re.search(mistake.where, error["where"]) for error in asked.json["errors"])
    assert touched(kiosk, embedded_cloud) == []


def touched(kiosk: Kiosk, cloud: EmbeddedCloud) -> list[str]:
    """Calls to the account that may have changed something."""
    return [call.operation for call in cloud.calls() if call.account == kiosk.account.account_id]


def test_a_package_that_is_too_large(kiosk: Kiosk):
    """Given one big file under several names, which git keeps once."""
    kiosk.says("hello")
    kiosk.write("big", bytes(90_000_000))
    blob = kiosk.git("hash-object", "-w", "big")
    for part in range(3):
        kiosk.git("update-index", "--add", "--cacheinfo", f"100644,{blob},code/part{part}.bin")
    kiosk.git("commit", "-q", "-m", "Three parts")
    told = kiosk.run("release", "main")
    assert (told.code, "[PACKAGE_TOO_LARGE]" in sentences(told)) == (2, True)
    assert "part0.bin 90 MB" in told.err


REQUESTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("a command that there is not", ("relaese",), "USAGE", "release"),
    ("an option that there is not", ("plan", "--bogus"), "USAGE", "--bogus"),
    ("a value that is none", ("cloud", "--port", "many"), "USAGE", "--port"),
    ("an option that is needed", ("bootstrap",), "USAGE", "--trusted"),
    ("a folder that is not there", ("status", "-C", "nowhere"), "USAGE", "nowhere"),
    ("a revision that there is not", ("release", "v9"), "GIT_UNKNOWN_REVISION", "v9"),
    ("a pipeline that is not there", ("plan", "-c", "other.yaml"), "SPEC_FILE_MISSING", "other.yaml"),
    ("a pipeline outside of the repository", ("plan", "-c", "../other.yaml"), "SPEC_PATH", "other.yaml"),
    ("a first file over another", ("init",), "FILE_EXISTS", "--force"),
    ("a template that is not there", ("init", "other.yaml", "-o", "x"), "", "other.yaml"),
    ("an account that is none", ("init", "--account", "12", "--force"), "SPEC_ACCOUNT_ID", "12"),
    ("status of nothing", ("status",), "NO_RELEASE", "shoreward release"),
    ("why of a release that there is not", ("why", "kiosk-7"), "RELEASE_UNKNOWN", "kiosk-7"),
    ("a hold of a release that there is not", ("hold", "kiosk-7", "-m", "lunch"), "RELEASE_UNKNOWN", "kiosk-7"),
    ("a rollback of nothing", ("rollback", "-m", "lunch"), "NO_RELEASE", "shoreward release"),
    ("a watch of nothing", ("watch",), "NO_RELEASE", "shoreward release"),
)


CASES = [pytest.param(*row[1:], id=row[0]) for row in REQUESTS]


@pytest.mark.parametrize(("arguments", "code", "says"), CASES)
def test_a_request_that_cannot_be(arguments: tuple[str, ...], code: str, says: str, kiosk: Kiosk):
    kiosk.says("hello")
    told = kiosk.run(*arguments)
    assert f"{code}]" in sentences(told)
    assert says in told.err
    assert (told.code, told.out) == (2, "")
    asked = kiosk.run(*arguments, "--json")
    assert asked.code == 2
    assert code in asked.json["errors"][0]["code"]


def test_a_repository_without_commits(kiosk: Kiosk):
    told = kiosk.run("release")
    assert (told.code, "[GIT_EMPTY]" in sentences(told)) == (2, True)


def test_a_folder_that_is_no_repository(tmp_path: Path):
    told = shoreward("plan", at=tmp_path)
    assert (told.code, "[GIT_NOT_A_REPOSITORY]" in sentences(told)) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_changes_that_are_not_committed(kiosk: Kiosk):
    kiosk.says("hello")
    kiosk.edit("code/hello.py", "hello", "changed my mind")
    told = kiosk.run("release")
    assert (told.code, "[TREE_DIRTY]" in sentences(told)) == (2, True)
    assert "code/hello.py" in told.err
    assert "--allow-dirty" in told.err
    assert kiosk.run("release", "--allow-dirty", "--detach").code == 0


def test_a_pipeline_that_is_nowhere(kiosk: Kiosk):
    (kiosk.root / "shoreward.yaml").unlink()
    kiosk.says("hello")
    told = kiosk.run("release")
    assert (told.code, "[SPEC_FILE_MISSING]" in sentences(told)) == (2, True)
    assert "shoreward init" in told.err


def test_a_pipeline_that_is_not_in_the_commit(kiosk: Kiosk):
    content = (kiosk.root / "shoreward.yaml").read_text()
    (kiosk.root / "shoreward.yaml").unlink()
    kiosk.says("hello")
    kiosk.write("shoreward.yaml", content)
    told = kiosk.run("release", "--allow-dirty")
    assert (told.code, "[SPEC_FILE_MISSING]" in sentences(told)) == (2, True)


def test_nobody_to_say_why(kiosk: Kiosk):
    kiosk.says("hello")
    kiosk.run("release", "--detach")
    told = kiosk.run("hold")
    assert (told.code, "[WHY_MISSING]" in sentences(told)) == (2, True)
    assert kiosk.state("kiosk-1").hold is None


def test_several_mistakes_are_told_at_once(kiosk: Kiosk):
    kiosk.edit("shoreward.yaml", "  soak: 0s", "  soack: 0s")
    kiosk.edit("shoreward.yaml", "main/us-east-1", "main/us-esat-1")
    kiosk.commit()
    errors = kiosk.run("plan", "--json").json["errors"]
    assert [error["code"] for error in errors] == ["SPEC_UNKNOWN_KEY", "SPEC_REGION_UNKNOWN"]
    told = kiosk.run("plan").err
    assert "[SPEC_UNKNOWN_KEY]" in told
    assert "[SPEC_REGION_UNKNOWN]" in told


@pytest.mark.parametrize("command", ["status", "release", "run", "watch", "why"])
def test_a_journal_that_is_none(command: str, kiosk: Kiosk):
    kiosk.says("hello")
    kiosk.write(".shoreward/journal.db", "this is no database, but a text of some length" * 40)
    told = kiosk.run(command)
    assert (told.code, "[JOURNAL_UNREADABLE]" in sentences(told)) == (3, True)


def test_a_journal_of_a_newer_version(kiosk: Kiosk):
    kiosk.says("hello")
    kiosk.run("release", "--detach")
    with sqlite3.connect(kiosk.root / ".shoreward" / "journal.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    told = kiosk.run("status", "--json")
    assert told.code == 3
    assert told.json["errors"][0]["code"] == "JOURNAL_UNREADABLE"
    assert "newer" in told.json["errors"][0]["what"]


def test_a_file_where_a_folder_belongs(kiosk: Kiosk):
    kiosk.says("hello")
    kiosk.write(".shoreward", "in the way")
    told = kiosk.run("status")
    assert (told.code, "[FILE_REFUSED]" in sentences(told)) == (3, True)
    assert ".shoreward" in told.err


def test_a_table_is_no_mistake(kiosk: Kiosk):
    kiosk.write("template.yaml", TEMPLATE + TABLE)
    kiosk.commit()
    assert kiosk.run("plan").code == 0
