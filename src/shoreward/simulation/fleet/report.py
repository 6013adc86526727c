"""What came of a fleet: how releases ended, what merges took and what bad changes cost, as distributions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from shoreward.domain import Outcome
from shoreward.verdict import Verdict

if TYPE_CHECKING:
    from shoreward.simulation.fleet.run import Fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A distribution; zeros of nothing."""

    count: int
    p50: float
    p90: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A fleet's figures.

    Attributes:
        merges: commits, reverts included; `bad` of them harm, or would.
        outcomes: how many releases ended so; `causes`: why those went back that did.
        waiting: what releases wait for that have not ended, by release.
        wrong: targets that serve what went back, or what a release before the last one that stayed had brought.
        refused: how often a commit was kept out because of quarantine.
        everywhere: hours from merge to everywhere.
        harm: failed requests of each bad change; `harm_by_kind` the same of each kind.
        people: what they, and the weather, did.
        checked: how many events and effects were looked at.
        waits: how often a release had nothing under way; each time it named what it waits for.
        looks: minutes until the real judge spoke, by fault, and the share that it failed.
        digest: of all that happened, in order.
    """

    pipelines: int
    regions: int
    days: float
    merges: int
    bad: int
    releases: int
    outcomes: Mapping[str, int]
    causes: Mapping[str, int]
    waiting: Mapping[str, tuple[str, ...]]
    wrong: tuple[str, ...]
    refused: int
    everywhere: Spread
    harm: Spread
    harm_by_kind: Mapping[str, Spread]
    found_by: Mapping[str, int]
    people: Mapping[str, int]
    events: int
    decisions: int
    checked: int
    waits: int
    looks: Mapping[str, tuple[Spread, float]]
    digest: str

    def json(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


def spread(values: Sequence[float]) -> Spread:
    """The distribution of some values."""
    if not values:
        return Spread(count=0, p50=0.0, p90=0.0, p99=0.0, most=0.0)
    p50, p90, p99 = (round(float(each), 2) for each in np.quantile(values, (0.5, 0.9, 0.99)))
    return Spread(count=len(values), p50=p50, p90=p90, p99=p99, most=round(max(values), 2))


def reported(fleet: Fleet) -> Report:
    """The figures of a fleet as it stands."""
    histories, branches = fleet.acting.histories, fleet.branches
    for served in fleet.acting.cloud.targets.values():
        fleet.acting.cloud.settle(served, fleet.now)
    harmful = [each for history in histories.values() for each in history.commits if each.kind]
    ended = [state for states in fleet.ended.values() for state in states]
    harm = fleet.acting.cloud.harm
    kinds = sorted({str(each.kind) for each in harmful})
    times = [seconds / 3_600 for times in branches.everywhere.values() for place, seconds in times.items() if place]
    open_ones = [each for each in fleet.carried.values() if not each.state.ended]
    return Report(
        pipelines=fleet.shape.pipelines,
        regions=fleet.shape.regions,
        days=fleet.shape.days,
        merges=sum(len(history.commits) - 1 for history in histories.values()),
        bad=len(harmful),
        releases=len(ended) + len(open_ones),
        outcomes=dict(Counter(str(state.outcome) for state in ended)),
        causes=dict(Counter(state.rollback.cause for state in ended if state.rollback)),
        waiting={each.state.id: each.waits_for for each in open_ones},
        wrong=tuple(_wrong(fleet)),
        refused=branches.refused,
        everywhere=spread(times),
        harm=spread([harm.get(each.id, 0.0) for each in harmful]),
        harm_by_kind={
            kind: spread([harm.get(each.id, 0.0) for each in harmful if each.kind == kind]) for kind in kinds
        },
        found_by=dict(Counter(branches.found[each.id][0] if each.id in branches.found else "" for each in harmful)),
        people={**fleet.people.did, "region went dark": fleet.weather.outages},
        events=fleet.events,
        decisions=fleet.decisions,
        checked=fleet.watchman.steps,
        waits=fleet.watchman.waits,
        looks={
            kind: (
                spread([one.seconds / 60 for one in told]),
                sum(one.verdict is Verdict.FAIL for one in told) / len(told),
            )
            for kind, told in fleet.acting.looks.told.items()
        },
        digest=fleet.digest,
    )


def _wrong(fleet: Fleet) -> Iterator[str]:
    """Targets that serve what they should not, of applications all of whose releases have ended."""
    for key, served in fleet.acting.cloud.targets.items():
        if fleet.family(served.target.stack):
            continue
        states = sorted(fleet.ended[served.target.stack], key=lambda state: int(state.id.rpartition("#")[2]))
        stayed = [
            place
            for place, state in enumerate(states)
            if state.outcome is Outcome.SUCCEEDED and not state.deployments[key].skipped
        ]
        brought = [place for place, state in enumerate(states) if state.opened.commit == served.commit]
        if served.share:
            yield f"{key}: two revisions serve"
        elif not brought:
            if stayed:
                yield f"{key}: nobody brought {served.commit}"
        elif not states[brought[-1]].binds:
            yield f"{key}: {served.commit} went back"
        elif stayed and brought[-1] < stayed[-1]:
            yield f"{key}: {states[stayed[-1]].id} stayed, and {served.commit} serves"


def table(report: Report) -> str:
    """The figures as Markdown."""
    rows = [
        ("merge to everywhere, hours", report.everywhere),
        ("failed requests of a bad change", report.harm),
        *((f"... {kind}", each) for kind, each in report.harm_by_kind.items()),
    ]
    lines = [
        f"{report.pipelines} pipelines, {report.regions} regions, {report.days:g} days: "
        f"{report.merges} merges, {report.bad} of them bad; {report.releases} releases, "
        f"{report.events} events, {report.checked} steps looked at.",
        "",
        "| | count | p50 | p90 | p99 | max |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {name} | {each.count} | {each.p50:,.1f} | {each.p90:,.1f} | {each.p99:,.1f} | {each.most:,.1f} |"
            for name, each in rows
        ),
        "",
        f"How releases ended: {_told(report.outcomes)}. Why they went back: {_told(report.causes)}.",
        f"What people did: {_told(report.people)}. Kept out by quarantine: {report.refused} times.",
        f"{report.waits} times a release had nothing under way, and named what it waited for.",
        f"Releases that have not ended: {len(report.waiting)}. Targets that serve what they should not: "
        f"{len(report.wrong)}. All that happened: `{report.digest}`.",
    ]
    return "\n".join(lines)


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda it: -it[1])) or "none"
