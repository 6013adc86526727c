"""What came of a world for one judge: how many rolled back, how soon, and at what cost; with confidence intervals.

A rollback before the onset is *early* (a false one); delay counts intervals from the onset to the one that decides,
so 1 is the soonest. Harm is the expected number of requests that failed because of the change until the rollback, or
until the end.
"""

from collections.abc import Mapping
from math import sqrt

import numpy as np
from benchmarks.judge.worlds import Seen

Told = dict[str, float | None]


def told(seen: Seen, stops: Mapping[str, np.ndarray]) -> dict[str, Told]:
    """Of every judge: found, early, median of the delay, mean harm."""
    if seen.onset < 0:
        return {name: {"stopped": int((at >= 0).sum())} for name, at in stops.items()}
    return {name: _detection(seen, at) for name, at in stops.items()}


def _detection(seen: Seen, at: np.ndarray) -> Told:
    early, found = (at >= 0) & (at < seen.onset), at >= seen.onset
    delays = at[found] - seen.onset + 1
    served = np.cumsum(seen.harm, axis=1)
    until = np.where(at >= 0, at, seen.intervals - 1)
    harm = served[np.arange(len(at)), until]
    return {
        "found": int(found.sum()),
        "early": int(early.sum()),
        "median": float(np.median(delays)) if delays.size else None,
        "harm": float(f"{harm.mean():.4g}"),
    }


def interval(hits: int, runs: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % confidence interval of a share (Journal of the American Statistical Association 22, 1927)."""
    if not runs:
        return 0.0, 1.0
    share = hits / runs
    middle = share + z * z / (2 * runs)
    spread = z * sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs))
    scale = 1 + z * z / runs
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
