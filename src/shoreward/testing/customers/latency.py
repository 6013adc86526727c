"""Quantiles of many latencies in little room: counts in buckets, each wider than the last by the same share.

Counts of several beaches and seconds add up, which quantiles do not.
"""

import itertools
import math
from collections.abc import Mapping

# A latency bucket is 2 % wide, so a quantile is at most 1 % away from the latency that was measured.
_BUCKETS_PER_E = 50


def bucket_of(latency: float) -> int:
    """The bucket of a latency in milliseconds; all below a microsecond share one."""
    return round(math.log(max(latency, 1e-3)) * _BUCKETS_PER_E)


def quantile(spread: Mapping[int, int], share: float) -> float | None:
    """The latency in milliseconds, to 1 %, that `share` of those counted by bucket do not exceed; None without any."""
    wanted = math.ceil(share * sum(spread.values()))
    for bucket, seen in zip(sorted(spread), itertools.accumulate(spread[b] for b in sorted(spread)), strict=True):
        if seen >= wanted:
            return math.exp(bucket / _BUCKETS_PER_E)
    return None
