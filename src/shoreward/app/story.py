"""A release told from its journal: what happened, when, and why.

The same telling serves `why`, the live view, reports and (later) pages, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shoreward.app.ports import Recorded
from shoreward.core import Event, Release
from shoreward.core import events as e
from shoreward.domain import Evidence, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened.

    Attributes:
        at: UNIX seconds.
        target: account/region/stack, or "" for the whole release.
        text: in words.
        verdict: for what the judge said.
        evidence: what it said it from.
        weighty: whether it decided something; a look that changed nothing is not weighty.
    """

    at: float
    target: str
    text: str
    verdict: Verdict | None = None
    evidence: tuple[Evidence, ...] = ()
    weighty: bool = True


def tell(recorded: Iterable[Recorded]) -> tuple[Line, ...]:
    """The story, oldest first: a look that says what the one before said is left out."""
    lines: list[Line] = []
    said: dict[str, tuple[Verdict, ...]] = {}
    for each in recorded:
        event = each.event
        if isinstance(event, e.TargetJudged):
            verdict = (event.judgement.verdict,)
            weighty = said.get(event.target) != verdict
            said[event.target] = verdict
        else:
            weighty = True
            if isinstance(event, e.TrafficShifted):
                said.pop(event.target, None)
        lines.append(_line(event, weighty))
    return tuple(lines)


def _line(event: Event, weighty: bool) -> Line:
    target = getattr(event, "target", "")
    if isinstance(event, e.TargetJudged):
        judgement = event.judgement
        text = f"{judgement.verdict.value.replace('_', ' ')}: {judgement.reason}"
        return Line(
            at=event.at,
            target=target,
            text=text,
            verdict=judgement.verdict,
            evidence=judgement.evidence,
            weighty=weighty,
        )
    return Line(at=event.at, target=target, text=_words(event))


def _words(event: Event) -> str:
    match event:
        case e.ReleaseOpened():
            despite = f", despite its quarantine: {event.despite}" if event.despite else ""
            return f"{event.by} released {event.commit[:10]} ({event.subject}){despite}"
        case e.RevisionBuilt(revision=revision):
            return f"built revision {revision.digest[:10]}: {len(revision.artifacts)} artifacts"
        case e.WaveEntered():
            return f"wave {event.wave + 1} began"
        case e.WaveBaked():
            return f"wave {event.wave + 1} has baked"
        case e.TargetInspected(snapshot=snapshot):
            serving = ", ".join(f"{each.logical_id} v{each.version}" for each in snapshot.functions)
            return f"serves {serving}" if serving else "nothing is deployed here yet"
        case e.TargetStaged(staged=staged):
            versions = ", ".join(f"{each.logical_id} v{each.candidate}" for each in staged.functions)
            return f"staged {len(staged.changes)} changes; {versions} published"
        case e.TargetProbed():
            return "new versions answered their probes"
        case e.ProbeFailed():
            return f"probe failed: {event.reason}"
        case e.TrafficShifted():
            return f"canary at {event.percent:g} %"
        case e.TargetFinished():
            return "finished: stack and traffic agree"
        case e.EffectFailed():
            return f"{event.effect.partition('/')[0]} failed: {event.what} [{event.code}]"
        case e.HoldPlaced():
            return f"held by {event.by}: {event.why}"
        case e.HoldLifted():
            return f"resumed by {event.by}: {event.why}"
        case e.RollbackBegan():
            who = "" if event.by == "shoreward" else f" by {event.by}"
            return f"ROLLBACK ({event.cause}){who}: {event.reason}"
        case e.TrafficRestored():
            return "all traffic is back on the old version"
        case e.StackRestored():
            return "stack is back at what it was"
        case e.ReleaseEnded():
            return f"ended: {event.outcome.value.replace('_', ' ')}"
        case e.TargetJudged():
            return event.judgement.reason


def weights(recorded: Iterable[Recorded]) -> dict[str, list[tuple[float, float]]]:
    """For each target its canary's weight: (time, percent) whenever it changed, from 0."""
    found: dict[str, list[tuple[float, float]]] = {}
    for each in recorded:
        match each.event:
            case e.TrafficShifted(at=at, target=target, percent=percent, since=since):
                found.setdefault(target, [(since, 0.0)]).append((at, percent))
            case e.TrafficRestored(at=at, target=target):
                found.setdefault(target, []).append((at, 0.0))
            case _:
                pass
    return found


def summary(state: Release, recorded: Sequence[Recorded]) -> dict[str, Any]:
    """A release as JSON: what it carried, how it ended, where it got and why.

    Weights are [seconds since the release was opened, percent].
    """
    start = state.opened.at
    shifts = weights(recorded)
    end = state.ended_at if state.ended else recorded[-1].event.at
    return {
        "id": state.id,
        "application": state.pipeline.application,
        "commit": state.opened.commit,
        "subject": state.opened.subject,
        "by": state.opened.by,
        "revision": state.revision.digest if state.revision else None,
        "outcome": state.outcome.value if state.outcome else None,
        "seconds": round(end - start, 3),
        "held": asdict(state.hold) if state.hold else None,
        "waves": [
            {
                "name": wave.name,
                "targets": [
                    {
                        "account": each.target.account,
                        "region": each.target.region,
                        "stack": each.target.stack,
                        "phase": each.phase.value,
                        "restored": each.restored.value,
                        "percent": each.percent,
                        "weights": [[round(at - start, 3), percent] for at, percent in shifts.get(each.target.key, [])],
                    }
                    for each in state.in_wave(index)
                ],
            }
            for index, wave in enumerate(state.pipeline.waves)
        ],
        "why": [line_json(line, start) for line in tell(recorded) if line.weighty],
    }


def line_json(line: Line, start: float) -> dict[str, Any]:
    """A line of the story as JSON; `t` is seconds since the release was opened."""
    told: dict[str, Any] = {"t": round(line.at - start, 3), "target": line.target, "text": line.text}
    if line.verdict:
        told["verdict"] = line.verdict.value
        told["evidence"] = [{**asdict(each), "verdict": each.verdict.value} for each in line.evidence]
    return told
