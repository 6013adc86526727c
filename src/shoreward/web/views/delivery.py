"""How we do: the figures of delivery, what was spared, and what was sent back by mistake, each with what it means.

Read from the journal alone. A figure that nothing tells is empty, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shoreward.app.past.history import Figures, figures, trend
from shoreward.app.past.spared import Harm, Spared, harm
from shoreward.core.control import Control
from shoreward.core.header import Header
from shoreward.web.views.record_shapes import Delivering, Figure, HarmShown, HowWeDo

PARTS = 12
"""Into how many parts the time is cut for trends."""

PIPELINES = 40
"""How many pipelines are listed at most, those that deliver most."""

_DAY = 86_400.0

Span = Callable[[float], str]
Look = Callable[[Header], Spared]


def how_we_do(
    headers: Sequence[Header],
    control: Control,
    look: Look,
    span: Span,
    now: float,
    *,
    application: str = "",
    days: int = 90,
) -> HowWeDo:
    """The figures of some releases over the last days.

    Args:
        headers: of one pipeline, or of all.
        look: what came of a release that harmed.
        span: a time in words.
    """
    start = now - days * _DAY
    whole, parts = figures(headers, start, now), trend(headers, now, days=days, parts=PARTS)
    sent_back = harm(headers, control, look, start, now)
    return HowWeDo(
        application=application,
        days=days,
        start=start,
        end=now,
        figures=(
            *_delivered(whole, parts, span),
            _mistaken(sent_back, parts),
            *_spared(sent_back, parts),
        ),
        pipelines=() if application else _pipelines(headers, span, start, now, days),
    )


def harm_shown(headers: Sequence[Header], control: Control, look: Look, now: float, *, days: int = 90) -> HarmShown:
    """What harm the releases of the last days did, and what was spared."""
    start = now - days * _DAY
    found = harm(headers, control, look, start, now)
    return HarmShown(
        start=start,
        end=now,
        releases=len(found.back),
        mistaken=len(found.mistaken),
        looked=len(found.looked),
        counted=len(found.counted),
        most=found.most,
        done=found.done,
        spared=found.spared,
    )


def _delivered(whole: Figures, parts: Sequence[Figures], span: Span) -> tuple[Figure, ...]:
    def figure(
        name: str,
        meaning: str,
        value: Callable[[Figures], float | None],
        words: Callable[[float], str],
        note: str,
        *,
        less: bool = True,
    ) -> Figure:
        known, cut = value(whole), [value(part) for part in parts]
        return Figure(
            name=name,
            value="" if known is None else words(known),
            meaning=meaning,
            note=note,
            trend=tuple(cut),
            marks=tuple("nothing to tell" if each is None else words(each) for each in cut),
            less=less,
        )

    failed = f"{whole.failures} of {whole.deployments + whole.failures} that reached customers"
    return (
        figure(
            "Lead time",
            "Median time from a commit until all customers had it. Commits of a release that a newer one superseded "
            "count when that one was everywhere.",
            lambda each: each.lead_time,
            span,
            f"of {_counted(whole.deployments, 'delivery', 'deliveries')}",
        ),
        figure(
            "Deliveries",
            "Releases that went everywhere and stayed. What brings an earlier revision back does not count.",
            lambda each: each.per_day,
            lambda value: f"{value:.2f} a day",
            f"{_counted(whole.deployments, 'delivery', 'deliveries')} in all",
            less=False,
        ),
        figure(
            "Failures",
            "Share of the releases that reached customers and were sent back because they harmed them.",
            lambda each: each.failure_rate,
            lambda value: f"{100 * value:.1f} %",
            failed,
        ),
        figure(
            "Recovery",
            "Median time from the first customer who had a release that harmed until none has it any more.",
            lambda each: each.recovery,
            span,
            f"of {_counted(whole.failures, 'failure', 'failures')}",
        ),
    )


def _mistaken(whole: Harm, parts: Sequence[Figures]) -> Figure:
    cut = [sum(part.start <= header.back_at < part.end for header in whole.mistaken) for part in parts]
    return Figure(
        name="False rollbacks",
        value=str(len(whole.mistaken)) if whole.back else "",
        meaning="Rollbacks that somebody found to be mistaken: the very same was let go again without a fix, or its "
        "revision has gone everywhere since. What nobody looked into is not counted, so there may be more.",
        note=f"of {_counted(len(whole.back), 'rollback', 'rollbacks')} for harm",
        trend=tuple(float(each) for each in cut),
        marks=tuple(str(each) for each in cut),
        less=True,
    )


def _spared(whole: Harm, parts: Sequence[Figures]) -> tuple[Figure, ...]:
    def cut(value: Callable[[Spared], float | None]) -> list[float | None]:
        found = [
            [
                number
                for on, each in whole.looked
                if part.start <= on.back_at < part.end and (number := value(each)) is not None
            ]
            for part in parts
        ]
        return [sum(each) if each else None for each in found]

    looked, blind = len(whole.looked), len(whole.looked) - len(whole.counted)
    of = f"of {_counted(looked, 'release', 'releases')} that harmed"
    of += f", the newest of {len(whole.back)}" if len(whole.back) > looked else ""
    unknown = f"; of {blind} nobody counted requests" if blind else ""
    met, spared = (cut(lambda each: each.harmed), cut(lambda each: each.spared))
    return (
        Figure(
            name="Customers reached by harm",
            value="" if whole.most is None else f"{100 * whole.most:.2g} %",
            meaning="Median of the largest share of all customers that a release which harmed ever served.",
            note=of,
            trend=(),
            marks=(),
            less=True,
        ),
        Figure(
            name="Harm done",
            value=_requests(whole.done),
            meaning="Requests that failed or were slow on canaries, beyond what the old revision let fail at the "
            "same time: what finding the harm has cost.",
            note=of + unknown,
            trend=tuple(met),
            marks=tuple(_marks(met)),
            less=True,
        ),
        Figure(
            name="Harm spared",
            value=_requests(whole.spared),
            meaning="Further requests that would have, had the same releases served everybody from their first "
            "customer on, for no longer than they did. A reckoning, not a count; by hand it would have taken longer.",
            note=of + unknown,
            trend=tuple(spared),
            marks=tuple(_marks(spared)),
            less=False,
        ),
    )


def _marks(values: Sequence[float | None]) -> list[str]:
    return [_requests(each) or "nothing to tell" for each in values]


def _requests(whole: float | None) -> str:
    """`12,000 requests`: no more digits than a reckoning has; "" where nobody counted."""
    if whole is None:
        return ""
    rounded = float(f"{whole:.2g}") if whole >= 100 else round(whole)
    return f"{rounded:,.0f} requests"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _pipelines(headers: Sequence[Header], span: Span, start: float, end: float, days: int) -> tuple[Delivering, ...]:
    by_name: dict[str, list[Header]] = {}
    for header in headers:
        by_name.setdefault(header.application, []).append(header)
    rows = [(name, figures(own, start, end)) for name, own in by_name.items()]
    rows.sort(key=lambda row: (-row[1].deployments, row[0]))
    return tuple(
        Delivering(
            application=name,
            deployments=each.deployments,
            lead="" if each.lead_time is None else span(each.lead_time),
            failures=each.failures,
            rate="" if each.failure_rate is None else f"{100 * each.failure_rate:.0f} %",
            recovery="" if each.recovery is None else span(each.recovery),
            trend=tuple(float(part.deployments) for part in trend(by_name[name], end, days=days, parts=PARTS)),
        )
        for name, each in rows[:PIPELINES]
    )
