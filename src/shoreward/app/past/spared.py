"""What harm a release did before it was sent back, and what it would have done without that.

Read from the journal's own evidence, and from how the traffic moved. What did not happen can only be reckoned: the same
rate of failures, for the same time, with every customer served by the release from its first one on. Somebody who
watches by hand would have taken longer, so this is the least that was spared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoreward.app.ports import Recorded
from shoreward.app.words.story import weights
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.domain import Evidence, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """What a release that harmed did, and did not do.

    Attributes:
        most: the largest share of customers that it served at any time, 0 to 1.
        harmed: requests that failed, or were slow, beyond what the old revision let fail; None when nobody counted.
        spared: further requests that would have; None when `harmed` is.
    """

    release: str
    most: float
    harmed: float | None
    spared: float | None


def spared(state: Release, recorded: Sequence[Recorded]) -> Spared:
    """What came of a release that was sent back."""
    steps = _exposure(state, recorded)
    end = max((each.event.at for each in recorded), default=0.0)
    most = max((share for _, share in steps), default=0.0)
    times = [at for at, _ in steps] + [end]
    served = sum(share * (later - at) for (at, share), later in zip(steps, times[1:], strict=True))
    first = next((at for at, share in steps if share > 0), end)
    last = next((later for (_, share), later in zip(steps[::-1], times[:0:-1], strict=True) if share > 0), end)
    harmed = _harmed(recorded)
    left_out = max(0.0, last - first - served)
    return Spared(
        release=state.id,
        most=most,
        harmed=harmed,
        spared=None if harmed is None or served <= 0 else harmed * left_out / served,
    )


def _exposure(state: Release, recorded: Sequence[Recorded]) -> list[tuple[float, float]]:
    """The share of all customers that the release served, whenever it changed."""
    targets = state.pipeline.targets
    whole = sum(target.weight for target in targets) or 1.0
    share = {target.key: target.weight / whole for target in targets}
    moves = sorted(
        (at, key, percent / 100) for key, steps in weights(recorded).items() if key in share for at, percent in steps
    )
    now: dict[str, float] = {}
    found: list[tuple[float, float]] = []
    for at, key, part in moves:
        now[key] = part
        found.append((at, sum(share[each] * served for each, served in now.items())))
    return found


def _harmed(recorded: Sequence[Recorded]) -> float | None:
    """What failed in excess on all targets, by the last look at each, of the metric that failed."""
    last = {each.event.target: each.event for each in recorded if isinstance(each.event, e.TargetJudged)}
    failed = next((one.metric for look in last.values() for one in look.judgement.evidence if _counted(one)), None)
    if failed is None:
        return None
    return sum(_excess([one for one in look.judgement.evidence if one.metric == failed]) for look in last.values())


def _counted(evidence: Evidence) -> bool:
    return evidence.verdict is Verdict.FAIL and evidence.canary_requests > 0


def _excess(evidence: Sequence[Evidence]) -> float:
    """Of all functions together where that is known, else of each."""
    rows = [each for each in evidence if each.function == "*"] or evidence
    return sum(
        max(0.0, each.canary_bad - each.canary_requests * each.baseline_bad / each.baseline_requests)
        for each in rows
        if each.baseline_requests
    )
