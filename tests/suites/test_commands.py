"""Commands of which we know nothing: their exit codes, their words, and the reports that they declare."""

import json
from pathlib import Path

import pytest

from shoreward.domain import Place, Severity, Terminal

from .support import DECLARED, Application, command_suite, only, told

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="sea">
  <testcase classname="sea.Tide" name="high" file="sea.rb" line="4">
    <failure message="too low">sea.rb:4</failure></testcase>
  <testcase classname="sea.Tide" name="low"/>
  <testcase classname="sea.Wind" name="calm"><error>no wind
  sea.rb:9:in 'calm'</error></testcase>
</testsuite></testsuites>
"""


def result(rule: str, level: str | None, text: str, line: int | None = None, **more: object) -> dict[str, object]:
    place = {"artifactLocation": {"uri": "sea.rb"}, "region": {"startLine": line, "startColumn": 3}}
    made: dict[str, object] = {"ruleId": rule, "message": {"text": text}, **more}
    made |= {"level": level} if level else {}
    return made | ({"locations": [{"physicalLocation": place}]} if line else {})


RULES = [{"id": "SEA1", "defaultConfiguration": {"level": "note"}, "shortDescription": {"text": "Water is wet."}}]
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "look", "rules": RULES}},
            "results": [
                result("SEA1", None, "wet", 2),
                result("SEA2", "error", "deep", 5),
                result("SEA3", None, "unsure"),
                result("SEA4", "error", "known", suppressions=[{"kind": "inSource"}]),
                result("SEA5", None, "fine", kind="pass"),
            ],
        }
    ],
}
SEA = "\n".join(f"line {number}" for number in range(1, 12))


def application(directory: Path, **files: str) -> Application:
    return Application.of(directory, {"sea.rb": SEA} | {name.replace("_", "."): text for name, text in files.items()})


def test_a_command_passes_by_its_exit_code(tmp_path: Path) -> None:
    report = application(tmp_path).run(command_suite("echo fine"))
    assert (report.findings, report.summary, report.log) == ((), "the command passed", "fine\n")


SAID = {
    "nothing": ("exit 3", str(DECLARED)),
    "a line": ("echo 'it broke at sea.rb:7 somehow'; exit 1", "sea.rb:7"),
    "a line and a column": ("echo './sea.rb:7:3: broken'; exit 1", "sea.rb:7:3"),
    "a file that is not here": ("echo 'lake.rb:7: broken'; exit 1", str(DECLARED)),
    "a Python traceback": ("python boom.py", "boom.py:2"),
}


@pytest.mark.parametrize("kind", SAID)
def test_a_command_that_fails_is_found_where_it_says(tmp_path: Path, kind: str) -> None:
    command, where = SAID[kind]
    made = Application.of(tmp_path, {"sea.rb": SEA, "boom.py": "def boom():\n    raise OSError('wet')\n\nboom()\n"})
    finding = only(made.run(command_suite(command)))
    assert (finding.rule, finding.severity, str(finding.where)) == ("command-failed", Severity.HIGH, where)
    assert finding.subject == "unit"


def test_lines_of_a_linter_are_findings(tmp_path: Path) -> None:
    command = "printf 'sea.rb:3:1: E501 line too long\\nsea.rb:9: no space\\nFound 2.\\n'; exit 1"
    report = application(tmp_path).run(command_suite(command, kind="quality"))
    assert told(report) == [("E501", "sea.rb:3:1"), ("command-failed", "sea.rb:9")]
    assert [finding.what for finding in report.findings] == ["line too long", "no space"]


def test_a_junit_report_is_read(tmp_path: Path) -> None:
    suite = command_suite("mkdir out; cp source.xml out/a.xml; exit 1", report="out/*.xml")
    report = application(tmp_path, source_xml=JUNIT).run(suite)
    assert told(report) == [("test-error", "sea.rb:9"), ("test-failed", "sea.rb:4")]
    assert {finding.subject: finding.what for finding in report.findings} == {
        "sea.rb > sea.Tide > high": "too low",
        "sea.Wind > calm": "no wind",
    }
    assert report.summary == "3 tests"


def test_failing_tests_count_though_the_command_says_yes(tmp_path: Path) -> None:
    report = application(tmp_path, source_xml=JUNIT).run(command_suite("cp source.xml a.xml", report="a.xml"))
    assert {finding.rule for finding in report.findings} == {"test-failed", "test-error"}


def test_a_sarif_report_is_read(tmp_path: Path) -> None:
    suite = command_suite("cp source.json found.sarif", report="found.sarif", kind="quality")
    report = application(tmp_path, source_json=json.dumps(SARIF)).run(suite)
    assert [(one.rule, one.severity, one.where, one.what, one.why) for one in report.findings] == [
        ("SEA1", Severity.LOW, Place(file="sea.rb", line=2, column=3), "wet", "Water is wet."),
        ("SEA2", Severity.HIGH, Place(file="sea.rb", line=5, column=3), "deep", ""),
        ("SEA3", Severity.MEDIUM, None, "unsure", ""),
    ]


def test_a_report_without_findings_does_not_hide_that_the_command_failed(tmp_path: Path) -> None:
    empty = json.dumps({"runs": [{"tool": {"driver": {"name": "look"}}, "results": []}]})
    suite = command_suite("cp source.json found.sarif; exit 1", report="found.sarif", kind="quality")
    assert only(application(tmp_path, source_json=empty).run(suite)).rule == "command-failed"


UNREADABLE = {
    "nothing written": "true",
    "empty": "touch a.xml",
    "half": "head -c 150 source.xml > a.xml",
    "another format": "echo 'all is well' > a.xml",
    "JSON that is no report": "echo '{\"ok\": true}' > a.xml",
    "XML that is no report": "echo '<well/>' > a.xml",
    "entities": "echo '<!DOCTYPE a [<!ENTITY b \"c\">]><testsuites/>' > a.xml",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_report_that_cannot_be_read_is_no_pass(tmp_path: Path, kind: str) -> None:
    with pytest.raises(Terminal) as error:
        application(tmp_path, source_xml=JUNIT).run(command_suite(UNREADABLE[kind], report="a.xml"))
    assert (error.value.code, error.value.where) == ("SUITE_REPORT", DECLARED)


def test_a_tool_that_says_it_did_not_get_through_is_no_pass(tmp_path: Path) -> None:
    run = {"tool": {"driver": {"name": "look"}}, "results": [], "invocations": [{"executionSuccessful": False}]}
    suite = command_suite("cp source.json found.sarif", report="found.sarif", kind="quality")
    with pytest.raises(Terminal) as error:
        application(tmp_path, source_json=json.dumps({"runs": [run]})).run(suite)
    assert error.value.code == "SUITE_REPORT"


def test_a_command_that_fails_before_it_reports_has_failed(tmp_path: Path) -> None:
    finding = only(
        application(tmp_path).run(command_suite("echo 'sea.rb:2: cannot be compiled'; exit 1", report="a.xml"))
    )
    assert str(finding.where) == "sea.rb:2"


def test_a_report_that_is_committed_tells_of_another_run(tmp_path: Path) -> None:
    with pytest.raises(Terminal) as error:
        application(tmp_path, a_xml=JUNIT).run(command_suite("true", report="*.xml"))
    assert error.value.code == "SUITE_REPORT"


def test_a_report_without_tests_is_no_pass(tmp_path: Path) -> None:
    finding = only(application(tmp_path).run(command_suite("echo '<testsuites/>' > a.xml", report="a.xml")))
    assert (finding.rule, finding.where) == ("no-tests", DECLARED)


def test_ruff_is_asked_for_its_findings(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {"ruff.toml": "", "tide.py": "import os\n\nHIGH = 4\n", "wind.py": "x = (\n"})
    report = made.run(command_suite("ruff check --fix", kind="quality"))
    assert told(report) == [("F401", "tide.py:1:8"), ("invalid-syntax", "wind.py:2:1")]
    assert all(finding.severity is Severity.HIGH for finding in report.findings)
    assert report.summary == "2 findings"


def test_a_configuration_that_ruff_cannot_read_fails_the_suite_at_its_line(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {"ruff.toml": "# Ours.\nline-length = wide\n", "tide.py": ""})
    finding = only(made.run(command_suite("ruff check", kind="quality")))
    assert (finding.rule, str(finding.where)) == ("command-failed", "ruff.toml:2:15")
