"""The corpus: deployments with a label, half of them with an injected fault, and what every judge made of them.

A deployment is found when it is rolled back after its fault began. A rollback before that, or of a clean deployment,
is false.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from benchmarks.judge.clean import CLEAN
from benchmarks.judge.deployments import all_judges
from benchmarks.judge.faults import FAULTS
from benchmarks.judge.sketch import Sketch, healthy, watched

FAULTY_EACH, CLEAN_EACH = 20, 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """All deployments of one kind."""

    kind: str
    faulty: bool
    number: int


def tasks(quick: bool) -> Iterator[Task]:
    """Every kind."""
    yield from (Task(kind=kind, faulty=True, number=1 if quick else FAULTY_EACH) for kind in FAULTS)
    yield from (Task(kind=kind, faulty=False, number=1 if quick else CLEAN_EACH) for kind in CLEAN)


def deployment(kind: str, faulty: bool, index: int, seed: int) -> Sketch:
    """The deployment of that kind and number."""
    rng = np.random.default_rng([seed, zlib.crc32(f"corpus|{kind}|{index}".encode())])
    sketch = healthy(rng)
    (FAULTS[kind] if faulty else CLEAN[kind])(sketch)
    return sketch


def judged(task: Task, seed: int) -> dict[str, object]:
    """How many of a kind every judge found or rolled back falsely, and after how many minutes."""
    found: dict[str, list[int]] = {}
    false: dict[str, int] = {}
    for index in range(task.number):
        sketch = deployment(task.kind, task.faulty, index, seed)
        for name, minute in all_judges(watched(sketch)).items():
            found.setdefault(name, [])
            false.setdefault(name, 0)
            if task.faulty and minute >= sketch.onset:
                found[name].append(minute - sketch.onset + 1)
            elif minute >= 0:
                false[name] += 1
    answers = {
        name: {"found": len(after), "false": false[name], "median": float(np.median(after)) if after else None}
        for name, after in found.items()
    }
    return {"kind": task.kind, "faulty": task.faulty, "runs": task.number, "judges": answers}
