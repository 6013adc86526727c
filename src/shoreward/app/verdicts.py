"""From an answer to a verdict: what a release keeps of what the graph of checks said.

A `Checker` runs the graph (`app.checking`) and returns this; the gate (`core.gate`) reads it.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Result
from shoreward.app.checking.look import blocks, in_order
from shoreward.app.ports import Blobs
from shoreward.domain import Checked, CheckResult, Verdict, worst

_BUILD = "build"


def checked(answer: Answer, blobs: Blobs) -> Checked:
    """The verdict of an answer, whose every word is kept as a blob.

    The revision is the one that the check `build` made, "" when it made none. An answer to a part of the checks is no
    pass, whatever it says.
    """
    blocking = [finding for finding in answer.findings if blocks(finding, answer.block)]
    return Checked(
        revision=_revision(answer),
        verdict=answer.verdict if answer.whole else worst((answer.verdict, Verdict.NO_DATA)),
        at=answer.at + answer.seconds,
        seconds=answer.seconds,
        results=tuple(map(_result, answer.results)),
        report=blobs.put(json.dumps(asdict(answer), sort_keys=True, separators=(",", ":")).encode()),
        blocking=tuple(sorted(blocking, key=lambda each: (-each.severity.rank, in_order(each)))),
        blocked=len(blocking),
    )


def _result(result: Result) -> CheckResult:
    trouble = result.error
    return CheckResult(
        name=result.check,
        verdict=result.verdict,
        summary=f"{trouble.what} [{trouble.code}]" if trouble else result.report.summary,
        seconds=result.seconds,
        at=result.at,
        kept=result.kept,
        skipped=result.skipped,
    )


def _revision(answer: Answer) -> str:
    products = (result.report.product for result in answer.results if result.check == _BUILD)
    product = next(products, "")
    return str(json.loads(product)["revision"]) if product else ""
