"""Markdown: a comment for a pull request. What is wrong first, then what was looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Result
from shoreward.app.checking.look import blocks
from shoreward.app.checking.report._common import summary, waiver_words, worst_first
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Verdict

LIMIT = 60_000
"""Characters; GitHub takes 65,536 for a comment."""
_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.ERROR: "⚠️", Verdict.NO_DATA: "⏭️"}


def markdown(answer: Answer) -> str:
    """The verdicts and findings as a comment of at most `LIMIT` characters; what does not fit is counted."""
    lines = [_headline(answer), "", *_table(answer.results), ""]
    room = LIMIT - sum(len(line) + 1 for line in lines) - 100
    left = 0
    for text in (*_troubles(answer), *_findings(answer)):
        if left or len(text) + 1 > room:
            left += 1
            continue
        lines.append(text)
        room -= len(text) + 1
    if left:
        lines.append(f"\n{counted(left, 'more finding')}: `shoreward check` shows all.")
    return "\n".join(lines).rstrip() + "\n"


def _headline(answer: Answer) -> str:
    commit = answer.commit[:10]
    if answer.verdict is Verdict.PASS and answer.whole:
        return f"### ✅ {commit} may go to production"
    bad = [result for result in answer.results if result.verdict in (Verdict.FAIL, Verdict.ERROR)]
    if bad:
        return f"### ❌ {commit} may not go to production: {_names(bad)}"
    unseen = [result for result in answer.results if result.verdict is not Verdict.PASS and not result.skipped]
    return f"### ⏭️ {commit}: not everything was looked at{': ' if unseen else ''}{_names(unseen)}"


def _names(results: Sequence[Result]) -> str:
    return ", ".join(f"`{result.check}`" for result in results)


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| check | | seconds | |"
    yield "|---|---|--:|---|"
    for result in results:
        took = "kept" if result.kept else f"{result.seconds:.1f}"
        yield f"| {result.check} | {_SIGNS.get(result.verdict, '⚠️')} | {took} | {_plain(summary(result))} |"


def _troubles(answer: Answer) -> Iterator[str]:
    for result in answer.results:
        if result.error:
            where = f"`{result.error.where}` " if result.error.where else ""
            yield f"- **could not look** {where}{_plain(summary(result))} (`{result.error.code}`, {result.check})"


def _findings(answer: Answer) -> Iterator[str]:
    stopping = [finding for finding in answer.findings if blocks(finding, answer.block)]
    yield from map(_entry, worst_first(stopping))
    waived = [finding for finding in answer.findings if finding.waived is not None]
    if waived:
        yield "\nWaived:\n"
    for finding in worst_first(waived):
        yield f"- `{finding.rule}` {_plain(finding.subject)}: {_plain(waiver_words(finding))}"


def _entry(finding: Finding) -> str:
    where = f"`{finding.where}` " if finding.where else ""
    why = f" {_plain(finding.why)}" if finding.why else ""
    fix = f"\n  **Fix:** {_plain(finding.fix)}" if finding.fix else ""
    return f"- **{finding.severity}** {where}{_plain(finding.what)}{why} (`{finding.rule}`, {finding.check}){fix}"


def _plain(text: str) -> str:
    """Text that cannot become markup, a mention or another line."""
    escaped = re.sub(r"([\\`*_<>\[\]|#~])", r"\\\1", " ".join(text.split()))
    return escaped.replace("@", "@\N{ZERO WIDTH SPACE}")
