"""One fault: injected under load, taken back, and what the application made of it.

    all is well ──► fault ──► load, for as long as it lasts ──► taken back ──► well again?

That all is well before is a condition of the trial and no finding of it: of an application that fails by itself, nobody
can tell what it bears.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from shoreward.app.checking import Running
from shoreward.app.resilience.load import Load, stopped
from shoreward.app.resilience.planning import Trial
from shoreward.app.resilience.ports import FaultCloud, Sabotage, Sent
from shoreward.app.sandboxes import Injected
from shoreward.domain import Place, Target, Terminal

_PAUSE = 0.5
"""Seconds between two looks whether all is well again."""
_ROUNDS = 2
"""Rounds in a row without a failure after which all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where trials take place.

    Attributes:
        suffering: has faults in the sandbox for the time of a block, and takes them back.
        dead_letters: queues for what could not be done: logical id and address.
        where: the declaration, for errors.
    """

    target: Target
    cloud: FaultCloud
    load: Load
    suffering: Callable[[Target, Sequence[Injected], Callable[[], None]], AbstractContextManager[None]]
    dead_letters: tuple[tuple[str, str], ...] = ()
    where: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a fault.

    Attributes:
        sent: requests while it lasted, but for those that it hits by its nature.
        recovered: seconds until all was well again; None when it was not in time.
        after: requests that failed in the last look after it, when it was not.
        backlog: queues that were not worked off, each with the number of messages in it.
        lost: queues for dead letters, each with the number of messages that it got.
    """

    trial: Trial
    sent: tuple[Sent, ...]
    recovered: float | None
    after: tuple[Sent, ...] = ()
    backlog: tuple[tuple[str, int], ...] = ()
    lost: tuple[tuple[str, int], ...] = ()


def withstand(trial: Trial, bench: Bench, running: Running) -> Outcome:
    """Try one fault.

    Raises:
        Terminal: RESILIENCE_UNKNOWN when the application is not well without it, and what `FaultCloud.inject` raises.
        Retryable: FAULTS_STOPPED when nobody waits any more; the fault was taken back.
    """
    running.say(f"{trial.fault}: is all well without it?")
    unwell, _ = _well(bench, trial.fault.recovery, running, ())
    if unwell:
        raise _unknown(unwell[0], bench)
    dead = _waiting(bench, bench.dead_letters)
    backlog = _waiting(bench, trial.queues)
    sent = _endured(trial, bench, running)
    running.say(f"{trial.fault}: well again?")
    begun = time.monotonic()
    allowed = tuple(zip(trial.queues, backlog, strict=True))
    after, left = _well(bench, trial.fault.recovery, running, allowed)
    lost = zip(bench.dead_letters, dead, _waiting(bench, bench.dead_letters), strict=True)
    return Outcome(
        trial=trial,
        sent=tuple(one for one in sent if trial.counts(one.to)),
        recovered=None if after or left else time.monotonic() - begun,
        after=after,
        backlog=left,
        lost=tuple((name, now - before) for (name, _), before, now in lost if now > before),
    )


def _endured(trial: Trial, bench: Bench, running: Running) -> tuple[Sent, ...]:
    """The requests while the fault was there; what would change nothing is no fault."""
    looked = [(one, bench.cloud.before(bench.target, one)) for one in trial.sabotages]
    planned = [(one, before) for one, before in looked if before is not None]
    if not planned:
        what = f"{trial.fault} would change nothing: it is so already."
        raise Terminal("FAULT_NOT_POSSIBLE", what, where=trial.fault.where, next="Make the sandbox anew.")
    running.say(f"{trial.fault}: injected")
    with bench.suffering(bench.target, [before for _, before in planned], lambda: _inject(bench, planned, running)):
        running.say(f"{trial.fault}: under load")
        return bench.load.during(trial.fault.lasting, running.stop, str(trial.fault))


def _inject(bench: Bench, planned: Sequence[tuple[Sabotage, Injected]], running: Running) -> None:
    for sabotage, before in planned:
        if running.stop.is_set():
            raise stopped()
        bench.cloud.inject(bench.target, sabotage, before)


def _well(
    bench: Bench, limit: float, running: Running, queues: Sequence[tuple[tuple[str, str], int]]
) -> tuple[tuple[Sent, ...], tuple[tuple[str, int], ...]]:
    """Look until all is well, or the limit is over; what failed in the last round, and queues that are too full.

    Args:
        queues: those that must be worked off: logical id and address, and how many messages may be in each.
    """
    until = time.monotonic() + limit
    good, latest = 0, tuple[Sent, ...]()
    while True:
        failed = tuple(one for one in bench.load.once(running.stop) if one.wrong)
        good, latest = (0, failed) if failed else (good + 1, latest)
        waiting = _waiting(bench, [queue for queue, _ in queues])
        left = tuple((name, now) for ((name, _), allowed), now in zip(queues, waiting, strict=True) if now > allowed)
        if good >= _ROUNDS and not left:
            return (), ()
        if time.monotonic() >= until:
            return (latest if good < _ROUNDS else ()), left
        if running.stop.wait(_PAUSE):
            raise stopped()


def _waiting(bench: Bench, queues: Sequence[tuple[str, str]]) -> list[int]:
    return [bench.cloud.waiting(bench.target, address) for _, address in queues]


def _unknown(sent: Sent, bench: Bench) -> Terminal:
    return Terminal(
        "RESILIENCE_UNKNOWN",
        f"{sent.to} fails without any fault: {sent.wrong}",
        where=bench.where,
        next="Until it is well by itself, nobody can tell what it bears; see the checks before this one.",
    )
