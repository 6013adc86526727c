"""JUnit XML: each check as a test case, as CI servers show them.

There is no standard; this is the form that Jenkins, GitLab and GitHub's actions read. A check that fails is a
`failure` with its findings, one that could not look an `error`, one that was not run `skipped`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Result
from shoreward.app.checking.look import blocks
from shoreward.app.checking.report._common import sentences, summary, worst_first
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Severity, Verdict

_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(answer: Answer) -> str:
    """The verdicts as JUnit XML."""
    results = answer.results
    counts = {
        "tests": len(results),
        "failures": sum(result.verdict is Verdict.FAIL for result in results),
        "errors": sum(result.verdict is Verdict.ERROR for result in results),
        "skipped": sum(result.verdict is Verdict.NO_DATA for result in results),
    }
    suite = Element(
        "testsuite",
        {"name": "shoreward", **{name: str(count) for name, count in counts.items()}, "time": _time(results)},
    )
    for result in results:
        _case(suite, result, answer.block)
    indent(suite)
    return tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Element, result: Result, block: Severity) -> None:
    case = SubElement(
        suite, "testcase", {"classname": "shoreward", "name": result.check, "time": f"{result.seconds:.3f}"}
    )
    match result.verdict:
        case Verdict.PASS:
            pass
        case Verdict.FAIL:
            found = [finding for finding in worst_first(result.report.findings) if blocks(finding, block)]
            failure = SubElement(case, "failure", {"message": counted(len(found), "finding")})
            failure.text = _text("\n".join(_line(finding) for finding in found))
        case Verdict.NO_DATA:
            SubElement(case, "skipped", {"message": _text(summary(result))})
        case _:
            SubElement(case, "error", {"message": _text(summary(result))}).text = _text(result.report.log)
    if result.kept:
        SubElement(case, "system-out").text = "The recorded verdict of an earlier run."


def _line(finding: Finding) -> str:
    where = f"{finding.where}: " if finding.where else ""
    return f"{where}{finding.severity}: {sentences(finding)} [{finding.rule}]"


def _time(results: Sequence[Result]) -> str:
    return f"{sum(result.seconds for result in results if not result.kept):.3f}"


def _text(text: str) -> str:
    """Text without what XML cannot say."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
