"""Which step comes next: one up after a pass, or as far up a certified ramp as the evidence leads."""

from __future__ import annotations

from shoreward.core.state import Deployment, Release
from shoreward.domain import ramp


def first_step(state: Release, deployment: Deployment) -> int:
    """The step that a deployment begins with; their number (all traffic) where nothing can be split."""
    wave = state.wave_of(deployment)
    if not deployment.splits:
        return len(wave.steps)
    return ramp.entry(wave, deployment.target, state.pipeline.judge)


def next_step(state: Release, deployment: Deployment) -> int | None:
    """The step that the last look permits; None while it permits none.

    It takes a pass that saw metrics of this very step: all of its minimum time before all traffic moves, and before
    every step that is not on a ramp. On a ramp the look must have certified the share as well.
    """
    wave, looked = state.wave_of(deployment), deployment.judgement
    if looked is None or not looked.verdict.advances:
        return None
    baked = looked.until >= deployment.shifted_at + wave.bake.minimum
    if wave.ramp is None or not deployment.splits:
        return deployment.step + 1 if baked else None
    if looked.until <= deployment.shifted_at:
        return None
    shares = (*wave.steps, 100.0)
    permitted = [
        index
        for index, percent in enumerate(shares)
        if index > deployment.step and percent <= looked.cleared and (percent < 100 or baked)
    ]
    return max(permitted, default=None)
