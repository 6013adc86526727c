"""A release, whole: where it is, its checks, its story, its weights over time."""

from __future__ import annotations

from collections.abc import Mapping

from shoreward.app.words.story import Line, places, tell, weights
from shoreward.core.header import Header
from shoreward.domain import Checked, Finding
from shoreward.web.views.shapes import (
    Changes,
    ChangeShown,
    CheckShown,
    ChecksShown,
    Found,
    ReleaseShown,
    Step,
    Told,
    Weights,
)
from shoreward.web.views.under_way import headline, under_way
from shoreward.web.watch import Carried, Sight


def release(sight: Sight, carried: Carried, header: Header, now: float) -> ReleaseShown:
    """All that is shown of a release but its change in git."""
    state = carried.state
    return ReleaseShown(
        headline=headline(header),
        now=under_way(sight, carried, header, now),
        checks=_checks(state.checked) if state.checked else None,
        story=story(carried),
        weights=all_weights(carried),
        changes=_changes(carried),
    )


def story(carried: Carried, after: int = 0) -> tuple[Told, ...]:
    """The release in words, event by event, oldest first, behind the event with number `after`."""
    names = places(carried.state.pipeline)
    lines = zip(carried.recorded, tell(carried.recorded), strict=True)
    return tuple(_told(each.seq, type(each.event).__name__, line, names) for each, line in lines if each.seq > after)


def _told(seq: int, event: str, line: Line, names: Mapping[str, str]) -> Told:
    return Told(
        seq=seq,
        at=line.at,
        event=event,
        target=line.target,
        place=names.get(line.target, ""),
        text=line.text,
        verdict=line.verdict.value if line.verdict else None,
        weighty=line.weighty,
        findings=tuple(found(each) for each in line.findings),
    )


def found(finding: Finding) -> Found:
    """A finding as it is shown."""
    waived = finding.waived
    return Found(
        check=finding.check,
        rule=finding.rule,
        severity=finding.severity.value,
        what=finding.what,
        why=finding.why,
        fix=finding.fix,
        where=str(finding.where or ""),
        subject=finding.subject,
        waived=f"{waived.reason} ({waived.owner}, until {waived.expires})" if waived else "",
    )


def _checks(checked: Checked) -> ChecksShown:
    return ChecksShown(
        verdict=checked.verdict.value,
        at=checked.at,
        seconds=checked.seconds,
        results=tuple(
            CheckShown(
                name=each.name,
                verdict=each.verdict.value,
                summary=each.summary,
                seconds=each.seconds,
                at=each.at,
                kept=each.kept,
                skipped=each.skipped,
            )
            for each in checked.results
        ),
        findings=tuple(found(each) for each in checked.blocking),
        blocked=max(checked.blocked, len(checked.blocking)),
        report=checked.report,
        manifest=checked.manifest,
    )


def all_weights(carried: Carried) -> tuple[Weights, ...]:
    """Each target's weight over time, in the order of the waves; up to the end where the release has stayed."""
    names, known = places(carried.state.pipeline), weights(carried.recorded)
    return tuple(
        Weights(target=key, place=name, steps=tuple(Step(at=at, percent=percent) for at, percent in known[key]))
        for key, name in names.items()
        if key in known
    )


def _changes(carried: Carried) -> tuple[Changes, ...]:
    names = places(carried.state.pipeline)
    return tuple(
        Changes(
            target=key,
            place=names[key],
            lines=tuple(
                ChangeShown(action=each.action, resource=each.logical_id, type=each.type, replacement=each.replacement)
                for each in deployment.staged.changes
            ),
        )
        for key, deployment in carried.state.deployments.items()
        if deployment.staged and deployment.staged.changes
    )
