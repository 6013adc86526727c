"""Exceedances: how many requests were slower than a limit, in two arms, over time.

Place in the flow: what the latency tests read. They come from histograms (`Reference`), or straight from a metric store
that counts values above a limit (CloudWatch's TC and PR statistics). The canary is held against a limit that is
`margin` times the baseline's, so the margin is in latency.

A limit must be fixed before its interval begins: from earlier intervals, from history, or by a person. Nothing else is
asked of it. Near the quantile it is named after, it finds most.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import Floats, table
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.shares import Slow

LEAST_REQUESTS = 1.0
"""Fewer requests than this in an arm are none: half a request is neither slow nor fast."""


@dataclass(frozen=True, eq=False, init=False)
class Exceedances:
    """Requests of both arms (streams, intervals); slow ones (levels, streams, intervals), a level for each limit.

    canary_slow: slower than margin * X. baseline_slow: slower than X. Read-only float64. Raises `JudgeInputError`
    unless the shapes agree and 0 <= slow <= requests <= 2**53 everywhere.
    """

    canary_requests: Floats
    canary_slow: Floats
    baseline_requests: Floats
    baseline_slow: Floats

    def __init__(
        self,
        canary_requests: ArrayLike,
        canary_slow: ArrayLike,
        baseline_requests: ArrayLike,
        baseline_slow: ArrayLike,
    ) -> None:
        levels = ("levels", "streams", "intervals")
        n_c, n_b = table("canary_requests", canary_requests), table("baseline_requests", baseline_requests)
        x_c, x_b = table("canary_slow", canary_slow, levels), table("baseline_slow", baseline_slow, levels)
        if not (n_c.shape == n_b.shape == x_c.shape[1:] and x_c.shape == x_b.shape and len(x_c)):
            raise JudgeInputError(
                f"the arms' arrays do not fit: requests {n_c.shape} and {n_b.shape}, slow {x_c.shape} and {x_b.shape}"
            )
        if np.any(x_c > n_c) or np.any(x_b > n_b):
            raise JudgeInputError("more requests are slow than there are; slow ones are a part of the requests")
        for name, array in zip(self.__dataclass_fields__, (n_c, x_c, n_b, x_b), strict=True):
            object.__setattr__(self, name, array)

    @property
    def levels(self) -> int:
        """How many limits: p50, p90, p99 are three."""
        return self.canary_slow.shape[0]

    @property
    def streams(self) -> int:
        """How many streams: metric x target."""
        return self.canary_requests.shape[0]

    @property
    def intervals(self) -> int:
        """How many intervals of time."""
        return self.canary_requests.shape[1]

    def between(self, start: int, stop: int) -> Self:
        """The same streams, only intervals start..stop-1."""
        part = slice(start, stop)
        return type(self)(
            self.canary_requests[:, part],
            self.canary_slow[:, :, part],
            self.baseline_requests[:, part],
            self.baseline_slow[:, :, part],
        )

    def at(self, interval: int) -> Slow:
        """One interval: inactive where either arm has less than one request."""
        n_c, n_b = self.canary_requests[:, interval], self.baseline_requests[:, interval]
        return Slow(
            requests=n_c,
            slow=self.canary_slow[:, :, interval],
            baseline_requests=n_b,
            baseline_slow=self.baseline_slow[:, :, interval],
            active=(n_c >= LEAST_REQUESTS) & (n_b >= LEAST_REQUESTS),
        )
