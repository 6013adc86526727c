"""What harm was seen, and on whom: the judge's evidence and alarms, as functions and the way in which they suffered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from shoreward.app.blame.uses import Uses
from shoreward.domain import Judgement, Verdict

Way = Literal["errors", "latency", "silence", "throttles", "other"]
_WAYS: Mapping[str, Way] = {
    "errors": "errors", "latency": "latency", "requests": "silence", "throttles": "throttles",
}  # fmt: skip
_SLOW = re.compile(r"latency|duration|time|age|slow", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """A function that suffered.

    Attributes:
        share: how sure it is that it was this function, 0 to 1: less where only something beside it was seen.
    """

    function: str
    way: Way
    metric: str
    share: float = 1.0

    @property
    def words(self) -> str:
        """Such as `whose errors rose`."""
        match self.way:
            case "errors":
                return "whose errors rose"
            case "latency":
                return "which became slower" if self.metric == "latency" else f"whose {self.metric} got worse"
            case "silence":
                return "which was asked no more"
            case "throttles":
                return "which was throttled"
            case "other":
                return f"whose {self.metric} got worse"


def harms(judgements: Iterable[Judgement], uses: Uses) -> tuple[Harm, ...]:
    """The functions that suffered, each way once."""
    found: dict[tuple[str, Way], Harm] = {}
    for judgement in judgements:
        for harm in (*_evidence(judgement, uses), *_alarms(judgement, uses)):
            known = found.get((harm.function, harm.way))
            if known is None or known.share < harm.share:
                found[harm.function, harm.way] = harm
    certain = {harm.function for harm in found.values() if harm.share == 1.0}
    # What a function shows itself says more than what is seen beside it.
    return tuple(harm for harm in found.values() if harm.share == 1.0 or not certain)


def unharmed(judgements: Sequence[Judgement]) -> frozenset[str]:
    """Functions that were judged, and passed whenever they were."""
    told = [each for judgement in judgements for each in judgement.evidence]
    passed = {each.function for each in told if each.verdict is Verdict.PASS}
    return frozenset(passed - {each.function for each in told if each.verdict is not Verdict.PASS})


def _evidence(judgement: Judgement, uses: Uses) -> Iterator[Harm]:
    failed = [each for each in judgement.evidence if each.verdict is Verdict.FAIL]
    named = [each for each in failed if each.function not in ("", "*")]
    for each in named or failed:
        yield from _of(uses.near(each.function), each.metric)


def _alarms(judgement: Judgement, uses: Uses) -> Iterator[Harm]:
    for alarm in judgement.alarms:
        yield from _of(uses.near(uses.alarm(alarm)), f"alarm {alarm}")


def _of(near: Mapping[str, float], metric: str) -> Iterator[Harm]:
    way = _WAYS.get(metric) or cast("Way", "latency" if _SLOW.search(metric) else "other")
    for function, share in near.items():
        yield Harm(function=function, way=way, metric=metric, share=share)
