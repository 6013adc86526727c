"""The verdict: what the judge says of a canary."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """From best to worst; only `PASS` lets a release advance."""

    PASS = "pass"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    NO_DATA = "no_data"
    ERROR = "error"
    FAIL = "fail"


_ORDER = tuple(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Join verdicts; of nothing it is `NO_DATA`, for nothing was seen."""
    return max(verdicts, key=_ORDER.index, default=Verdict.NO_DATA)
