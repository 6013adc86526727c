"""How long a release takes at the least: what the pipeline's bakes and soaks add up to."""

from __future__ import annotations

from shoreward.domain import Pipeline, Wave


def shortest(wave: Wave, pipeline: Pipeline) -> float:
    """Seconds that a wave takes when every look passes as soon as it may.

    The one-box bakes its first step alone; then all bake their steps beside each other. A ramp may be climbed at once.
    What cannot be split bakes once.
    """
    judge = pipeline.judge
    look = judge.interval + judge.delay
    if wave.ramp:
        return (look if len(wave.targets) > 1 else 0.0) + wave.bake.minimum + look + wave.soak
    step = wave.bake.minimum + look
    alone = step if len(wave.targets) > 1 else 0.0
    return alone + step * (len(wave.steps) or 1) + wave.soak
