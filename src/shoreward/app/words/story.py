"""A release told from its journal: what happened, when, and why.

The same telling serves `why`, the live view, reports and (later) pages, so they cannot differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from shoreward.app.ports import Recorded
from shoreward.app.words.values import value_words
from shoreward.app.words.wording import blamed_words, checked_words, counted, standing
from shoreward.core import Event, Release
from shoreward.core import events as e
from shoreward.core.effects import ASKING
from shoreward.domain import Checked, Evidence, Finding, Judgement, Pipeline, Target, Verdict, advisory, spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened.

    Attributes:
        at: UNIX seconds.
        target: account/region/stack, or "" for the whole release.
        text: in words.
        verdict: for what the judge said.
        evidence: what it said it from.
        findings: what the checks, or a look at advisories, found.
        weighty: whether it decided something; a look that changed nothing is not weighty.
    """

    at: float
    target: str
    text: str
    verdict: Verdict | None = None
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    weighty: bool = True


_Plain = (
    e.ReleaseOpened
    | e.RevisionBuilt
    | e.RevisionChecked
    | e.AdvisoriesReviewed
    | e.TargetEntered
    | e.TargetRetried
    | e.TargetSkipped
    | e.TargetOvertaken
    | e.GateAsked
    | e.GateOpened
    | e.TargetInspected
    | e.TargetStaged
    | e.TargetProbed
    | e.ProbeFailed
    | e.TrafficShifted
    | e.TargetFinished
    | e.EffectFailed
    | e.HoldPlaced
    | e.HoldLifted
    | e.TrafficRestored
    | e.StackRestored
    | e.ReleaseEnded
    | e.CommitsBlamed
)
"""What is told from itself alone."""


def places(pipeline: Pipeline) -> Mapping[str, str]:
    """What people may call each target, by its key: its region alone, or more where the region is not enough."""
    targets = pipeline.targets
    regions = Counter(target.region for target in targets)
    known = Counter(str(target) for target in targets)

    def name(target: Target) -> str:
        if regions[target.region] == 1:
            return target.region
        return str(target) if known[str(target)] == 1 else target.key

    return {target.key: name(target) for target in targets}


def tell(recorded: Iterable[Recorded]) -> tuple[Line, ...]:
    """The story, oldest first; of looks that say the same only the first is weighty."""
    lines: list[Line] = []
    said: dict[str, Judgement] = {}
    advised: object = frozenset[str]()
    names: tuple[str, ...] = ()
    values = False

    def words(event: _Plain) -> str:
        return (value_words(event) if values else None) or _words(event)

    for each in recorded:
        event = each.event
        match event:
            case e.ReleaseOpened():
                names = tuple(wave.name for wave in event.pipeline.waves)
                values = event.pipeline.configuration is not None
                lines.append(_line(event, words(event)))
            case e.WaveEntered() | e.WaveBaked():
                how = "began" if isinstance(event, e.WaveEntered) else "has baked"
                lines.append(_line(event, f"wave {event.wave + 1} ({names[event.wave]}) {how}"))
            case e.TargetEntered():
                lines.append(replace(_line(event, words(event)), weighty=False))
            case e.GateAsked() | e.EffectFailed() if _asks(event):
                text = words(event)
                known = any(line.text == text and line.target == event.target for line in lines)
                lines.append(replace(_line(event, text), weighty=not known))
            case e.TargetJudged():
                before = said.get(event.target)
                lines.append(_look(event, before is None or before.verdict is not event.judgement.verdict))
                said[event.target] = event.judgement
            case e.AdvisoriesReviewed() | e.EffectFailed() if (news := _advice(event)) is not None:
                lines.append(replace(_line(event, words(event)), weighty=news != advised))
                advised = news
            case e.RollbackBegan():
                lines.append(_line(event, _rollback(event, said.get(event.target))))
            case e.TrafficShifted():
                if event.percent < 100:
                    said.pop(event.target, None)
                lines.append(_line(event, words(event)))
            case _:
                lines.append(_line(event, words(event)))
    return tuple(lines)


def _line(event: Event, text: str) -> Line:
    findings = _findings(event)
    return Line(at=event.at, target=getattr(event, "target", ""), text=text, findings=findings)


def _findings(event: Event) -> tuple[Finding, ...]:
    match event:
        case e.RevisionChecked(checked=checked):
            return checked.blocking
        case e.AdvisoriesReviewed(findings=findings):
            return findings
        case _:
            return ()


def _asks(event: e.GateAsked | e.EffectFailed) -> bool:
    """Whether it is about a gate that asks, which it may do for days."""
    return isinstance(event, e.GateAsked) or event.effect.startswith(ASKING)


def _advice(event: e.AdvisoriesReviewed | e.EffectFailed) -> object:
    """What a look at advisories says, so that two can be compared; None for what is no such look."""
    if isinstance(event, e.AdvisoriesReviewed):
        return frozenset(advisory(finding) for finding in event.findings)
    return event.code if event.effect.startswith("review/") else None


def _look(event: e.TargetJudged, weighty: bool) -> Line:
    judgement = event.judgement
    return Line(
        at=event.at,
        target=event.target,
        text=f"{judgement.verdict.value.replace('_', ' ')}: {judgement.reason}",
        verdict=judgement.verdict,
        evidence=judgement.evidence,
        weighty=weighty,
    )


def _rollback(event: e.RollbackBegan, said: Judgement | None) -> str:
    """A rollback with its reason, unless the look before has just given it."""
    who = "" if event.by == "shoreward" else f" by {event.by}"
    reason = event.reason.removeprefix(f"{event.target.rpartition('/')[0]}: ")
    again = said is not None and said.reason == reason
    return f"ROLLBACK ({event.cause}){who}" + ("" if again else f": {reason}")


def _words(event: _Plain) -> str:
    match event:
        case e.ReleaseOpened():
            despite = f", despite its quarantine: {event.despite}" if event.despite else ""
            did = f"brought back {event.back_to}:" if event.back_to else "released"
            return f"{event.by} {did} {event.commit[:10]} ({event.subject}){despite}{_together(event)}"
        case e.RevisionBuilt(revision=revision):
            return f"built revision {revision.digest[:10]}: {counted(len(revision.artifacts), 'artifact')}"
        case e.RevisionChecked(checked=checked):
            return checked_words(checked)
        case e.AdvisoriesReviewed(findings=findings):
            return (
                f"{counted(len(findings), 'finding')} about vulnerabilities would fail the checks now"
                if findings
                else "no new advisory"
            )
        case e.TargetInspected(snapshot=snapshot):
            serving = ", ".join(f"{each.logical_id} v{each.version}" for each in snapshot.functions)
            return f"serves {serving}" if serving else "nothing is deployed here yet"
        case e.TargetStaged(staged=staged):
            new = [
                f"{each.logical_id} v{each.candidate}" for each in staged.functions if each.candidate != each.baseline
            ]
            return f"staged {counted(len(staged.changes), 'change')}; new: {', '.join(new) or 'no version'}"
        case e.TargetProbed():
            return "new versions answered their probes"
        case e.ProbeFailed():
            return f"probe failed: {event.reason}"
        case e.TrafficShifted():
            return f"canary at {event.percent:g} %{_elsewhere(event)}"
        case e.TargetFinished():
            return f"finished: stack and traffic agree{_elsewhere(event)}"
        case e.EffectFailed():
            return f"{event.effect.partition('/')[0]} failed: {event.what} [{event.code}]"
        case e.HoldPlaced():
            return f"{_part(event)}held by {event.by}: {event.why}"
        case e.HoldLifted():
            return f"{_part(event)}resumed by {event.by}: {event.why}"
        case e.TargetEntered():
            return "its gates are open"
        case e.TargetRetried():
            return f"tried again by {event.by}: {event.why}"
        case e.TargetSkipped():
            return f"left out by {event.by}: {event.why}"
        case e.TargetOvertaken():
            return f"release {event.release} stayed here, so nothing is taken back"
        case e.GateAsked():
            return f"gate {event.gate}: {event.answer}" + (f", {event.why}" if event.why else "")
        case e.GateOpened():
            return f"gate {event.gate} of wave {event.wave} was opened by {event.by}: {event.why}"
        case e.TrafficRestored():
            return f"all traffic is back on the old version{_meanwhile(event)}"
        case e.StackRestored():
            return f"stack is back at what it was{_meanwhile(event)}"
        case e.ReleaseEnded():
            return f"ended: {event.outcome.value.replace('_', ' ')}"
        case e.CommitsBlamed(blamed=blamed):
            return blamed_words(blamed)


def _together(event: e.ReleaseOpened) -> str:
    if event.group is None:
        return ""
    others = [each.application for each in event.group.members if each.application != event.pipeline.application]
    return f", in the group {event.group.name}" + (f" together with {', '.join(others)}" if others else "")


def _elsewhere(event: e.TrafficShifted | e.TargetFinished) -> str:
    told = event.detected.told if event.detected else ()
    return f"; beside its functions: {spelled(told)}" if told else ""


def _meanwhile(event: e.TrafficRestored | e.StackRestored) -> str:
    return f"; somebody had changed it meanwhile: {spelled(event.found)}" if event.found else ""


def _part(event: e.HoldPlaced | e.HoldLifted) -> str:
    return f"wave {event.wave} " if event.wave else ""


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
        "group": asdict(state.opened.group) if state.opened.group else None,
        "revision": state.revision.digest if state.revision else None,
        "outcome": state.outcome.value if state.outcome else None,
        "seconds": round(end - start, 3),
        "standing": standing(state),
        "held": asdict(state.hold) if state.hold else None,
        "checked": _checked_json(state.checked) if state.checked else None,
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


def _checked_json(checked: Checked) -> dict[str, Any]:
    """The checks' verdict as JSON; `blocked` counts all findings, `blocking` holds the first of them."""
    return {
        "verdict": checked.verdict.value,
        "seconds": round(checked.seconds, 3),
        "results": [{**asdict(each), "verdict": each.verdict.value} for each in checked.results],
        "blocked": checked.blocked,
        "blocking": [finding_json(each) for each in checked.blocking],
        "report": checked.report,
        "manifest": checked.manifest or None,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return {
        "check": finding.check,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "where": str(finding.where or ""),
        "subject": finding.subject,
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
    }


def line_json(line: Line, start: float) -> dict[str, Any]:
    """A line of the story as JSON; `t` is seconds since the release was opened."""
    told: dict[str, Any] = {"t": round(line.at - start, 3), "target": line.target, "text": line.text}
    if line.verdict:
        told["verdict"] = line.verdict.value
        told["evidence"] = [{**asdict(each), "verdict": each.verdict.value} for each in line.evidence]
    if line.findings:
        told["findings"] = [finding_json(each) for each in line.findings]
    return told
