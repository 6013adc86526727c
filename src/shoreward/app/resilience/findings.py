"""What an application did not bear, as findings: which fault, which requests failed how, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from shoreward.app.resilience.ports import Sent
from shoreward.app.resilience.trial import Outcome
from shoreward.app.words.wording import counted, percent
from shoreward.domain import Fault, Finding, Place, Severity

Where = Callable[[str], Place | None]
"""The place of a resource in the template that a person wrote, by its logical id."""

_MEANWHILE = {
    "throttle": "while {function} was throttled",
    "disconnect": "while nothing was read for {function}",
    "misdirect": "while {variable} of {function} led nowhere",
    "squeeze": "while {function} had {left}",
}

_WHAT_TO_DO = {
    "throttle": "Retry with a pause, put a queue between the two, or answer without it for a while.",
    "disconnect": "Take the request, and do the rest later: nobody should wait for what a queue is there for.",
    "misdirect": "Catch the failure, and answer with less: what was kept, a default, or a promise to do it later.",
    "squeeze": "Do less in one call, set time limits below the function's own, and answer with what there is.",
}


def findings_of(outcome: Outcome, where: Where) -> tuple[Finding, ...]:
    """What is to be told of an outcome, sorted."""
    found = [*_not_withstood(outcome, where), *_not_recovered(outcome, where), *_lost(outcome, where)]
    return tuple(sorted(found, key=lambda one: (one.rule, one.subject, one.what)))


def meanwhile(fault: Fault) -> str:
    """`while ContestFunction was throttled`."""
    left = [f"{fault.timeout:g} s"] if fault.timeout is not None else []
    left += [f"{fault.memory} MB"] if fault.memory is not None else []
    told = _MEANWHILE[fault.kind]
    return told.format(function=fault.function, variable=fault.variable, left=" and ".join(left))


def _not_withstood(outcome: Outcome, where: Where) -> Iterator[Finding]:
    fault = outcome.trial.fault
    sent = outcome.sent
    failed = [one for one in sent if one.wrong]
    if not failed or len(failed) / len(sent) <= fault.may_fail:
        return
    for to in sorted({one.to for one in failed}):
        mine = [one for one in failed if one.to == to]
        asked = sum(one.to == to for one in sent)
        share = f"{len(mine)} of {counted(asked, 'request')} to {to}" if asked > 1 else to
        yield Finding(
            rule="fault-not-withstood",
            severity=Severity.HIGH,
            what=f"{share} failed {meanwhile(fault)}: {_first(mine)}",
            why=f"Sooner or later it happens in production; {percent(fault.may_fail)} of all requests may fail then, "
            f"and {percent(len(failed) / len(sent))} did.",
            fix=f"{_WHAT_TO_DO[fault.kind]} Or say with `may-fail` that customers can bear it.",
            where=where(to) or where(fault.function) or fault.where,
            subject=to,
            details=_details(outcome, where, mine),
        )


def _not_recovered(outcome: Outcome, where: Where) -> Iterator[Finding]:
    fault = outcome.trial.fault
    if outcome.recovered is not None:
        return
    for to in sorted({one.to for one in outcome.after}):
        mine = [one for one in outcome.after if one.to == to]
        yield Finding(
            rule="fault-not-recovered",
            severity=Severity.HIGH,
            what=f"{to} still fails {fault.recovery:g} s after a fault was over ({fault}): {_first(mine)}",
            why="What does not come back by itself has to be mended by somebody, at night as a rule.",
            fix="Keep no broken connection or cached failure in the function; or say with `recovery` what it may take.",
            where=where(to) or where(fault.function) or fault.where,
            subject=to,
            details=_details(outcome, where, mine),
        )
    for queue, left in outcome.backlog:
        yield Finding(
            rule="fault-backlog",
            severity=Severity.HIGH,
            what=f"{counted(left, 'message')} still waited in {queue} {fault.recovery:g} s after a fault was over "
            f"({fault}).",
            why="A backlog that is worked off too slowly goes on growing with the next disturbance.",
            fix="Let more of them be worked off at once; or say with `recovery` how long it may take.",
            where=where(queue) or fault.where,
            subject=queue,
            details=_details(outcome, where, ()),
        )


def _lost(outcome: Outcome, where: Where) -> Iterator[Finding]:
    fault = outcome.trial.fault
    for queue, amount in outcome.lost:
        yield Finding(
            rule="fault-lost-messages",
            severity=Severity.HIGH,
            what=f"{counted(amount, 'message')} went to the dead letters {queue} {meanwhile(fault)}, or soon after.",
            why="What lies there is done only when somebody looks.",
            fix="Let messages be tried for longer than a disturbance lasts: a higher maxReceiveCount, a longer "
            "VisibilityTimeout.",
            where=where(queue) or fault.where,
            subject=queue,
            details=_details(outcome, where, ()),
        )


def _first(failed: Sequence[Sent]) -> str:
    """What was wrong most often."""
    [(wrong, _)] = Counter(one.wrong for one in failed).most_common(1)
    return wrong[:300]


def _details(outcome: Outcome, where: Where, failed: Sequence[Sent]) -> tuple[tuple[str, str], ...]:
    fault = outcome.trial.fault
    at = where(fault.function)
    found = [("fault", str(fault)), *((("fault at", str(at)),) if at else ())]
    if failed:
        states = Counter(one.status for one in failed)
        found.append(("failed", ", ".join(f"{amount} x {status}" for status, amount in sorted(states.items()))))
        times = [one.seconds for one in failed]
        found.append(("latency", f"{median(times) * 1000:.0f} ms in the middle, {max(times) * 1000:.0f} ms at most"))
    return tuple(found)
