"""Charts over time: weights as stairs, values as lines with bands, and bars for parts of a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from shoreward.web.pictures.svg import Point, element, line, stairs
from shoreward.web.views.shapes import Look, Metric, Weights

_LEFT, _RIGHT, _TOP, _BOTTOM = 50.0, 12.0, 10.0, 22.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart's values are drawn: times from `start` to `end`, heights by `rise` from 0 (bottom) to 1."""

    width: float
    height: float
    start: float
    end: float
    rise: Callable[[float], float]

    def x(self, at: float) -> float:
        """Where a time is."""
        part = (at - self.start) / (self.end - self.start) if self.end > self.start else 0.0
        return _LEFT + min(1.0, max(0.0, part)) * (self.width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Where a value is."""
        part = min(1.0, max(0.0, self.rise(value)))
        return self.height - _BOTTOM - part * (self.height - _TOP - _BOTTOM)

    def points(self, values: Sequence[tuple[float, float]]) -> list[Point]:
        """Where values are."""
        return [(self.x(at), self.y(value)) for at, value in values]


def _axes(frame: Frame, marks: Sequence[tuple[float, str]]) -> list[Markup]:
    """Heights, and the times at both ends."""
    made, floor = _scale(frame, marks), frame.height - 6
    made.append(element("text", _clock(frame.start), class_="tick", x=_LEFT, y=floor))
    if frame.end > frame.start:
        right = frame.width - _RIGHT
        made.append(element("text", _clock(frame.end), class_="tick", x=right, y=floor, text_anchor="end"))
    return made


def _scale(frame: Frame, marks: Sequence[tuple[float, str]]) -> list[Markup]:
    right = frame.width - _RIGHT
    made = [
        element("line", class_="grid", x1=_LEFT, x2=right, y1=frame.y(value), y2=frame.y(value)) for value, _ in marks
    ]
    made += [
        element("text", label, class_="tick", x=_LEFT - 6, y=frame.y(value) + 4, text_anchor="end")
        for value, label in marks
    ]
    return made


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"


def _chart(frame: Frame, parts: Sequence[Markup], title: str) -> Markup:
    return element(
        "svg",
        element("title", title),
        *parts,
        class_="chart",
        viewBox=f"0 0 {frame.width:g} {frame.height:g}",
        role="img",
    )


def weight_chart(weights: Weights, start: float, end: float, back_at: float | None) -> Markup:
    """A target's weight over a release's time; where it began to go back a line stands."""
    frame = Frame(420, 104, start, max(end, start + 1), lambda percent: percent / 100)
    steps = [(start, 0.0), *((step.at, step.percent) for step in weights.steps)]
    points = stairs(frame.points([*steps, (end, steps[-1][1])]))
    floor = frame.y(0)
    area = line([*points, (points[-1][0], floor), (points[0][0], floor)], closed=True)
    parts = _axes(frame, [(0, "0 %"), (50, "50 %"), (100, "100 %")])
    parts.append(element("path", class_="area", d=area))
    parts.append(element("path", class_="series", d=line(points)))
    if back_at is not None:
        parts.append(_upright(frame, back_at, "harm"))
    peak = max(percent for _, percent in steps)
    words = f"Weight of {weights.place}: at most {peak:g} percent, now {steps[-1][1]:g} percent"
    return _chart(frame, parts, words)


def _upright(frame: Frame, at: float, tone: str) -> Markup:
    x = frame.x(at)
    return element("line", class_=f"upright {tone}", x1=x, x2=x, y1=_TOP, y2=frame.height - _BOTTOM)


def _rate(bad: int, requests: int) -> float:
    return bad / requests if requests else 0.0


def rates_chart(metric: Metric) -> Markup:
    """The share of bad requests on canary and baseline, of all since the first shift."""
    looks = metric.looks
    canary = [(look.until, _rate(look.canary_bad, look.canary_requests)) for look in looks if look.canary_requests]
    baseline = [
        (look.until, _rate(look.baseline_bad, look.baseline_requests)) for look in looks if look.baseline_requests
    ]
    most = _round_up(max((rate for _, rate in (*canary, *baseline)), default=0.0) or 0.001)
    frame = _over(looks, lambda rate: rate / most)
    parts = _axes(frame, [(0, "0 %"), (most / 2, _percent(most / 2)), (most, _percent(most))])
    parts.append(element("path", class_="series baseline", d=line(frame.points(baseline))))
    parts.append(element("path", class_="series canary", d=line(frame.points(canary))))
    parts += _dots(frame, canary, "canary")
    return _chart(frame, parts, f"{metric.metric} of {metric.subject}: canary against baseline over time")


_LEAST = 1e-4
"""Where the scale of shares ends that are slow."""


def spread_chart(metric: Metric) -> Markup:
    """How latency is distributed on both arms: the share of requests that took longer, both scales logarithmic."""
    arms = {"baseline": metric.baseline_slower, "canary": metric.canary_slower}
    limits = [math.log(point.than) for points in arms.values() for point in points if point.than > 0]
    first, last = min(limits, default=0.0), max(limits, default=1.0)
    spare = max(0.1, (last - first) / 12)

    def rise(share: float) -> float:
        return 1 + math.log10(max(share, _LEAST)) / -math.log10(_LEAST)

    frame = Frame(420, 160, first - spare, last + spare, rise)
    parts = _scale(frame, [(1.0, "100 %"), (0.1, "10 %"), (0.01, "1 %"), (0.001, "0.1 %")])
    parts += _below(frame, [point.than for point in metric.baseline_slower if point.than > 0])
    for tone, points in arms.items():
        known = [(math.log(point.than), point.share) for point in points if point.than > 0]
        parts.append(element("path", class_=f"series {tone}", d=line(frame.points(known))))
        parts += [element("circle", class_=f"dot {tone}", cx=x, cy=y, r=3) for x, y in frame.points(known)]
    words = "; ".join(f"longer than {than:.3g} ms: {canary} {baseline}" for than, canary, baseline in beside(metric))
    return _chart(frame, parts, f"Latency of {metric.subject}: {words}")


def beside(metric: Metric) -> list[tuple[float, str, str]]:
    """Each limit in milliseconds with what took longer, of the canary and of the baseline; "" where nobody counted."""
    rows = [(point.than, f"canary {_percent(point.share)}", "") for point in metric.canary_slower]
    rows += [(point.than, "", f"baseline {_percent(point.share)}") for point in metric.baseline_slower]
    return sorted(rows)


_ROOM = 44.0
"""The width that a limit takes below the scale."""


def _below(frame: Frame, limits: Sequence[float]) -> list[Markup]:
    """Limits in milliseconds below the scale, where there is room; all of them are beside it, in numbers."""
    parts, free = list[Markup](), -math.inf
    for than in sorted(limits):
        x = frame.x(math.log(than))
        if x >= free:
            words = f"{than / 1_000:.3g} s" if than >= 1_000 else f"{than:.3g} ms"
            parts.append(element("text", words, class_="tick", x=x, y=frame.height - 6, text_anchor="middle"))
            free = x + _ROOM
    return parts


def values_chart(metric: Metric) -> Markup:
    """A value on both sides over time, with the margin around what it is compared with."""
    canary = [(look.until, look.canary_value) for look in metric.looks if look.canary_value is not None]
    baseline = [(look.until, look.baseline_value) for look in metric.looks if look.baseline_value is not None]
    margin = metric.margin or 0.0
    seen = [value for _, value in canary] + [value + side for _, value in baseline for side in (-margin, margin)]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    spare = (high - low or abs(high) or 1.0) / 8
    low, high = low - spare, high + spare
    frame = _over(metric.looks, lambda value: (value - low) / (high - low))
    parts = _axes(frame, [(value, f"{value:.3g}") for value in (low + spare, (low + high) / 2, high - spare)])
    if margin and baseline:
        upper, lower = ([(at, value + side) for at, value in baseline] for side in (margin, -margin))
        band = line([*frame.points(upper), *frame.points(lower)[::-1]], closed=True)
        parts.append(element("path", class_="band", d=band))
    parts.append(element("path", class_="series baseline", d=line(frame.points(baseline))))
    parts.append(element("path", class_="series canary", d=line(frame.points(canary))))
    parts += _dots(frame, canary, "canary")
    return _chart(frame, parts, f"{metric.metric} of {metric.subject} over time, beside what it is compared with")


def counts_chart(metric: Metric) -> Markup:
    """How many on both sides, of all since the first shift."""
    of_requests = metric.metric == "requests"
    canary = [(look.until, float(look.canary_requests if of_requests else look.canary_bad)) for look in metric.looks]
    baseline = [
        (look.until, float(look.baseline_requests if of_requests else look.baseline_bad)) for look in metric.looks
    ]
    most = _round_up(max((value for _, value in (*canary, *baseline)), default=0.0) or 1.0)
    frame = _over(metric.looks, lambda value: value / most)
    parts = _axes(frame, [(0, "0"), (most / 2, f"{most / 2:,.3g}"), (most, f"{most:,.0f}")])
    parts.append(element("path", class_="series baseline", d=line(frame.points(baseline))))
    parts.append(element("path", class_="series canary", d=line(frame.points(canary))))
    parts += _dots(frame, canary, "canary")
    return _chart(frame, parts, f"{metric.metric} of {metric.subject} over time")


def _dots(frame: Frame, values: Sequence[tuple[float, float]], tone: str) -> list[Markup]:
    return [element("circle", class_=f"dot {tone}", cx=x, cy=y, r=2.5) for x, y in frame.points(values[-1:])]


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 ... that is no less."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999)


def _over(looks: Sequence[Look], rise: Callable[[float], float]) -> Frame:
    start = looks[0].until if looks else 0.0
    return Frame(420, 140, start, max(looks[-1].until, start + 1) if looks else 1.0, rise)


_LOWEST = 1 / 8


def _highest(metric: Metric) -> float:
    """Where the scale of ratios ends: all that was observed is on it."""
    seen = [look.ratio for look in metric.looks if look.ratio is not None]
    return next(end for end in (16.0, 64.0, 1_024.0) if max(seen, default=1.0) < 0.9 * end or end > 1_000)


def ratio_chart(metric: Metric) -> Markup:
    """The canary's rate to the baseline's, with bounds that hold at all times, on a logarithmic scale."""
    highest = _highest(metric)
    frame = _over(metric.looks, lambda ratio: math.log(max(ratio, _LOWEST) / _LOWEST) / math.log(highest / _LOWEST))
    further = [(float(mark), f"x {mark}") for mark in (16, 64, 256) if mark <= highest]
    parts = _axes(frame, [(0.25, "x 1/4"), (1.0, "x 1"), (4.0, "x 4"), *further])
    upper = [(look.until, highest if look.ratio_high is None else look.ratio_high) for look in metric.looks]
    lower = [(look.until, _LOWEST if look.ratio_low is None else look.ratio_low) for look in metric.looks]
    parts.append(
        element("path", class_="band", d=line([*frame.points(upper), *frame.points(lower)[::-1]], closed=True))
    )
    seen = [(look.until, look.ratio) for look in metric.looks if look.ratio is not None]
    parts.append(element("path", class_="series canary", d=line(frame.points(seen))))
    parts += _dots(frame, seen, "canary")
    for value, tone in ((metric.harmful, "harm"), (metric.safe, "safe")):
        if value is not None:
            y = frame.y(value)
            parts.append(element("line", class_=f"margin {tone}", x1=_LEFT, x2=frame.width - _RIGHT, y1=y, y2=y))
    return _chart(frame, parts, f"How many times the baseline's rate the canary has: {metric.metric}, {metric.subject}")


def evidence_chart(metric: Metric) -> Markup:
    """Evidence of harm and of safety, each as a part of what is needed."""
    frame = _over(metric.looks, lambda part: part)
    parts = _axes(frame, [(0, "none"), (0.5, "half"), (1, "enough")])
    harm = [(look.until, look.harm) for look in metric.looks]
    safety = [(look.until, look.safety) for look in metric.looks]
    parts.append(element("path", class_="series safe", d=line(frame.points(safety))))
    parts.append(element("path", class_="series harm", d=line(frame.points(harm))))
    parts += _dots(frame, harm, "harm") + _dots(frame, safety, "safe")
    now = f"harm {harm[-1][1]:.0%}, safety {safety[-1][1]:.0%}" if harm else "none"
    return _chart(frame, parts, f"Evidence as a part of what is needed: {now}")


def bar(part: float, tone: str, label: str) -> Markup:
    """A part of a whole, 0 to 1, as a bar with its meaning in words."""
    filled = 100 * min(1.0, max(0.0, part))
    return element(
        "svg",
        element("title", label),
        element("rect", class_="trough", width="100%", height="100%", rx=3),
        element("rect", class_=f"fill {tone}", width=f"{filled:.1f}%", height="100%", rx=3),
        class_="bar",
        role="img",
    )
