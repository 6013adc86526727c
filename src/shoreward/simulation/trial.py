"""A trial: many releases of one pipeline, over faults and seeds, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from shoreward.domain import Pipeline, UserError
from shoreward.simulation.customers import Chance, Customers, SteadyCustomers
from shoreward.simulation.faults import CATALOGUE, Fault, afflict
from shoreward.simulation.history import RecordedCustomers, Recording
from shoreward.simulation.metrics import Arrival, SimulatedMetrics
from shoreward.simulation.run import Ran, Times, a_cloud, run

MIDNIGHT = 1_700_006_400.0
"""When the simulated day begins: some midnight, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried.

    Attributes:
        runs: releases of each fault.
        seed: of the first; the others follow it.
        error_rate: share of requests that fails anyhow; a recording has its own.
        swing: how far traffic goes up and down in a day, 0 to 1.
        recording: customers as they were, in place of steady ones.
        late, more: share of metrics that arrive later than the policy supposes, and by how many seconds.
    """

    runs: int = 25
    seed: int = 0
    error_rate: float = 0.001
    swing: float = 0.0
    faults: tuple[Fault, ...] = CATALOGUE
    recording: Recording | None = None
    late: float = 0.0
    more: float = 0.0
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of the releases of one fault.

    Attributes:
        came_back: of the releases, how many were sent back: false rollbacks where the fault is harmless.
        waits: how many wait for a person.
        missed: how many reached all customers although they harm.
        seconds, seconds_99: of those that succeeded: how long they took, the median and 99 % of them; None of none.
        detected: median seconds from the first harmed customer to the rollback, of those that came back.
        harm, harm_99: failed requests because of the release, the mean and 99 % of them.
        targets: mean number of targets that had customers on it; `customers` their mean share.
    """

    fault: Fault
    releases: int
    came_back: int
    waits: int
    missed: int
    seconds: float | None
    seconds_99: float | None
    detected: float | None
    harm: float
    harm_99: float
    targets: float
    customers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A trial's releases, and a row for each fault."""

    rows: tuple[Row, ...]
    ran: tuple[Ran, ...]


def simulate(pipeline: Pipeline, trial: Trial, told: Callable[[int], None] | None = None) -> Report:
    """Carry the releases of a trial, one after the other; the same trial gives the same report.

    Args:
        told: called after each release with how many there have been.

    Raises:
        UserError: TRAFFIC_UNKNOWN while a target's traffic is not known; HISTORY_INTERVAL when the recording's rows do
            not fit the pipeline's intervals.
    """
    _fits(pipeline, trial)
    done: list[Ran] = []
    for fault in trial.faults:
        for number in range(trial.runs):
            done.append(once(pipeline, trial, fault, trial.seed + number))
            if told:
                told(len(done))
    rows = tuple(_row(fault, [ran for ran in done if ran.fault == fault.name]) for fault in trial.faults)
    return Report(rows=rows, ran=tuple(done))


def once(pipeline: Pipeline, trial: Trial, fault: Fault, seed: int, *, expected: bool = False) -> Ran:
    """One release; `expected` brings in every interval just what is to be expected, in fractions of requests."""
    chance = Chance(seed)
    at = _opened(pipeline, trial, seed, expected=expected)
    cloud = a_cloud(pipeline, at)
    metrics = SimulatedMetrics(
        cloud=cloud,
        customers=_customers(pipeline, trial, fault, None if expected else chance),
        affliction=afflict(fault, pipeline.targets, at, seed),
        arrival=Arrival(delay=pipeline.judge.delay, late=trial.late, more=trial.more),
        chance=chance,
    )
    return run(pipeline, metrics, seed=seed, times=trial.times)[0]


def _opened(pipeline: Pipeline, trial: Trial, seed: int, *, expected: bool) -> float:
    """When the release is opened: any time of the day where that matters, else any moment of an interval."""
    drawn = 0.5 if expected else float(np.random.default_rng((seed, 2)).random())
    if trial.recording:
        return trial.recording.start + drawn * trial.recording.seconds
    return MIDNIGHT + drawn * (86_400.0 if trial.swing else pipeline.judge.interval)


def _customers(pipeline: Pipeline, trial: Trial, fault: Fault, chance: Chance | None) -> Customers:
    if trial.recording and chance:
        return RecordedCustomers(recording=trial.recording, chance=chance)
    rates = {target.key: (target.traffic or 0.0) * fault.traffic for target in pipeline.targets}
    return SteadyCustomers(rates=rates, error_rate=trial.error_rate, swing=trial.swing, chance=chance)


def _fits(pipeline: Pipeline, trial: Trial) -> None:
    unknown = [str(target) for target in pipeline.targets if not target.traffic]
    if unknown and not trial.recording:
        raise UserError(
            "TRAFFIC_UNKNOWN",
            f"Nobody knows how many requests come to {', '.join(unknown[:3])}{' and others' if unknown[3:] else ''}.",
            next="Say it in shoreward.yaml (`traffic:` of a target), with --traffic, or with --history.",
        )
    if trial.recording and pipeline.judge.interval % trial.recording.step:
        raise UserError(
            "HISTORY_INTERVAL",
            f"The rows are {trial.recording.step:g} s apart, the judge's intervals {pipeline.judge.interval} s long.",
            next="Record rows of which a whole number makes an interval.",
        )


def _row(fault: Fault, ran: Sequence[Ran]) -> Row:
    good = [each.seconds for each in ran if each.outcome and not each.came_back]
    detected = [each.detected for each in ran if each.came_back and each.detected is not None]
    harm = [each.harm for each in ran]
    return Row(
        fault=fault,
        releases=len(ran),
        came_back=sum(each.came_back for each in ran),
        waits=sum(each.outcome is None for each in ran),
        missed=len(good) if fault.harmful else 0,
        seconds=float(np.median(good)) if good else None,
        seconds_99=float(np.quantile(good, 0.99)) if good else None,
        detected=float(np.median(detected)) if detected else None,
        harm=float(np.mean(harm)) if harm else 0.0,
        harm_99=float(np.quantile(harm, 0.99)) if harm else 0.0,
        targets=float(np.mean([each.targets for each in ran])) if ran else 0.0,
        customers=float(np.mean([each.customers for each in ran])) if ran else 0.0,
    )
