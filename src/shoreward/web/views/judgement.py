"""A judgement: canary against baseline, look after look, with bounds, margins and what was decided.

Every figure but the bounds is the journal's own. The bounds on the ratio of rates are reckoned from the same counts, by
`judge.ratio_confidence`: they hold at all looks together.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from typing import Literal, cast

from shoreward.app.people.levers import find_target
from shoreward.app.words.story import places
from shoreward.app.words.wording import counted, rate, subject, telling
from shoreward.core import Phase, Release
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.domain import Evidence, JudgePolicy, Refused, Slower
from shoreward.web.views.release import all_weights
from shoreward.web.views.shapes import JudgementShown, Look, Metric, Point, Weights
from shoreward.web.views.under_way import headline
from shoreward.web.watch import Carried

CERTAINTY = 0.05
"""The bounds fail to hold the true ratio at some look with this probability at most."""

DRAWN = 400
"""Of a bake with more looks than this every so many are reckoned with, the last one included."""


def judgement(carried: Carried, header: Header, target: str) -> JudgementShown:
    """All that was said of a release on a target.

    Raises:
        Refused: TARGET_UNKNOWN; NOT_JUDGED while nobody has looked there.
    """
    state = carried.state
    deployment = find_target(state, target)
    key = deployment.target.key
    looks = _looks(carried, key)
    if not looks:
        raise Refused(
            "NOT_JUDGED",
            f"Nobody has judged {state.id} on {deployment.target} yet.",
            next="The first look follows the first shift, once its metrics have arrived.",
        )
    last = looks[-1]
    nothing = Weights(target=key, place=places(state.pipeline)[key], steps=())
    return JudgementShown(
        headline=headline(header),
        target=key,
        place=nothing.place,
        verdict=last.judgement.verdict.value,
        reason=last.judgement.reason,
        at=last.at,
        began=deployment.exposed_since,
        decision=_decision(state, key),
        alarms=last.judgement.alarms,
        metrics=_metrics(state.pipeline.judge, looks),
        weights=next((each for each in all_weights(carried) if each.target == key), nothing),
    )


def _looks(carried: Carried, key: str) -> Sequence[e.TargetJudged]:
    events = (recorded.event for recorded in carried.recorded)
    return [event for event in events if isinstance(event, e.TargetJudged) and event.target == key]


def _decision(state: Release, key: str) -> str:
    """What came of it."""
    deployment, back = state.deployments[key], state.rollback
    if back and back.target == key:
        return f"rolled back everywhere ({back.cause})"
    if back:
        return f"the release was sent back for another reason ({back.cause})"
    if deployment.phase is Phase.FINISHED:
        return "serves everybody"
    return "still being judged"


def _metrics(policy: JudgePolicy, looks: Sequence[e.TargetJudged]) -> tuple[Metric, ...]:
    """Metric by metric, the worst one first."""
    found: dict[tuple[str, str], list[tuple[e.TargetJudged, Evidence]]] = {}
    for look in looks:
        for each in look.judgement.evidence:
            found.setdefault((each.metric, each.function), []).append((look, each))
    shown = {id(each) for each in telling(looks[-1].judgement.evidence)}
    told = [rows for rows in found.values() if rows[-1][0] is not looks[-1] or id(rows[-1][1]) in shown]
    metrics = [_metric(policy, rows) for rows in told]
    return tuple(sorted(metrics, key=lambda each: -max((look.harm for look in each.looks), default=0.0)))


def _metric(policy: JudgePolicy, rows: Sequence[tuple[e.TargetJudged, Evidence]]) -> Metric:
    rows = _thinned(rows)
    bounds = _bounds(policy, [each for _, each in rows])
    last = rows[-1][1]
    errors = last.metric == "errors"
    own = next((each for each in policy.metrics if each.name == last.metric), None)
    return Metric(
        function=last.function,
        subject=subject(last),
        metric=last.metric,
        kind=_kind(last),
        strength=last.strength,
        controls=last.controls,
        verdict=last.verdict.value,
        harmful=policy.rollback_ratio if errors else None,
        safe=policy.promote_ratio if errors else None,
        margin=own.margin if own and own.kind == "gauge" else None,
        critical=own is None or own.critical,
        canary_slower=_points(last.canary_slower, last.canary_requests),
        baseline_slower=_points(last.baseline_slower, last.baseline_requests),
        looks=tuple(_look(judged, each, bound) for (judged, each), bound in zip(rows, bounds, strict=True)),
    )


def _kind(evidence: Evidence) -> Literal["rate", "gauge", "count"]:
    """A share of requests, a value, or events of which nobody knows out of how many."""
    if evidence.canary_value is not None or evidence.baseline_value is not None:
        return "gauge"
    counted = evidence.metric != "requests" and (evidence.canary_requests or evidence.baseline_requests)
    return "rate" if counted else "count"


def _points(slower: Sequence[Slower], requests: int) -> tuple[Point, ...]:
    return tuple(Point(than=each.than, share=each.requests / requests) for each in slower if requests)


def _side(evidence: Evidence, value: float | None, bad: int, requests: int) -> str:
    """What an arm showed: `3.2`, `14 of 240 (5.8 %)`, `14`."""
    match _kind(evidence):
        case "gauge":
            return "nothing" if value is None else f"{value:.4g}"
        case "rate":
            return rate(bad, requests)
        case "count" if evidence.metric == "requests":
            return counted(requests, "request")
        case "count":
            return f"{bad:,}"


def _thinned(rows: Sequence[tuple[e.TargetJudged, Evidence]]) -> Sequence[tuple[e.TargetJudged, Evidence]]:
    every = -(-len(rows) // DRAWN)
    return rows[::-1][::every][::-1]


_Bound = tuple[float | None, float | None, float | None]
"""Below, observed, above."""


def _bounds(policy: JudgePolicy, rows: Sequence[Evidence]) -> Sequence[_Bound]:
    """Bounds on the ratio of the arms' rates of errors; nothing for other metrics, which are judged otherwise."""
    if rows[-1].metric != "errors" or not rows[-1].baseline_requests:
        return [(None, None, None)] * len(rows)
    import numpy as np

    from shoreward.judge import Counts, ratio_confidence

    totals = np.array(
        [[each.canary_requests, each.canary_bad, each.baseline_requests, each.baseline_bad] for each in rows], float
    ).T
    # A look reads everything again, and late metrics may change what was read before: growth is never negative.
    grown = np.diff(np.maximum.accumulate(totals, axis=1), axis=1, prepend=0.0)
    grown[1], grown[3] = np.minimum(grown[1], grown[0]), np.minimum(grown[3], grown[2])
    counts = Counts(*(row[None, :] for row in grown))
    bounds = ratio_confidence(counts, alpha=CERTAINTY, phi=policy.dispersion)

    def number(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return [
        (number(low), number(observed), number(high))
        for low, observed, high in zip(bounds.lower[0], bounds.observed[0], bounds.upper[0], strict=True)
    ]


def _look(judged: e.TargetJudged, each: Evidence, bound: _Bound) -> Look:
    return Look(
        at=judged.at,
        until=judged.judgement.until,
        verdict=each.verdict.value,
        canary_requests=each.canary_requests,
        canary_bad=each.canary_bad,
        baseline_requests=each.baseline_requests,
        baseline_bad=each.baseline_bad,
        canary_value=each.canary_value,
        baseline_value=each.baseline_value,
        ratio_low=bound[0],
        ratio=bound[1],
        ratio_high=bound[2],
        harm=_part(each.e_rollback, each.bar_rollback),
        safety=_part(each.e_promote, each.bar_promote),
        needed=each.needed,
        canary_words=_side(each, each.canary_value, each.canary_bad, each.canary_requests),
        baseline_words=_side(each, each.baseline_value, each.baseline_bad, each.baseline_requests),
    )


def _part(evidence: float, bar: float) -> float:
    """Evidence as a part of what is needed: 1 is enough."""
    return min(1.0, max(0.0, evidence / bar)) if bar > 0 else 0.0


def raw(carried: Carried, target: str) -> str:
    """Every look at a target as CSV: the journal's own numbers, one line for each metric.

    Raises:
        Refused: TARGET_UNKNOWN.
    """
    key = find_target(carried.state, target).target.key
    names = [field.name for field in fields(Evidence)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["at", "until", "target", "judgement", *names])
    for look in _looks(carried, key):
        for each in look.judgement.evidence:
            values = [getattr(each, name) for name in names]
            row = [look.at, look.judgement.until, key, look.judgement.verdict.value, *values]
            writer.writerow([_plain(value) for value in row])
    return out.getvalue()


def _plain(value: object) -> object:
    """A text that no spreadsheet takes for a formula; points of a distribution as `slower than (ms): requests`."""
    if isinstance(value, tuple):
        return " ".join(f"{each.than:g}:{each.requests}" for each in cast("tuple[Slower, ...]", value))
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
