"""What was where, and when: the history of targets, of commits, and the figures of how a team delivers.

Read from the journal, and from nothing else. The four figures are those that AWS's Deployment Pipeline Reference
Architecture asks a pipeline to publish: https://pipelines.devops.aws.dev/application-pipeline/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Protocol

from shoreward.app.ports import Journal, Kinds, Recorded
from shoreward.app.quarantine.ancestry import Ancestry
from shoreward.core import events as e
from shoreward.core.control import Control
from shoreward.core.header import Header
from shoreward.domain import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A revision that was all there was on a target, for a while.

    Attributes:
        until: None while it is live.
        group: the id of the release's group release, "" when it went alone.
    """

    target: str
    release: str
    commit: str
    subject: str
    by: str
    since: float
    until: float | None = None
    group: str = ""


class Events(Protocol):
    """Where events of releases are; a journal is one."""

    def events(self, release: str, *, kinds: Kinds) -> Sequence[Recorded]:
        """Those of some kinds, of a release, in order."""
        ...


def stays(journal: Events, headers: Iterable[Header]) -> tuple[Stay, ...]:
    """What was live on each target, oldest first; what came back after a rollback begins anew."""
    by_id = {header.id: header for header in headers}
    layers: dict[str, list[str]] = {}
    found: list[Stay] = []
    live: dict[str, Stay] = {}
    for at, target, release, arrives in sorted(_moves(journal, by_id)):
        layer = layers.setdefault(target, [])
        if arrives:
            layer.append(release)
        elif release in layer:
            layer.remove(release)
        top = layer[-1] if layer else ""
        before = live.get(target)
        if before and before.release != top:
            found[found.index(before)] = replace(before, until=at)
            del live[target]
        if top and target not in live:
            header = by_id[top]
            live[target] = Stay(
                target=target,
                release=top,
                commit=header.commit,
                subject=header.subject,
                by=header.by,
                since=at,
                group=header.group,
            )
            found.append(live[target])
    return tuple(found)


_MOVES: Kinds = (e.TargetFinished, e.StackRestored, e.TargetOvertaken)


def _moves(journal: Events, by_id: Iterable[str]) -> Iterable[tuple[float, str, str, bool]]:
    for release in by_id:
        for recorded in journal.events(release, kinds=_MOVES):
            match recorded.event:
                case e.TargetFinished(at=at, target=target):
                    yield at, target, release, True
                case e.StackRestored(at=at, target=target) | e.TargetOvertaken(at=at, target=target):
                    yield at, target, release, False
                case _:
                    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where a commit is.

    Attributes:
        live: what is live now, on targets where it contains the commit; `not_live`: on the others.
        carried_by: releases that carry it, or carried it, oldest first.
    """

    commit: str
    live: tuple[Stay, ...]
    not_live: tuple[Stay, ...]
    carried_by: tuple[Header, ...]


def whereabouts(journal: Journal, ancestry: Ancestry, application: str, commit: str) -> Whereabouts:
    """Where a commit is among an application's targets, by what the live revisions contain.

    Raises:
        OperationError: COMMIT_NOT_HERE, CLONE_SHALLOW when the history does not tell.
    """
    return contained(journal, ancestry, journal.releases(application), commit)


def contained(events: Events, ancestry: Ancestry, headers: Sequence[Header], commit: str) -> Whereabouts:
    """The same, among releases of one application, oldest first."""
    now = [stay for stay in stays(events, headers) if stay.until is None]
    contains = {other: ancestry.contains(other, commit) for other in {each.commit for each in (*now, *headers)}}
    return Whereabouts(
        commit=commit,
        live=tuple(stay for stay in now if contains[stay.commit]),
        not_live=tuple(stay for stay in now if not contains[stay.commit]),
        carried_by=tuple(header for header in headers if contains[header.commit]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit, with its subject."""

    commit: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a commit is, application by application."""

    commit: str
    subject: str
    applications: tuple[Whereabouts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How a pipeline delivers over a time; times are seconds, and None where there is nothing to tell them from.

    Attributes:
        start, end: of the time, UNIX seconds.
        deployments: releases that went everywhere and stayed.
        failures: releases that were sent back because customers who had them were harmed.
        lead_time: median, from the commit (or the opening, where nobody knows it) until it was everywhere.
        recovery: median, from the first customer who had a failure until none has it any more.
        between_failures: mean.
    """

    start: float
    end: float
    deployments: int
    failures: int
    lead_time: float | None
    recovery: float | None
    between_failures: float | None

    @property
    def per_day(self) -> float:
        """Deployments a day."""
        return self.deployments / ((self.end - self.start) / 86_400)

    @property
    def failure_rate(self) -> float | None:
        """Share of what reached customers that harmed them."""
        reached = self.deployments + self.failures
        return self.failures / reached if reached else None


def figures(headers: Sequence[Header], start: float, end: float) -> Figures:
    """The figures of what ended between two times; of several pipelines together, or of one."""
    return _figures(headers, _superseded(headers), start, end)


def trend(headers: Sequence[Header], end: float, *, days: int, parts: int = 8) -> tuple[Figures, ...]:
    """The same for equal parts of the time, oldest first."""
    width = days * 86_400 / parts
    start = end - days * 86_400
    cut: list[list[Header]] = [[] for _ in range(parts)]
    for header in headers:
        if start <= header.ended_at < end:
            cut[min(parts - 1, int((header.ended_at - start) / width))].append(header)
    gone = _superseded(headers)
    return tuple(
        _figures(some, gone, start + width * part, start + width * (part + 1)) for part, some in enumerate(cut)
    )


_ByNumber = Mapping[tuple[str, int], Header]


def _superseded(headers: Iterable[Header]) -> _ByNumber:
    return {(each.application, each.number): each for each in headers if each.outcome is Outcome.SUPERSEDED}


def _figures(headers: Iterable[Header], superseded: _ByNumber, start: float, end: float) -> Figures:
    ended = [header for header in headers if start <= header.ended_at < end and not header.open]
    failures = sorted(header.exposed_at for header in ended if failed(header))
    gaps = [later - earlier for earlier, later in pairwise(failures)]
    recoveries = [header.ended_at - header.exposed_at for header in ended if failed(header)]
    leads = [lead for header in ended for lead in _leads(header, superseded)]
    return Figures(
        start=start,
        end=end,
        deployments=sum(_delivered(header) for header in ended),
        failures=len(failures),
        lead_time=median(leads) if leads else None,
        recovery=median(recoveries) if recoveries else None,
        between_failures=sum(gaps) / len(gaps) if gaps else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a pipeline, or all of them together, deliver: over a whole time, and over equal parts of it."""

    whole: Figures
    trend: tuple[Figures, ...]


def deliveries(groups: Mapping[str, Sequence[Header]], now: float, *, days: int) -> dict[str, Delivery]:
    """The figures of the last days: of each pipeline by its name, and of all together, "", unless there is one."""
    every = {"": [header for group in groups.values() for header in group]} if len(groups) != 1 else {}
    return {
        name: Delivery(whole=figures(of, now - days * 86_400, now), trend=trend(of, now, days=days))
        for name, of in {**groups, **every}.items()
    }


def _delivered(header: Header) -> bool:
    return header.outcome is Outcome.SUCCEEDED and not header.back_to


def failed(header: Header) -> bool:
    """Whether it reached customers and was sent back because it harmed them."""
    return header.harmed and header.exposed_at > 0


def _leads(header: Header, superseded: _ByNumber) -> Iterable[float]:
    """Lead times of a delivery: its own, and those of the releases that it superseded."""
    carried = header if _delivered(header) else None
    while carried:
        yield header.ended_at - (carried.committed_at or carried.opened_at)
        carried = superseded.get((header.application, carried.number - 1))


def mistaken(headers: Iterable[Header], control: Control) -> tuple[Header, ...]:
    """Releases that were sent back although, as it turned out, they harmed nobody; as far as anybody found that out.

    Found out it is when a person let the very same go again without naming a fix, or when the same revision has gone
    everywhere since, and stayed.
    """
    known = tuple(headers)
    stayed = {(each.application, each.digest): each.number for each in known if _delivered(each) and each.digest}
    return tuple(
        each
        for each in known
        if failed(each)
        and (
            any(not word.commit for word in control.lifted.get(each.id, ()))
            or stayed.get((each.application, each.digest), 0) > each.number
        )
    )
