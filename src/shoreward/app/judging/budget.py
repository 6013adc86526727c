"""The tests of a look, each with its share of the release's alpha."""

from __future__ import annotations

import math

from shoreward.core import Deployment, Release
from shoreward.domain import JudgePolicy
from shoreward.judge import Budget, LatencyPromotionTest, LatencyRollbackTest, PromotionTest, RollbackTest


def share_of(policy: JudgePolicy, targets: int, streams: int) -> float:
    """What a single test may spend.

    A stream is tested for errors, for silence, for latency unless that is skipped, and for each of a team's own metrics
    that tells the arms apart; one such share for each stream is set aside for all that both revisions share
    (`shared_share_of`).

    Args:
        streams: on each target; all functions together are one as well.
    """
    metrics = ["errors", "silence", *(("latency",) if policy.latency else ())]
    metrics += [f"own {each.name}" for each in policy.metrics if each.arms]
    if policy.shared or not all(each.arms for each in policy.metrics):
        metrics.append("shared")
    budget = Budget.split(
        alpha=policy.alpha,
        beta=policy.beta,
        metrics=metrics,
        targets=[f"{target}/{stream}" for target in range(targets) for stream in range(streams)],
    )
    return budget.share("errors", "0/0")


def shared_share_of(policy: JudgePolicy, targets: int, streams: int, questions: int) -> float:
    """What a single test of a metric that both revisions share may spend, of so many on the target."""
    return share_of(policy, targets, streams) * streams / questions


def tests_for(state: Release, deployment: Deployment, streams: int) -> tuple[RollbackTest, PromotionTest]:
    """How errors are tested; of the release's alpha each stream on each target has the same share (`share_of`)."""
    policy = state.pipeline.judge
    rollback = RollbackTest(
        alpha=share_of(policy, len(state.pipeline.targets), streams),
        rho=policy.rollback_ratio,
        delta=policy.rollback_points,
        horizon=horizon(state, deployment),
        phi=policy.dispersion,
    )
    promotion = PromotionTest(
        beta=policy.beta, rho=policy.promote_ratio, delta=policy.promote_points, phi=policy.dispersion
    )
    return rollback, promotion


def latency_tests_for(
    state: Release, deployment: Deployment, streams: int
) -> tuple[LatencyRollbackTest, LatencyPromotionTest]:
    """How latency is tested; margins are in the exceedances, one for each level."""
    policy = state.pipeline.judge
    rollback = LatencyRollbackTest(
        alpha=share_of(policy, len(state.pipeline.targets), streams),
        horizon=horizon(state, deployment),
        phi=policy.dispersion,
    )
    return rollback, LatencyPromotionTest(beta=policy.beta, phi=policy.dispersion)


def horizon(state: Release, deployment: Deployment) -> int:
    """Intervals that the wave's bakes may last."""
    wave, bake = state.wave_of(deployment), state.wave_of(deployment).bake
    # A ramp passes most of its steps in a few intervals: all of them together seldom last longer than one deadline.
    bakes = 1 if wave.ramp else len(wave.steps) or 1
    return max(1, math.ceil(bake.deadline * bakes / state.pipeline.judge.interval))
