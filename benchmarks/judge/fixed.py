"""Peers that compare each interval with a threshold: CloudWatch alarms, CodeDeploy, Argo Rollouts, Flagger.

They see the canary's metric alone. An interval without a value never counts against the canary; where a source would do
otherwise (Argo's `result[0] >= 0.99` is false of NaN) the kinder setting that it offers is taken.
"""

import numpy as np
from benchmarks.judge.worlds import Floats


def first(where: np.ndarray) -> np.ndarray:
    """The first interval (runs,) at which something is so, -1 if it never is."""
    return np.where(where.any(axis=1), np.argmax(where, axis=1), -1)


def alarm(breaching: np.ndarray, *, need: int, out_of: int) -> np.ndarray:
    """A CloudWatch alarm, M out of N datapoints, missing data not breaching: (runs, intervals) of its being in ALARM.

    Looked at when each interval's datapoint is there. The first N-1 intervals have fewer datapoints before them,
    which suffices when M of those breach.
    """
    total = np.cumsum(breaching, axis=1)
    before = np.zeros_like(total)
    before[:, out_of:] = total[:, :-out_of]
    return total - before >= need


def argo(values: Floats, limit: float, *, failure_limit: int = 3) -> np.ndarray:
    """An Argo Rollouts AnalysisRun: Failed as soon as more measurements failed than the failure limit
    (assessMetricStatus).

    Failures are counted over the whole run, not in a row. Values beyond `limit` fail.
    """
    with np.errstate(invalid="ignore"):
        failed = values > limit
    return first(np.cumsum(failed, axis=1) > failure_limit)


def flagger(values: Floats, limit: float, *, threshold: int = 5) -> np.ndarray:
    """A Flagger canary: rolled back at the tick after as many failed checks as the threshold (advanceCanary).

    Failed checks are counted over the whole analysis; a check that fails halts the advance and adds one. Values
    beyond `limit` fail; NaN compares false, so it passes.
    """
    with np.errstate(invalid="ignore"):
        failed = np.cumsum(values > limit, axis=1) >= threshold
    return first(np.hstack([np.zeros((len(failed), 1), dtype=bool), failed[:, :-1]]))


def codedeploy(firing: np.ndarray, *, watched: int = 30) -> np.ndarray:
    """CodeDeploy, Lambda: stops and rolls back when an alarm fires before the deployment is over, and not after.

    Canary10Percent30Minutes and Linear10PercentEvery3Minutes both take 30 minutes.
    """
    return first(firing[:, :watched])
