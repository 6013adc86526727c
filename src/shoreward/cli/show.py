"""What status and why print."""

from __future__ import annotations

import time
from dataclasses import asdict

from rich.markup import escape
from rich.table import Table

from shoreward.app.ports import Reader
from shoreward.app.releases import latest, load
from shoreward.app.words.story import line_json, places, summary, tell
from shoreward.app.words.wording import odds, rate, sides, subject, telling
from shoreward.cli.advising import known, review_json, review_lines
from shoreward.cli.live import picture, waits
from shoreward.cli.output import clock, console, moment, print_json, span
from shoreward.cli.sites import Site
from shoreward.core import Release
from shoreward.domain import Evidence


def chosen(site: Site, release: str | None) -> Release:
    """The release that a person named, or the newest."""
    return load(site.journal, release) if release else latest(site.journal)


def show_status(site: Site, release: str | None, *, json: bool) -> None:
    """Where a release is."""
    state = chosen(site, release)
    recorded = site.journal.events(state.id)
    review = known(site.journal, state.pipeline.application, time.time())
    now = time.time()
    blockers = site.waits(state, now)
    if not json:
        console.print(picture(state, recorded, blockers, now))
        for line, style in review_lines(review, time.time()) if review else ():
            console.print(f"  {escape(line)}", style=style)
        return
    told = summary(state, recorded)
    told["blockers"] = [asdict(each) for each in blockers]
    told["live"] = review_json(review) if review else None
    print_json(told)


def show_all(site: Site, *, json: bool) -> None:
    """All releases, newest first."""
    states = [load(site.journal, header.id) for header in reversed(site.journal.releases())]
    if json:
        print_json([_row(site.journal, state) for state in states])
        return
    table = Table(box=None)
    for name in ("release", "commit", "subject", "by", "opened", "took", "outcome"):
        table.add_column(name, no_wrap=name != "subject")
    for state in states:
        took = span(state.ended_at - state.opened.at) if state.ended else "under way"
        outcome = state.outcome.value.replace("_", " ") if state.outcome else "held" if state.hold else ""
        opened = state.opened
        table.add_row(state.id, opened.commit[:10], escape(opened.subject), opened.by, moment(opened.at), took, outcome)
    console.print(table)


def _row(journal: Reader, state: Release) -> dict[str, object]:
    told = summary(state, journal.events(state.id))
    return {
        key: told[key] for key in ("id", "application", "commit", "subject", "by", "revision", "outcome", "seconds")
    }


def show_why(site: Site, release: str | None, *, full: bool, json: bool) -> None:
    """Every decision with its evidence."""
    state = chosen(site, release)
    names = places(state.pipeline)
    lines = [line for line in tell(site.journal.events(state.id)) if full or line.weighty]
    if json:
        print_json({"id": state.id, "lines": [line_json(line, state.opened.at) for line in lines]})
        return
    for line in lines:
        where = f"[bold]{names[line.target]}[/] " if line.target else ""
        console.print(f"[dim]{clock(line.at)}[/] {where}{escape(line.text)}")
        for evidence in telling(line.evidence):
            console.print(f"           {escape(_evidence(evidence))}", style="dim")
    for told in waits(site.waits(state, time.time())):
        console.print(f"[dim]{clock(time.time())}[/] {escape(f'waits: {told}')}", style="yellow")


def _evidence(each: Evidence) -> str:
    """Counts and e-values in one line."""
    canary, baseline = rate(each.canary_bad, each.canary_requests), rate(each.baseline_bad, each.baseline_requests)
    if each.controls or each.canary_value is not None:
        canary, baseline = sides(each)
        harm = f"harm {odds(each.e_rollback)} ({odds(each.bar_rollback)} is proof; {each.strength})"
        return f"{subject(each)}, {each.metric}: {canary}, {baseline}; evidence of {harm}{_safe(each)}"
    harm = f"harm {odds(each.e_rollback)} ({odds(each.bar_rollback)} is proof)"
    if each.strength == "weak":  # nothing to compare it with
        return f"{subject(each)}, {each.metric}: {canary}, held to the ceiling{_ceiling(each)}"
    return f"{subject(each)}, {each.metric}: canary {canary}, baseline {baseline}; evidence of {harm}{_safe(each)}"


def _ceiling(each: Evidence) -> str:
    """What a ceiling was tested for: being above it, or being below."""
    harm = (
        f"; evidence of harm {odds(each.e_rollback)} ({odds(each.bar_rollback)} is proof)" if each.bar_rollback else ""
    )
    return f"{harm}{_safe(each)}"


def _safe(each: Evidence) -> str:
    return f", safety {odds(each.e_promote)} ({odds(each.bar_promote)} is enough)" if each.bar_promote else ""
