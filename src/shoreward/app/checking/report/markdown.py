"""Markdown: a comment for a pull request. What is wrong first, then what was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Result
from shoreward.app.checking.look import blocks
from shoreward.app.checking.report._common import summary, waiver_words, worst_first
from shoreward.app.words.plain import as_code, for_markdown
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
    return ", ".join(as_code(result.check) for result in results)


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| check | | seconds | |"
    yield "|---|---|--:|---|"
    for result in results:
        took = "kept" if result.kept else f"{result.seconds:.1f}"
        name, sign = for_markdown(result.check), _SIGNS.get(result.verdict, "⚠️")
        yield f"| {name} | {sign} | {took} | {for_markdown(summary(result))} |"


def _troubles(answer: Answer) -> Iterator[str]:
    for result in answer.results:
        if result.error:
            where = f"{as_code(str(result.error.where))} " if result.error.where else ""
            what, name = for_markdown(summary(result)), for_markdown(result.check)
            yield f"- **could not look** {where}{what} (`{result.error.code}`, {name})"


def _findings(answer: Answer) -> Iterator[str]:
    stopping = [finding for finding in answer.findings if blocks(finding, answer.block)]
    yield from map(_entry, worst_first(stopping))
    waived = [finding for finding in answer.findings if finding.waived is not None]
    if waived:
        yield "\nWaived:\n"
    for finding in worst_first(waived):
        yield f"- {as_code(finding.rule)} {for_markdown(finding.subject)}: {for_markdown(waiver_words(finding))}"


def _entry(finding: Finding) -> str:
    where = f"{as_code(str(finding.where))} " if finding.where else ""
    why = f" {for_markdown(finding.why)}" if finding.why else ""
    fix = f"\n  **Fix:** {for_markdown(finding.fix)}" if finding.fix else ""
    by = f"({as_code(finding.rule)}, {for_markdown(finding.check)})"
    return f"- **{finding.severity}** {where}{for_markdown(finding.what)}{why} {by}{fix}"
