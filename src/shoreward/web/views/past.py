"""What was live where, and where a commit is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shoreward.app.past.history import Events, Stay, contained, stays
from shoreward.app.quarantine.ancestry import Ancestry
from shoreward.core.header import Header
from shoreward.web.views.record_shapes import Lane, StayShown, WhereShown
from shoreward.web.views.under_way import headline


def lanes(events: Events, headers: Sequence[Header]) -> tuple[Lane, ...]:
    """What was live on each target, as far as these releases tell; targets in the order in which they came."""
    return _lanes(stays(events, sorted(headers, key=lambda header: header.number)))


def where(events: Events, ancestry: Ancestry, application: str, headers: Sequence[Header], commit: str) -> WhereShown:
    """Where a commit is; raises `OperationError` when the history at hand does not tell."""
    found = contained(events, ancestry, headers, commit)
    return WhereShown(
        application=application,
        live=_lanes(found.live),
        away=_lanes(found.not_live),
        carried_by=tuple(headline(header) for header in reversed(found.carried_by)),
    )


def _lanes(found: Iterable[Stay]) -> tuple[Lane, ...]:
    by_target: dict[str, list[StayShown]] = {}
    for stay in found:
        by_target.setdefault(stay.target, []).append(
            StayShown(
                release=stay.release,
                commit=stay.commit,
                subject=stay.subject,
                by=stay.by,
                since=stay.since,
                until=stay.until,
            )
        )
    short = _places(by_target)
    return tuple(Lane(target=target, place=short[target], stays=tuple(each)) for target, each in by_target.items())


def _places(targets: Iterable[str]) -> dict[str, str]:
    """The region of each target, or all of its key where the region is not enough."""
    regions = [target.split("/")[1] for target in targets]
    return {
        target: region if regions.count(region) == 1 else target
        for target, region in zip(targets, regions, strict=True)
    }
