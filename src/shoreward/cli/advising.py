"""What is known of advisories about what is live: asked for now, or as the journal has it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from rich.markup import escape

from shoreward.app.advisories import LiveReview, learned, live, review_live
from shoreward.app.ports import Reader
from shoreward.app.words.story import finding_json
from shoreward.app.words.wording import counted, finding_words
from shoreward.bootstrap import Project
from shoreward.cli.interrupts import interruptible
from shoreward.cli.output import console, print_json, span


def look_up(project: Project, *, limit: float, json: bool) -> int:
    """Ask now, record the answer and show it; returns the exit code."""
    with interruptible():
        reviews = review_live(project.journal, project.world(), limit=limit)
    if json:
        print_json([review_json(each) for each in reviews])
    else:
        for line, style in _told(reviews, time.time()):
            console.print(escape(line), style=style)
    if any(each.findings for each in reviews):
        return 1
    return 3 if any(each.unknown for each in reviews) else 0


def _told(reviews: Sequence[LiveReview], now: float) -> Iterator[tuple[str, str]]:
    if not reviews:
        yield "Nothing is live that has gone through checks.", ""
    for each in reviews:
        yield from review_lines(each, now)


def known(journal: Reader, application: str, now: float) -> LiveReview | None:
    """What the journal says of what is live, without asking anybody."""
    states = live(journal, application)
    return learned(states[0], now) if states else None


def review_lines(review: LiveReview, now: float) -> Iterator[tuple[str, str]]:
    """A review in words, a line for each thing, each with its style."""
    when = f"as of {span(max(0.0, now - review.at))} ago"
    if review.findings:
        yield f"{review.release} is live and would fail its checks: {_count(review)}, {when}", "red"
        for finding in review.findings:
            yield f"  {finding_words(finding)}", "red"
    elif not review.unknown:
        yield f"{review.release} is live, and no advisory would fail its checks, {when}", "dim"
    if review.unknown:
        yield (
            f"{review.release} is live, and nobody knows of advisories since {span(now - review.at)} ago: "
            + (f"{review.unknown} `shoreward advisories` asks again."),
            "yellow",
        )


def _count(review: LiveReview) -> str:
    return counted(len(review.findings), "finding")


def review_json(review: LiveReview) -> dict[str, Any]:
    """A review as JSON; `looked_at` is UNIX seconds, `unknown` null while the look is recent."""
    return {
        "release": review.release,
        "application": review.application,
        "commit": review.commit,
        "looked_at": review.at,
        "findings": [finding_json(each) for each in review.findings],
        "unknown": review.unknown or None,
    }
