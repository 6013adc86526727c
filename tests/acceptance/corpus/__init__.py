"""The corpus: texts to be read, one file for each kind of change of an application (`reading`)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from acceptance.case import Case

from .reading import read

_OF_EACH = 2

CORPUS: tuple[Case, ...] = tuple(case for file in sorted(Path(__file__).parent.glob("*/*.txt")) for case in read(file))


def representatives() -> tuple[Case, ...]:
    """What `make test` runs: the first two changes of each file that need neither a sandbox nor patience."""
    seen: Counter[tuple[str, str]] = Counter()
    chosen: list[Case] = []
    for case in CORPUS:
        if case.cost == "usual" and seen[case.application, case.kind] < _OF_EACH:
            seen[case.application, case.kind] += 1
            chosen.append(case)
    return tuple(chosen)
