"""Markdown: a comment for a pull request. What is wrong first, then what was looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shoreward.app.checking.check import Result
from shoreward.app.checking.report._common import blocks, failed, times, worst_first
from shoreward.domain import Finding, Severity, Verdict, worst

LIMIT = 60_000
"""Characters; GitHub takes 65,536 for a comment."""
_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.ERROR: "⚠️", Verdict.NO_DATA: "⏭️"}


def markdown(results: Sequence[Result], *, block: Severity, commit: str) -> str:
    """The verdicts and findings as a comment.

    Args:
        block: the least severity of a finding that fails a check.
        commit: what was checked.
    """
    lines = [*_head(results, commit), "", *_table(results), ""]
    room = LIMIT - sum(len(line) + 1 for line in lines)
    left = 0
    for text in _findings(results, block):
        if left or len(text) + 1 > room:
            left += 1
            continue
        lines.append(text)
        room -= len(text) + 1
    if left:
        lines.append(f"\n{times(left, 'more finding', 'more findings')}: `shoreward check` shows all.")
    return "\n".join(lines).rstrip() + "\n"


def _head(results: Sequence[Result], commit: str) -> Iterator[str]:
    bad = failed(results)
    if bad:
        names = ", ".join(f"`{result.check}`" for result in bad)
        yield f"### ❌ {commit[:10]} may not go to production: {names}"
    elif worst(result.verdict for result in results) is Verdict.PASS:
        yield f"### ✅ {commit[:10]} may go to production"
    else:
        names = ", ".join(f"`{result.check}`" for result in results if result.verdict is not Verdict.PASS)
        yield f"### ⏭️ {commit[:10]}: not everything was looked at ({names})"


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| check | | seconds | |"
    yield "|---|---|--:|---|"
    for result in results:
        took = "kept" if result.kept else f"{result.seconds:.1f}"
        yield f"| {result.check} | {_SIGNS.get(result.verdict, '⚠️')} | {took} | {_cell(result.report.summary)} |"


def _findings(results: Sequence[Result], block: Severity) -> Iterator[str]:
    found = [
        (result.check, finding)
        for result in results
        for finding in result.report.findings
        if blocks(finding, block) or finding.waived is not None
    ]
    order = worst_first([finding for _, finding in found])
    check_of = {id(finding): check for check, finding in found}
    stopping = [finding for finding in order if finding.waived is None]
    waived = [finding for finding in order if finding.waived is not None]
    for finding in stopping:
        yield _entry(finding, check_of[id(finding)])
    if waived:
        yield "\nWaived:\n"
    for finding in waived:
        assert finding.waived is not None
        words = f"{finding.waived.reason} ({finding.waived.owner}, until {finding.waived.expires})"
        yield f"- `{finding.rule}` {_plain(finding.subject)}: {_plain(words)}"


def _entry(finding: Finding, check: str) -> str:
    where = f"`{finding.where}` " if finding.where else ""
    why = f" {_plain(finding.why)}" if finding.why else ""
    fix = f"\n  **Fix:** {_plain(finding.fix)}" if finding.fix else ""
    return f"- **{finding.severity}** {where}{_plain(finding.what)}{why} (`{finding.rule}`, {check}){fix}"


def _plain(text: str) -> str:
    """Text that cannot become markup, a mention or another line."""
    escaped = re.sub(r"([\\`*_<>\[\]|#~])", r"\\\1", " ".join(text.split()))
    return escaped.replace("@", "@\N{ZERO WIDTH SPACE}")


def _cell(text: str) -> str:
    return _plain(text)
