"""A release as a trace: what was done when, one thing within the other, made of its journal once it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shoreward.app.ports import Recorded
from shoreward.core import Release, replay
from shoreward.core import events as e
from shoreward.domain import Outcome

_WENT_WRONG = (Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.ERRORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that took time.

    Attributes:
        start, end: UNIX seconds.
        trouble: what went wrong in it; "" for nothing.
        within: the spans that are parts of it.
    """

    name: str
    start: float
    end: float
    attributes: Mapping[str, str | float] = field(default_factory=dict[str, str | float])
    trouble: str = ""
    within: tuple[Span, ...] = ()


def trace(release: str, recorded: Sequence[Recorded]) -> Span:
    """The trace of a release that has ended: its build and checks, waves, their targets, and the effects on those."""
    events = [each.event for each in recorded]
    state = replay(release, events)
    parts = (*_before(events), *_waves(state, events), *_rollback(events), *_failures(events, ""))
    return Span(
        name="release",
        start=state.opened.at,
        end=events[-1].at,
        attributes={
            "shoreward.release": release,
            "shoreward.application": state.pipeline.application,
            "shoreward.commit": state.opened.commit,
            "shoreward.outcome": state.outcome.value if state.outcome else "",
        },
        trouble=state.rollback.reason if state.rollback and state.outcome in _WENT_WRONG else "",
        within=tuple(sorted(parts, key=lambda span: span.start)),
    )


def _before(events: Sequence[e.Event]) -> Iterator[Span]:
    """Building, and checking what was built."""
    since = events[0].at
    for event in events:
        match event:
            case e.RevisionBuilt(at=at):
                yield Span(name="build", start=since, end=at)
                since = at
            case e.RevisionChecked(at=at, checked=checked):
                yield Span(name="check", start=since, end=at, attributes={"shoreward.verdict": checked.verdict.value})
            case _:
                pass


def _waves(state: Release, events: Sequence[e.Event]) -> Iterator[Span]:
    for entered in (each for each in events if isinstance(each, e.WaveEntered)):
        baked = (each.at for each in events if isinstance(each, e.WaveBaked) and each.wave == entered.wave)
        gone = (each.at for each in events if isinstance(each, e.RollbackBegan) and each.at >= entered.at)
        end = next((*baked, *gone).__iter__(), events[-1].at)
        wave = state.pipeline.waves[entered.wave]
        yield Span(
            name="wave",
            start=entered.at,
            end=max(end, entered.at),
            attributes={"shoreward.wave": wave.name},
            within=tuple(span for target in wave.targets for span in _target(target.key, events)),
        )


def _target(key: str, events: Sequence[e.Event]) -> Iterator[Span]:
    """A target, from when the release entered it until the last thing that was done there."""
    steps = tuple(_steps(key, events))
    if steps:
        yield Span(
            name="target",
            start=steps[0].start,
            end=max(step.end for step in steps),
            attributes={"shoreward.target": key},
            within=steps,
        )


def _steps(key: str, events: Sequence[e.Event]) -> Iterator[Span]:
    """Effects on a target: each ends with its event, and began when the one before it had ended."""
    since = 0.0
    for event in events:
        if getattr(event, "target", "") != key:
            continue
        match event:
            case e.TargetEntered(at=at):
                since = at
                continue
            case e.TargetInspected():
                name, attributes = "inspect", {}
            case e.TargetStaged():
                name, attributes = "stage", {}
            case e.TargetProbed():
                name, attributes = "probe", {}
            case e.TrafficShifted(percent=percent):
                name, attributes = "shift", {"shoreward.percent": percent}
            case e.TargetFinished():
                name, attributes = "finish", {}
            case _:
                continue
        yield Span(name=name, start=since or event.at, end=event.at, attributes=attributes)
        since = event.at
    yield from _failures(events, key)


def _rollback(events: Sequence[e.Event]) -> Iterator[Span]:
    began = next((each for each in events if isinstance(each, e.RollbackBegan)), None)
    if began is None:
        return
    restored = [each for each in events if isinstance(each, e.TrafficRestored | e.StackRestored)]
    yield Span(
        name="rollback",
        start=began.at,
        end=events[-1].at,
        attributes={"shoreward.cause": began.cause},
        within=tuple(
            Span(
                name="restore traffic" if isinstance(each, e.TrafficRestored) else "restore stack",
                start=began.at,
                end=each.at,
                attributes={"shoreward.target": each.target},
            )
            for each in restored
        ),
    )


def _failures(events: Sequence[e.Event], target: str) -> Iterator[Span]:
    for event in events:
        if isinstance(event, e.EffectFailed) and event.target == target:
            yield Span(
                name=event.effect.partition("/")[0],
                start=event.at,
                end=event.at,
                attributes={"shoreward.code": event.code},
                trouble=event.what,
            )
