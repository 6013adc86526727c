"""What harm a release did before it was sent back, and what it would have done without that.

Read from the journal's own evidence, and from how the traffic moved. What did not happen can only be reckoned: the same
rate of failures, for the same time, with every customer served by the release from its first one on. Somebody who
watches by hand would have taken longer, so this is the least that was spared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from shoreward.app.past.history import failed, mistaken
from shoreward.app.ports import Recorded
from shoreward.app.words.story import weights
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.core.control import Control
from shoreward.core.header import Header
from shoreward.domain import Evidence, Verdict

LOOKED = 60
"""How many of the newest releases that harmed are read, to say what was spared."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """What releases that were sent back for harm did over a time, and did not do.

    Attributes:
        back: those that reached customers and were sent back, in the order of that.
        mistaken: those of them that harmed nobody, as somebody found out since.
        looked: the newest of them, with what came of each; the rest is told from these.
    """

    back: tuple[Header, ...]
    mistaken: tuple[Header, ...]
    looked: tuple[tuple[Header, Spared], ...]

    @property
    def counted(self) -> tuple[Spared, ...]:
        """Those whose requests somebody counted."""
        return tuple(each for _, each in self.looked if each.harmed is not None)

    @property
    def most(self) -> float | None:
        """Median of the largest share of customers that one ever served; None where there is none."""
        return median(each.most for _, each in self.looked) if self.looked else None

    @property
    def done(self) -> float | None:
        """Requests that failed or were slow beyond what the old revision let fail; None where nobody counted."""
        return sum(each.harmed or 0.0 for each in self.counted) if self.counted else None

    @property
    def spared(self) -> float | None:
        """Further requests that would have, at least; None where nobody counted."""
        return sum(each.spared or 0.0 for each in self.counted) if self.counted else None


def harm(
    headers: Sequence[Header], control: Control, look: Callable[[Header], Spared], start: float, end: float
) -> Harm:
    """What was done and spared between two times.

    Args:
        headers: of one pipeline, or of all.
        look: what came of a release that harmed.
    """
    back = sorted(
        (header for header in headers if failed(header) and start <= header.back_at < end),
        key=lambda header: header.back_at,
    )
    return Harm(
        back=tuple(back),
        mistaken=tuple(header for header in mistaken(headers, control) if start <= header.back_at < end),
        looked=tuple((header, look(header)) for header in back[-LOOKED:]),
    )


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
