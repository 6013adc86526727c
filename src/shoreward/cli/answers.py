"""The answer of `shoreward check` in words, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Result
from shoreward.app.checking.look import blocks
from shoreward.app.words.wording import counted
from shoreward.cli.output import span
from shoreward.domain import Finding, Severity, Verdict, Waiver

SIGNS = {
    Verdict.PASS: ("✔", "green"),
    Verdict.FAIL: ("✘", "bold red"),
    Verdict.ERROR: ("!", "bold yellow"),
    Verdict.NO_DATA: ("○", "dim"),
    Verdict.NOT_ENOUGH_EVIDENCE: ("○", "dim"),
}
EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1}
"""Exit codes by verdict; every other one is 3: nobody can tell."""

_COLOURS = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow"}


def picture(answer: Answer, now: float) -> Group:
    """All of an answer: the checks, what they found, and what follows from it."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    for _ in range(4):
        table.add_column(no_wrap=True)
    for result in answer.results:
        table.add_row(*row(result, now))
    return Group(table, *conclusion(answer))


def conclusion(answer: Answer) -> list[RenderableType]:
    """What the checks found, and what follows from it."""
    return [*_findings(answer), *_troubles(answer), Text(), *_last_lines(answer)]


def row(result: Result, now: float) -> tuple[Text, Text, Text, Text]:
    """A check in a table: sign, name, time and summary."""
    sign, style = SIGNS[result.verdict]
    return Text(sign, style), Text(result.check), Text(took(result, now), "dim"), Text(said(result))


def took(result: Result, now: float) -> str:
    """What a check took, or how old its verdict is."""
    if result.kept:
        return f"kept, {span(max(0.0, now - result.at))} ago"
    return "" if result.verdict is Verdict.NO_DATA else seconds(result.seconds)


def seconds(amount: float) -> str:
    """`0.04 s`, `2.1 s`, `3 min 20 s`."""
    if amount < 1:
        return f"{amount:.2f} s"
    return f"{amount:.1f} s" if amount < 60 else span(amount)


def said(result: Result) -> str:
    """A check's summary in one line."""
    if result.error:
        return f"could not look: {result.error.what.splitlines()[0]}"
    found = [finding for finding in result.report.findings if finding.waived is None]
    notes = sum(finding.severity is Severity.NOTE for finding in found)
    parts = [
        result.report.summary,
        counted(len(found) - notes, "finding") if len(found) > notes else "",
        counted(notes, "note") if notes else "",
    ]
    return ", ".join(part for part in parts if part)


def _findings(answer: Answer) -> Iterator[RenderableType]:
    for result in answer.results:
        if result.report.findings:
            yield Text()
            yield Text(result.check, style="bold")
        for finding in result.report.findings:
            yield _finding(finding, answer.block)


def _finding(finding: Finding, block: Severity) -> Text:
    """Severity, place, rule and what is wrong; below it why it matters and what to do."""
    stops = blocks(finding, block)
    place = f"{finding.where} " if finding.where else ""
    first, *more = finding.what.splitlines() or [""]
    text = Text("  ")
    text.append(f"{finding.severity:8} ", _COLOURS.get(finding.severity, "") if stops else "dim")
    text.append(place, "bold" if stops else "")
    text.append(f"{finding.rule} ", "dim")
    text.append(f"{finding.subject}: " if finding.subject and finding.subject not in first else "")
    text.append(first)
    for line in more:
        text.append(f"\n    {line}")
    for line in (finding.why, finding.fix and f"→ {finding.fix}", finding.waived and _waived(finding.waived)):
        if line:
            text.append(f"\n           {line}", "" if stops else "dim")
    return text


def _waived(waiver: Waiver) -> str:
    return f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"


def _troubles(answer: Answer) -> Iterator[RenderableType]:
    for result in answer.results:
        if result.error is None:
            continue
        error = result.error
        yield Text()
        yield Text(f"{result.check} could not look", style="bold")
        where = f"{error.where}: " if error.where else ""
        first, *more = error.what.strip().splitlines()
        yield Text(f"  {where}{first} [{error.code}]", "yellow")
        for line in more:
            yield Text(f"    {line}")
        if error.next:
            yield Text(f"           → {error.next}")
        for line in result.report.log.splitlines()[-15:]:
            yield Text(f"    {line}", "dim")


def _last_lines(answer: Answer) -> Iterator[Text]:
    style = SIGNS[answer.verdict][1]
    yield Text(verdict_line(answer), style=style if answer.whole else "bold")
    yield Text(next_line(answer))


def verdict_line(answer: Answer) -> str:
    """The one question, answered in one line."""
    name = answer.commit[:10]
    passed = sum(result.verdict is Verdict.PASS for result in answer.results)
    kept = sum(result.kept for result in answer.results)
    told = f"{counted(passed, 'check')} passed in {seconds(answer.seconds)}" + (
        f", {kept} of them kept" if kept else ""
    )
    but = f"; left out: {', '.join(answer.skipped)}" if answer.skipped else ""
    match answer.verdict:
        case Verdict.PASS if answer.whole:
            return f"{name} may go to production: {told}{but}."
        case Verdict.PASS:
            return f"{name} passes what was asked for: {told}{but}."
        case Verdict.FAIL:
            return f"{name} may not go to production: {_named(answer, Verdict.FAIL)} failed{but}."
        case _ if any(result.verdict is Verdict.ERROR for result in answer.results):
            return f"Nobody can tell whether {name} may go to production: {_named(answer, Verdict.ERROR)} errored{but}."
        case _:
            return f"Nobody can tell whether {name} may go to production: nothing was looked at{but}."


def next_line(answer: Answer) -> str:
    """What to do next."""
    unrun = [each.check for each in answer.results if each.verdict is Verdict.NO_DATA and not each.skipped]
    rest = f" `shoreward check --keep-going` runs {counted(len(unrun), 'check')} more." if unrun else ""
    match answer.verdict:
        case Verdict.PASS if answer.whole:
            return "`shoreward release` takes a commit there."
        case Verdict.PASS:
            return f"Not asked for: {', '.join(answer.unasked)}. `shoreward check` asks for everything."
        case Verdict.FAIL:
            return f"Mend what is marked above, and check again.{rest}"
        case _:
            return "Do what the errors say, and check again; what has passed is kept."


def _named(answer: Answer, verdict: Verdict) -> str:
    return ", ".join(result.check for result in answer.results if result.verdict is verdict)


def plain(answer: Answer, *, unchanged: bool = False) -> dict[str, Any]:
    """The answer as JSON.

    Args:
        unchanged: whether it is the answer of an earlier run on the very same.
    """
    return {
        "verdict": answer.verdict.value,
        "whole": answer.whole,
        "commit": answer.commit,
        "base": answer.base,
        "unchanged": unchanged,
        "at": answer.at,
        "seconds": answer.seconds,
        "what": verdict_line(answer),
        "next": next_line(answer),
        "unasked": list(answer.unasked),
        "checks": [_result(result) for result in answer.results],
        "findings": [_plain_finding(finding, answer.block) for finding in answer.findings],
    }


def _result(result: Result) -> dict[str, Any]:
    error = result.error
    return {
        "check": result.check,
        "verdict": result.verdict.value,
        "summary": result.report.summary,
        "seconds": result.seconds,
        "at": result.at,
        "kept": result.kept,
        "skipped": result.skipped,
        "measures": dict(result.report.measures),
        "files": dict(result.report.files),
        "error": {"code": error.code, "what": error.what, "where": error.where, "next": error.next} if error else None,
    }


def _plain_finding(finding: Finding, block: Severity) -> dict[str, Any]:
    where, waived = finding.where, finding.waived
    return {
        "check": finding.check,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "blocks": blocks(finding, block),
        "file": where.file if where else "",
        "line": where.line if where else None,
        "column": where.column if where else None,
        "subject": finding.subject,
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
        "details": [{"name": name, "value": value} for name, value in finding.details],
        "fingerprint": finding.fingerprint,
        "waived": {"reason": waived.reason, "owner": waived.owner, "expires": waived.expires} if waived else None,
    }
