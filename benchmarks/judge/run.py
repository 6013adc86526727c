"""Everything in one run: harmless releases first, since they say how strict Kayenta must be to be compared at equal error."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np
from benchmarks.judge import corpus, judges, latency
from benchmarks.judge.scenarios import FULL, QUICK, measured, tasks

T = TypeVar("T")
R = TypeVar("R")
Row = dict[str, Any]
Results = dict[str, Any]


def everything(*, seed: int, quick: bool, processes: int) -> Results:
    """All scenarios, latency and the corpus."""
    started = time.perf_counter()
    planned = list(tasks(QUICK if quick else FULL))
    first = [task for task in planned if task.scenario == "harmless"]
    rest = [task for task in planned if task.scenario != "harmless"]
    harmless = shared(partial(measured, seed=seed), first, processes, "harmless releases")
    quantile = equal_quantile(harmless)
    others = shared(partial(measured, seed=seed, quantile=quantile), rest, processes, "all other scenarios")
    slow = shared(partial(latency.measured, seed=seed), latency.tasks(quick), processes, "latency")
    faults = shared(partial(corpus.judged, seed=seed), corpus.tasks(quick), processes, "corpus of faults")
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    return {
        "seed": seed,
        "quick": quick,
        "numpy": np.__version__,
        "kayenta_quantile": quantile,
        "scenarios": [*harmless, *others],
        "latency": slow,
        "corpus": faults,
    }


def shared(work: Callable[[T], R], items: Sequence[T], processes: int, what: str) -> list[R]:
    """Do the work on every item, here or in two processes; the order of answers is that of the items."""
    if processes == 1:
        return list(_told(map(work, items), len(items), what))
    with ProcessPoolExecutor(processes) as pool:
        return list(_told(pool.map(work, items), len(items), what))


def _told(answers: Iterable[R], number: int, what: str) -> Iterable[R]:
    for done, answer in enumerate(answers, start=1):
        if done == number or done % 25 == 0:
            print(f"{what}: {done} of {number}", file=sys.stderr)
        yield answer


def equal_quantile(harmless: Sequence[Row]) -> float:
    """The mildest of the quantiles tried at which Kayenta's mean false-rollback rate is not above this judge's."""
    ours = sum(row["judges"][judges.OURS]["stopped"] for row in harmless)
    for value in judges.QUANTILES:
        if sum(row["judges"][f"quantile {value}"]["stopped"] for row in harmless) <= ours:
            return value
    return judges.QUANTILES[-1]


def as_text(results: Results) -> str:
    """JSON with one row a line, so that a change of one cell is a change of one line."""
    lists = ("scenarios", "latency", "corpus")
    head = {name: value for name, value in results.items() if name not in lists}
    parts = [f'"{name}": {json.dumps(value)}' for name, value in head.items()]
    for name in lists:
        rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in results[name])
        parts.append(f'"{name}": [\n{rows}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"
