"""What must always hold, on a certified ramp: the core's own state machine, with looks that certify what is drawn."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from core.test_properties import PIPELINE, Releases
from shoreward.core import Effect
from shoreward.core import effects as do
from shoreward.domain import Ramp

RAMPED = replace(
    PIPELINE,
    waves=tuple(
        replace(
            wave,
            targets=tuple(replace(target, traffic=10.0) for target in wave.targets),
            steps=(1.0, 2.0, 5.0, 10.0, 25.0, 50.0),
            ramp=Ramp(budget=40.0, first=5.0),
        )
        for wave in PIPELINE.waves
    ),
)


class RampedReleases(Releases):
    pipeline = RAMPED

    @rule(percent=st.sampled_from([0.0, 2.0, 7.0, 50.0, 100.0]))
    def looks_certify(self, percent: float) -> None:
        self.cleared = percent

    def check_effect(self, effect: Effect) -> None:
        super().check_effect(effect)
        if isinstance(effect, do.ShiftTraffic) and effect.expected > 0:
            deployment = self.state.deployments[effect.target.key]
            assert deployment.judgement is not None
            assert effect.percent <= deployment.judgement.cleared, "a share rose that was not certified"
            if effect.percent >= 100:
                assert deployment.judgement.until >= deployment.shifted_at + 20, "the minimum was not baked"


TestRampedReleases = RampedReleases.TestCase
TestRampedReleases.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
