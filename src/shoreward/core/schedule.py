"""How long a release takes at the least: what the pipeline's bakes and soaks add up to."""

from __future__ import annotations

from shoreward.domain import Pipeline, Wave


def shortest(wave: Wave, pipeline: Pipeline) -> float:
    """Seconds that a wave takes when every look passes as soon as it may.

    The one-box bakes its first step alone; then all bake their steps beside each other.
    """
    judge = pipeline.judge
    step = wave.bake.minimum + judge.interval + judge.delay
    alone = step if len(wave.targets) > 1 else 0.0
    return alone + step * len(wave.steps) + wave.soak
