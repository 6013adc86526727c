"""What the graph of checks said becomes what a release keeps."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shoreward.app.checking import Report, Result, Trouble
from shoreward.app.checking.answer import Answer
from shoreward.app.verdicts import checked
from shoreward.domain import Finding, Severity, Verdict, Waiver
from shoreward.testing.memory import MemoryJournal

WAIVER = Waiver(rule="*", reason="known", owner="kim", expires="2027-01-31")


def found(rule: str, severity: Severity, waived: Waiver | None = None) -> Finding:
    return Finding(rule=rule, severity=severity, what="It is so.", check="policies", waived=waived)


def a_result(check: str, verdict: Verdict = Verdict.PASS, **more) -> Result:
    report = more.pop("report", Report(summary="fine"))
    return Result(check=check, verdict=verdict, report=report, seconds=0.5, at=90.0, **more)


def an_answer(*results: Result, **more) -> Answer:
    build = a_result("build", report=Report(product=json.dumps({"revision": "r1"})))
    return Answer(commit="new", base="old", results=(build, *results), at=100.0, seconds=2.5, **more)


def test_a_pass_is_about_the_revision_that_was_built():
    journal = MemoryJournal()
    verdict = checked(an_answer(a_result("unit", kept=True)), journal)
    assert (verdict.revision, verdict.verdict, verdict.at, verdict.seconds) == ("r1", Verdict.PASS, 102.5, 2.5)
    assert [(each.name, each.kept, each.at) for each in verdict.results] == [("build", False, 90), ("unit", True, 90)]
    assert verdict.manifest == ""


def test_every_word_of_the_answer_is_kept():
    journal = MemoryJournal()
    report = Report(findings=(found("A", Severity.LOW),), log="a file called \udcff", files=(("sbom", "b" * 64),))
    kept = json.loads(journal.get(checked(an_answer(a_result("unit", report=report)), journal).report))
    assert kept["results"][1]["report"]["log"] == "a file called \udcff"
    assert kept["results"][1]["report"]["files"] == [["sbom", "b" * 64]]
    assert kept["results"][1]["report"]["findings"][0]["rule"] == "A"


def test_findings_that_block_are_listed_worst_first_and_no_others():
    findings = (
        found("A", Severity.MEDIUM),
        found("B", Severity.LOW),
        found("C", Severity.CRITICAL),
        found("D", Severity.CRITICAL, WAIVER),
    )
    answer = an_answer(a_result("policies", Verdict.FAIL, report=Report(findings=findings)))
    verdict = checked(answer, MemoryJournal())
    assert (verdict.verdict, verdict.blocked) == (Verdict.FAIL, 2)
    assert [each.rule for each in verdict.blocking] == ["C", "A"]
    assert [each.rule for each in checked(replace(answer, block=Severity.HIGH), MemoryJournal()).blocking] == ["C"]


def test_a_check_that_could_not_look_says_why():
    trouble = Trouble(code="ADVISORIES_UNREACHABLE", what="Nobody answers.")
    verdict = checked(an_answer(a_result("vulnerabilities", Verdict.ERROR, error=trouble)), MemoryJournal())
    assert verdict.verdict is Verdict.ERROR
    (unable,) = verdict.unable
    assert unable.summary == "Nobody answers. [ADVISORIES_UNREACHABLE]"


def test_what_was_left_out_on_purpose_does_not_count_and_is_said():
    verdict = checked(an_answer(a_result("dynamic", Verdict.NO_DATA, skipped=True)), MemoryJournal())
    assert verdict.verdict is Verdict.PASS
    assert verdict.results[1].skipped


def test_an_answer_to_a_part_of_the_checks_is_no_pass():
    verdict = checked(an_answer(unasked=("unit",)), MemoryJournal())
    assert verdict.verdict is Verdict.NO_DATA


def test_when_nothing_was_built_there_is_no_revision():
    answer = an_answer()
    failed = replace(answer, results=(a_result("build", Verdict.FAIL),))
    assert checked(failed, MemoryJournal()).revision == ""


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.ERROR])
def test_the_worst_check_decides(verdict: Verdict):
    assert checked(an_answer(a_result("unit", verdict), a_result("quality")), MemoryJournal()).verdict is verdict
