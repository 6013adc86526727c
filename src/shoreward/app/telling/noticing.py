"""What happened, as notices: most events matter to nobody, a few to many people.

Pure: a notice of an event is the same whenever it is made. One thing is told once: a rollback with its reason and its
harm, and not also each hold, failure and look that led to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shoreward.app.ports import Happened
from shoreward.app.telling.notice import Harm, Notice
from shoreward.app.words.story import places
from shoreward.app.words.wording import blamed_words, checked_words, counted, finding_words
from shoreward.core import Phase, Release
from shoreward.core import control as c
from shoreward.core import events as e
from shoreward.core.header import HARM
from shoreward.domain import Blamed, Outcome, RollbackCause
from shoreward.domain.notifications import Kind

_BECAUSE: Mapping[RollbackCause, str] = {
    "judged": ": it harms customers",
    "alarm": ": an alarm fires",
    "gate": ": a gate says that it harms",
    "deadline": ": its evidence did not suffice in time",
    "error": ": something could not be done",
    "advisory": ": a new advisory",
    "quarantine": ": what it carries is in quarantine",
    "group": ": another member of its group does",
    "in the way": ": it stands still where an older release goes back",
}

_NAMED = 3
"""How many advisories a notice spells out."""


def noticed(state: Release, happened: Happened) -> Notice | None:
    """What matters of an event, given the release as it is after it; None for what matters to nobody."""
    told = _told(state, happened.event)
    if told is None:
        return None
    opened = state.opened
    blank = Notice(
        key=f"{state.id}/{happened.seq}",
        kind=told["kind"],
        at=happened.event.at,
        application=state.pipeline.application,
        release=state.id,
        what="",
        path=f"/releases/{state.id}",
        commit=opened.commit,
        before=opened.before or "",
    )
    return replace(blank, **told)


def _told(state: Release, event: e.Event) -> dict[str, Any] | None:
    """The fields of a notice that are an event's own."""
    release = f"Release {state.id}"
    match event:
        case e.ReleaseOpened():
            does = f"brings {event.back_to} back" if event.back_to else "was opened"
            return {"kind": Kind.OPENED, "what": f"{release} {does}", "why": _carries(state)}
        case e.WaveEntered(wave=0):
            return {
                "kind": Kind.STARTED,
                "what": f"{release} has started",
                "why": _carries(state),
                "wave": _wave(state, 0),
            }
        case e.WaveEntered(wave=wave) | e.WaveBaked(wave=wave):
            kind = Kind.WAVE_STARTED if isinstance(event, e.WaveEntered) else Kind.WAVE_BAKED
            does = "has begun" if kind is Kind.WAVE_STARTED else "has baked"
            name = _wave(state, wave)
            return {"kind": kind, "what": f"{release}: wave {name} {does}", "wave": name}
        case e.TargetFinished(target=target):
            what = f"{release} serves all customers of {_place(state, target)}"
            return {"kind": Kind.DEPLOYED, "what": what, "target": target, "first": _is_first(state, target)}
        case e.StackRestored(target=target):
            what = f"{release} is gone from {_place(state, target)}"
            return {"kind": Kind.RESTORED, "what": what, "target": target, "first": _is_first(state, target)}
        case e.HoldPlaced() | e.HoldLifted():
            return _hold(state, event)
        case e.RollbackBegan():
            return _rollback(state, event)
        case e.ReleaseEnded():
            return _end(state, event)
        case e.CommitsBlamed(blamed=blamed) if blamed.suspects:
            return _blamed(state, blamed)
        case e.AdvisoriesReviewed() if state.ended and event.findings:
            return _advised(state, event)
        case _:
            return None


def _blamed(state: Release, blamed: Blamed) -> dict[str, Any]:
    prepare = f"`shoreward blame {state.id} --revert` prepares its revert."
    return {
        "kind": Kind.CULPRIT,
        "what": f"Release {state.id}: who did it",
        "why": blamed_words(blamed),
        "next": f"Look at {blamed.branch}, and merge it." if blamed.pushed else prepare,
        "commit": blamed.culprit or blamed.suspects[0].commit,
    }


def _carries(state: Release) -> str:
    opened = state.opened
    return f"{opened.subject} ({opened.commit[:10]}, {opened.by})"


def _wave(state: Release, wave: int) -> str:
    return state.pipeline.waves[wave].name


def _place(state: Release, target: str) -> str:
    return places(state.pipeline)[target]


def _is_first(state: Release, target: str) -> bool:
    snapshot = state.deployments[target].snapshot
    return snapshot is not None and not snapshot.exists


def _hold(state: Release, event: e.HoldPlaced | e.HoldLifted) -> dict[str, Any]:
    part = f" on {_place(state, event.target)}" if event.target else f" in wave {event.wave}" if event.wave else ""
    held = isinstance(event, e.HoldPlaced)
    who = "" if event.by == "shoreward" else f", says {event.by}"
    option = f" --target {event.target}" if event.target else f" --wave {event.wave}" if event.wave else ""
    return {
        "kind": Kind.HELD if held else Kind.RESUMED,
        "what": f"Release {state.id} {'is held' if held else 'goes on'}{part}{who}",
        "why": event.why,
        "next": f"`shoreward resume {state.id}{option}` lets it go on." if held else "",
        "target": event.target,
        "wave": event.wave,
    }


def _rollback(state: Release, event: e.RollbackBegan) -> dict[str, Any] | None:
    if not any(each.touched for each in state.deployments.values()):
        return None  # nobody was touched, so its end says it all, a moment later
    who = f", says {event.by}" if event.by != "shoreward" else _BECAUSE.get(event.cause, "")
    advice = f"What it brought is in quarantine; `shoreward blame {state.id}` names the likely commit."
    return {
        "kind": Kind.ROLLBACK,
        "what": f"Release {state.id} goes back{who}",
        "why": event.reason,
        "next": advice if event.cause in HARM else "",
        "target": event.target,
        "cause": event.cause,
        "harm": _harm(state),
    }


def _harm(state: Release) -> Harm | None:
    """Errors of all functions, summed over the targets that were looked at; None where nobody looked."""
    judged = (each.judgement for each in state.deployments.values() if each.judgement)
    errors = [each for one in judged for each in one.evidence if each.metric == "errors"]
    seen = [each for each in errors if each.function != "*"] or errors
    if not seen:
        return None
    return Harm(failed=sum(each.canary_bad for each in seen), requests=sum(each.canary_requests for each in seen))


def _end(state: Release, event: e.ReleaseEnded) -> dict[str, Any]:
    outcome = event.outcome
    told: dict[str, Any] = {
        "kind": Kind.SUPERSEDED if outcome is Outcome.SUPERSEDED else Kind.ENDED,
        "outcome": outcome,
        "cause": state.rollback.cause if state.rollback else None,
        "harm": _harm(state) if state.rollback else None,
    }
    release, back = f"Release {state.id}", state.rollback
    match outcome:
        case Outcome.SUCCEEDED:
            done = sum(each.phase is Phase.FINISHED for each in state.deployments.values())
            what = f"{release} is everywhere: {counted(done, 'target')}"
            return {**told, "what": what, "why": _carries(state)}
        case Outcome.FAILED:
            why = checked_words(state.checked) if state.checked else ""
            return {**told, "what": f"{release} failed its checks; nobody was touched", "why": why}
        case Outcome.SUPERSEDED:
            return {
                **told,
                "what": f"{release} was superseded: a later one carries what it carried",
                "why": _carries(state),
            }
        case Outcome.DISPLACED:
            return {
                **told,
                "what": f"{release} was displaced: a later one went on in its place, and is not known to carry it",
                "why": _carries(state),
                "next": f"Where it should go all the same: `shoreward release {state.opened.commit[:10]}`.",
            }
        case Outcome.ROLLED_BACK | Outcome.ABORTED | Outcome.ERRORED:
            word = outcome.value.replace("_", " ")
            return {**told, "what": f"{release} is back: {word}", "why": back.reason if back else ""}


def _advised(state: Release, event: e.AdvisoriesReviewed) -> dict[str, Any] | None:
    found = event.findings
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return {
        "kind": Kind.ADVISORY,
        "what": f"What is live of {state.pipeline.application} has vulnerabilities: {counted(len(found), 'finding')}",
        "why": "; ".join(finding_words(each) for each in found[:_NAMED]) + more,
        "next": "Release a commit with the versions that mend it.",
    }


def said(order: c.Order, seq: int) -> Notice | None:
    """What matters of a person's word about more than one release."""
    match order:
        case c.StopPlaced() | c.StopLifted():
            return _stop(order, seq)
        case c.CulpritNamed():
            what = f"Commit {order.commit[:10]} is to blame for release {order.release}, says {order.by}"
            return _about(order, seq, Kind.CULPRIT, order.release, what, "A revert of it lifts the quarantine.")
        case c.QuarantineLifted():
            part = f"what contains {order.commit[:10]}" if order.commit else "what it brought"
            what = f"The quarantine of release {order.release} is lifted for {part}, says {order.by}"
            return _about(order, seq, Kind.QUARANTINE_LIFTED, order.release, what, "")
        case _:
            return None


def _stop(order: c.StopPlaced | c.StopLifted, seq: int) -> Notice:
    stopped = isinstance(order, c.StopPlaced)
    which = f"The pipeline {order.application}" if order.application else "Everything"
    option = "--pipeline" if order.application else "--everything"
    return Notice(
        key=f"order/{seq}",
        kind=Kind.STOPPED if stopped else Kind.STOP_LIFTED,
        at=order.at,
        application=order.application,
        what=f"{which} {'is stopped' if stopped else 'goes on'}, says {order.by}",
        why=order.why,
        next=f"`shoreward resume {option}` lets it go on." if stopped else "",
        path=f"/pipelines/{order.application}" if order.application else "/pipelines",
    )


def _about(
    order: c.CulpritNamed | c.QuarantineLifted, seq: int, kind: Kind, release: str, what: str, next: str
) -> Notice:
    return Notice(
        key=f"order/{seq}",
        kind=kind,
        at=order.at,
        application=release.rpartition("-")[0],
        release=release,
        what=what,
        why=order.why,
        next=next,
        path=f"/releases/{release}",
        commit=order.commit,
    )
