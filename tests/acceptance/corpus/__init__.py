"""The corpus: texts to be read, one file for each kind of change of an application (`reading`)."""

from __future__ import annotations

from pathlib import Path

from acceptance.case import Case

from .reading import read

CORPUS: tuple[Case, ...] = tuple(case for file in sorted(Path(__file__).parent.glob("*/*.txt")) for case in read(file))


def representatives() -> tuple[Case, ...]:
    """What `make test` runs: the first change of each file that needs neither a sandbox nor patience."""
    first: dict[tuple[str, str], Case] = {}
    for case in CORPUS:
        if case.cost == "usual":
            first.setdefault((case.application, case.kind), case)
    return tuple(first.values())
