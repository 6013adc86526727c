"""The watch after promotion: the same test, going on against late regressions.

Place in the flow: any stop on evidence promotes bugs that have not woken up yet. So a small share of the traffic, the
holdback, stays on the old revision for some hours; the new revision is the canary, the holdback the baseline, and arms
of unequal size are nothing special to any of the tests. Where no traffic is held back, control regions are a baseline.

The watch is a test of its own: it begins anew, because the bake's stakes on start times are spent, and has an alpha of
its own, set aside in the budget as a stage.
"""

from dataclasses import replace
from typing import TypeVar

from shoreward.judge.drift import GaugeRollbackTest
from shoreward.judge.latency import LatencyRollbackTest
from shoreward.judge.rollback import RollbackTest

AnyRollbackTest = TypeVar("AnyRollbackTest", RollbackTest, LatencyRollbackTest, GaugeRollbackTest)


def watching(test: AnyRollbackTest, *, alpha: float, intervals: int) -> AnyRollbackTest:
    """The bake's test as a watch over so many intervals: the same margins, its own alpha.

    Nine tenths of its stake are on the first interval and the rest is spread over the others, so a regression that
    begins later in a day of minutes costs log(10 * 1440), ten, in evidence.
    """
    return replace(test, alpha=alpha, horizon=intervals)
