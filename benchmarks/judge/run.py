"""Everything in one run: harmless releases first, since they say how strict Kayenta must be to be compared at equal
error.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np
from benchmarks.judge import corpus, judges, latency, regional
from benchmarks.judge.scenarios import FULL, QUICK, measured, tasks

T = TypeVar("T")
R = TypeVar("R")
Row = dict[str, Any]
Results = dict[str, Any]


def everything(*, seed: int, quick: bool, processes: int) -> Results:
    """All scenarios, latency, metrics of whole regions, and the corpus."""
    started = time.perf_counter()
    planned = list(tasks(QUICK if quick else FULL))
    first = [task for task in planned if task.scenario == "harmless"]
    rest = [task for task in planned if task.scenario != "harmless"]
    harmless = shared(partial(measured, seed=seed), first, processes, "harmless releases")
    quantile = equal_quantile(harmless)
    for row in harmless:
        _name_equal(row, quantile)
    others = shared(partial(measured, seed=seed, quantile=quantile), rest, processes, "all other scenarios")
    slow = shared(partial(latency.measured, seed=seed), list(latency.tasks(quick)), processes, "latency")
    beside = shared(partial(regional.measured, seed=seed), list(regional.tasks(quick)), processes, "regions")
    faults = shared(partial(corpus.judged, seed=seed), list(corpus.tasks(quick)), processes, "corpus of faults")
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    return {
        "seed": seed,
        "quick": quick,
        "numpy": np.__version__,
        "kayenta_quantile": quantile,
        "scenarios": [*harmless, *others],
        "latency": slow,
        "regional": beside,
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


def _name_equal(row: Row, quantile: float) -> None:
    """Of all the quantiles tried keep the one that is used from here on."""
    answers = row["judges"]
    chosen = answers[f"quantile {quantile}"]
    for value in judges.QUANTILES:
        del answers[f"quantile {value}"]
    answers[judges.KAYENTA_EQUAL] = chosen


LISTS = ("scenarios", "latency", "regional", "corpus")


def as_text(results: Results) -> str:
    """JSON with a row a line, so that a change of one cell is a change of one line.

    Names of judges and of what is said of them are told once: a row's "judges" is a list of lists, [judge, said,
    numbers...], the first two being places in "names" and "said".
    """
    names: list[str] = []
    said: list[list[str]] = []
    rows = {name: [_packed(row, names, said) for row in results[name]] for name in LISTS}
    head = {name: value for name, value in results.items() if name not in LISTS} | {"names": names, "said": said}
    parts = [f'"{name}": {json.dumps(value)}' for name, value in head.items()]
    parts += [f'"{name}": [\n' + ",\n".join(rows[name]) + "\n]" for name in LISTS]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def from_text(text: str) -> Results:
    """What `as_text` wrote."""
    results = json.loads(text)
    names, said = results.pop("names"), results.pop("said")
    for name in LISTS:
        for row in results[name]:
            row["judges"] = {
                names[judge]: dict(zip(said[what], numbers, strict=True)) for judge, what, *numbers in row["judges"]
            }
    return results


def _packed(row: Row, names: list[str], said: list[list[str]]) -> str:
    answers = [[_place(names, name), _place(said, list(told)), *told.values()] for name, told in row["judges"].items()]
    return json.dumps(row | {"judges": answers}, separators=(",", ":"))


def _place(known: list[Any], one: Any) -> int:
    if one not in known:
        known.append(one)
    return known.index(one)
