"""The corpus: texts to be read, one file for each kind of change of an application (`reading`)."""

from __future__ import annotations

from pathlib import Path

from acceptance.case import Case

from .reading import read

CORPUS: tuple[Case, ...] = tuple(case for file in sorted(Path(__file__).parent.glob("*/*.txt")) for case in read(file))
