"""Samples for the judge's tests: drawn at random with a seed, or by Hypothesis."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shoreward.judge import Counts


def drawn(
    seed: int,
    *,
    streams: int = 5,
    intervals: int = 30,
    canary: tuple[float, float],
    baseline: tuple[float, float],
) -> Counts:
    """Poisson requests and binomial errors; each arm is (mean requests per interval, error rate)."""
    rng = np.random.default_rng(seed)
    shape = (streams, intervals)
    n_c, n_b = rng.poisson(canary[0], shape), rng.poisson(baseline[0], shape)
    return Counts(n_c, rng.binomial(n_c, canary[1]), n_b, rng.binomial(n_b, baseline[1]))


def requests_of(shape: tuple[int, int]) -> st.SearchStrategy[np.ndarray]:
    sizes = st.one_of(
        st.just(0.0),
        st.integers(1, 50).map(float),
        st.floats(1e-9, 1e9),
        st.sampled_from([5e-324, 1e-6, 1e9, 2.0**53]),
    )
    return hnp.arrays(np.float64, shape, elements=sizes)


@st.composite
def any_counts(draw: st.DrawFn) -> Counts:
    """Any valid counts, from a denormal fraction of a request to 2**53 requests."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(0, 5)))
    parts = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0, 1))
    arms = []
    for _ in range(2):
        requests = draw(requests_of(shape))
        bad = requests * draw(hnp.arrays(np.float64, shape, elements=parts))
        arms += [requests, bad]
    return Counts(*arms)
