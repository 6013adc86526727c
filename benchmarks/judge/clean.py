"""Clean deployments of the corpus: nothing is wrong with the release, and much else goes on."""

from collections.abc import Callable, Mapping

import numpy as np
from benchmarks.judge.disturbed import autoregressive
from benchmarks.judge.sketch import MINUTES, Sketch

Disturbance = Callable[[Sketch], None]


def quiet(sketch: Sketch) -> None:
    """Nothing else goes on."""


def surge(sketch: Sketch) -> None:
    """Five times the traffic for a quarter of an hour."""
    sketch.traffic[:, _quarter(sketch)] *= 5


def incident(sketch: Sketch) -> None:
    """Five to thirty times the errors for a quarter of an hour, in both arms."""
    part, factor = _quarter(sketch), sketch.rng.uniform(5, 30)
    for arm in (sketch.canary, sketch.baseline):
        arm.errors[:, part] *= factor


def slow_dependency(sketch: Sketch) -> None:
    """One and a half to four times slower for a quarter of an hour, in both arms."""
    part, factor = _quarter(sketch), sketch.rng.uniform(1.5, 4)
    for arm in (sketch.canary, sketch.baseline):
        arm.slower[:, part] *= factor


def cold_starts(sketch: Sketch) -> None:
    """The new version starts cold: 2 to 8 % of its first requests, as few as usual after some minutes."""
    sketch.canary.slow_share += sketch.rng.uniform(0.02, 0.08) * np.exp(-np.arange(MINUTES) / 1.5)


def scaling(sketch: Sketch) -> None:
    """A surge that both arms scale out for, with cold starts in both."""
    part = _quarter(sketch)
    sketch.traffic[:, part] *= 3
    for arm in (sketch.canary, sketch.baseline):
        arm.slow_share[:, part] += 0.05


def retries(sketch: Sketch) -> None:
    """Failed requests are tried again: errors come in threes, in both arms."""
    for arm in (sketch.canary, sketch.baseline):
        arm.errors_at_once = 3


def noise(sketch: Sketch) -> None:
    """The switch itself costs a few connections: half a per cent of the canary's requests fail in the first minute."""
    sketch.canary.errors[:, 0] += 0.005


def frailty(sketch: Sketch) -> None:
    """Each arm's error rate varies from minute to minute by itself, coefficient of variation 0.3."""
    for arm in (sketch.canary, sketch.baseline):
        arm.unsteady = lambda rng, shape: rng.gamma(1 / 0.09, 0.09, shape)


def drift(sketch: Sketch) -> None:
    """The arms drift apart and together again: AR(1), 0.9 a minute; deviation 0.2 in errors, 0.02 in durations."""
    sketch.canary.unsteady = lambda rng, shape: np.exp(autoregressive(rng, shape, 0.9, 0.2))
    sketch.canary.slower *= np.exp(autoregressive(sketch.rng, sketch.canary.slower.shape, 0.9, 0.02))


def better(sketch: Sketch) -> None:
    """The new version has half the errors and is a fifth faster."""
    sketch.canary.errors *= 0.5
    sketch.canary.slower *= 0.8


def within_margin(sketch: Sketch) -> None:
    """The new version has 5 % more errors and is 2 % slower: within every margin."""
    sketch.canary.errors *= 1.05
    sketch.canary.slower *= 1.02


def hardly_used(sketch: Sketch) -> None:
    """Few requests: 1 to 20 a minute in each region."""
    wanted = np.exp(sketch.rng.uniform(0, np.log(20)))
    in_region = sketch.traffic.mean(axis=1)[sketch.region == 0].sum()
    sketch.traffic *= wanted / in_region


CLEAN: Mapping[str, Disturbance] = {
    "nothing": quiet,
    "traffic x5": surge,
    "common incident": incident,
    "slow dependency in both arms": slow_dependency,
    "cold starts of the new version": cold_starts,
    "scaling out": scaling,
    "retries in both arms": retries,
    "noise of the switch": noise,
    "frailty": frailty,
    "drift between arms": drift,
    "better than before": better,
    "within the margin": within_margin,
    "hardly used": hardly_used,
}


def _quarter(sketch: Sketch) -> slice:
    """A quarter of an hour somewhere."""
    start = int(sketch.rng.integers(5, 40))
    return slice(start, start + 15)
