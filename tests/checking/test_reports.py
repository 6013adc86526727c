"""Verdicts and findings are told to code scanning, to CI servers and in pull requests, whatever is in them."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.app.checking import Report, Result
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Trouble
from shoreward.app.checking.report import junit, markdown, sarif
from shoreward.app.checking.report.markdown import LIMIT
from shoreward.domain import Finding, Place, Severity, Verdict, Waiver

OPEN_TABLE = Finding(
    check="policies",
    rule="TABLE_OPEN",
    severity=Severity.HIGH,
    what="Anybody may read the table.",
    why="It holds names.",
    fix="Take the statement out.",
    where=Place(file="a folder/template.yaml", line=12, column=7),
    subject="Castles",
)
SMALL = Finding(check="policies", rule="NO_TRACE", severity=Severity.NOTE, what="Nothing is traced.")
WAIVER = Waiver(rule="OLD", reason="It goes next week.", owner="beach team", expires="2027-01-31")
WAIVED = Finding(check="policies", rule="OLD", severity=Severity.CRITICAL, what="It is old.", waived=WAIVER)


def result(check: str, verdict: Verdict, *findings: Finding, summary: str = "", **more: Any) -> Result:
    report = Report(findings=findings, summary=summary)
    return Result(check=check, verdict=verdict, report=report, seconds=1.5, at=0.0, **more)


def answer(*results: Result, **more: Any) -> Answer:
    return Answer(commit="0123456789abcdef", base=None, results=results, **more)


UNREACHABLE = Trouble(code="ADVISORIES_UNREACHABLE", what="The advisories could not be reached.", next="Try again.")
ANSWER = answer(
    result("build", Verdict.PASS, summary="3 functions", kept=True),
    result("policies", Verdict.FAIL, SMALL, WAIVED, OPEN_TABLE),
    result("vulnerabilities", Verdict.ERROR, error=UNREACHABLE),
    result("integration", Verdict.NO_DATA, summary="not run: policies failed first"),
)


def test_code_scanning_is_told_what_where_and_how_to_mend_it():
    log = json.loads(sarif(ANSWER, version="1.2.3"))
    runs = {run["tool"]["driver"]["name"]: run for run in log["runs"]}
    assert log["version"] == "2.1.0"
    assert list(runs) == ["shoreward build", "shoreward policies", "shoreward vulnerabilities"]
    policies = runs["shoreward policies"]
    assert policies["automationDetails"] == {"id": "shoreward/policies/"}
    [told] = [each for each in policies["results"] if each["ruleId"] == "TABLE_OPEN"]
    assert told["level"] == "error"
    assert told["message"] == {"text": "Anybody may read the table. It holds names. Take the statement out."}
    assert told["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20folder/template.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 12, "startColumn": 7},
            }
        }
    ]
    rule = policies["tool"]["driver"]["rules"][told["ruleIndex"]]
    assert rule["id"] == "TABLE_OPEN"
    assert rule["properties"] == {"security-severity": "8.0"}


def test_code_scanning_is_told_which_findings_are_waived_and_which_checks_could_not_look():
    runs = json.loads(sarif(ANSWER, version="1.2.3"))["runs"]
    [waived] = [each for each in runs[1]["results"] if each["ruleId"] == "OLD"]
    [suppression] = waived["suppressions"]
    assert suppression["justification"] == "It goes next week. (beach team, until 2027-01-31)"
    assert [run["invocations"][0]["executionSuccessful"] for run in runs] == [True, True, False]
    [notice] = runs[2]["invocations"][0]["toolExecutionNotifications"]
    assert notice["descriptor"] == {"id": "ADVISORIES_UNREACHABLE"}


def test_a_finding_keeps_its_fingerprint_when_its_line_moves():
    moved = Finding(
        check="policies",
        rule="TABLE_OPEN",
        severity=Severity.HIGH,
        what=OPEN_TABLE.what,
        where=Place(file="a folder/template.yaml", line=99),
        subject="Castles",
    )
    assert moved.fingerprint == OPEN_TABLE.fingerprint != SMALL.fingerprint


def test_a_ci_server_sees_each_check_as_a_test():
    suite = ElementTree.fromstring(junit(ANSWER))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    failure = suite.find("testcase[@name='policies']/failure")
    assert failure is not None
    assert failure.get("message") == "1 finding"
    assert failure.text is not None
    assert failure.text.startswith("a folder/template.yaml:12:7: high: Anybody may read the table.")
    error = suite.find("testcase[@name='vulnerabilities']/error")
    assert error is not None
    assert error.get("message") == "The advisories could not be reached. Try again."


def test_a_pull_request_says_first_what_is_wrong():
    comment = markdown(ANSWER)
    assert comment.splitlines()[0] == "### ❌ 0123456789 may not go to production: `policies`, `vulnerabilities`"
    assert "- **high** `a folder/template.yaml:12:7` Anybody may read the table." in comment
    assert "**Fix:** Take the statement out." in comment
    assert "- **could not look** The advisories could not be reached. Try again. (`ADVISORIES_UNREACHABLE`" in comment
    assert "Nothing is traced." not in comment, "what does not stop the change is in the terminal's view only"
    assert comment.rstrip().endswith("`OLD` : It goes next week. (beach team, until 2027-01-31)")


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ((Verdict.PASS,), "may go to production"),
        ((Verdict.PASS, Verdict.NO_DATA), "not everything was looked at"),
        ((Verdict.PASS, Verdict.FAIL), "may not go"),
        ((Verdict.PASS, Verdict.ERROR), "may not go"),
        ((), "not everything was looked at"),
    ],
)
def test_only_passes_let_a_change_go(verdicts: tuple[Verdict, ...], says: str):
    results = [result(f"check-{index}", verdict) for index, verdict in enumerate(verdicts)]
    assert says in markdown(answer(*results)).splitlines()[0]


def test_what_was_left_out_on_purpose_does_not_stop_a_change_and_what_nobody_asked_for_does():
    passed, left_out = result("build", Verdict.PASS), result("performance", Verdict.NO_DATA, skipped=True)
    assert "may go to production" in markdown(answer(passed, left_out))
    assert "not everything was looked at" in markdown(answer(passed, unasked=("unit",)))


def test_a_comment_is_not_longer_than_a_pull_request_takes_and_says_what_it_leaves_out():
    many = [
        Finding(rule=f"RULE_{index}", severity=Severity.HIGH, what="long " * 100, subject=str(index))
        for index in range(500)
    ]
    comment = markdown(answer(result("policies", Verdict.FAIL, *many)))
    told = comment.count("**high**")
    assert len(comment) <= LIMIT
    assert f"{500 - told} more findings" in comment


texts = st.text(max_size=40)
findings = st.builds(
    Finding,
    rule=texts,
    severity=st.sampled_from(Severity),
    what=texts,
    why=texts,
    fix=texts,
    subject=texts,
    where=st.none() | st.builds(Place, file=st.text(st.characters(exclude_categories=["Cs"]), max_size=9)),
)


@given(st.lists(findings, max_size=4))
def test_no_text_breaks_a_report(found: list[Finding]):
    trouble = Trouble(code="TERRIBLE", what="\x00<&\ud800")
    told_of = answer(
        result("policies", Verdict.FAIL, *found), result("build", Verdict.ERROR, error=trouble), block=Severity.NOTE
    )
    told = json.loads(sarif(told_of, version="1"))["runs"][0]["results"]
    assert [each["ruleId"] for each in told] == [finding.rule for finding in found]
    suite = ElementTree.fromstring(junit(told_of).encode())
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message", "").startswith(str(len(found)))
    lines = markdown(told_of).splitlines()
    assert sum(line.startswith("- **") for line in lines) == len(found) + 1
