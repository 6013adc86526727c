"""What histograms tell above an edge and up to a share is what adding up bucket after bucket tells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shoreward.judge.tails import Tails, edges_at

LEVELS = (0.1, 0.5, 0.9, 0.99)
COUNTS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(3, 40)),
    elements=st.integers(0, 2**40).map(float),
    fill=st.just(0.0),
)


@settings(max_examples=100, deadline=None)
@given(COUNTS, st.data())
def test_tails_are_what_lies_above_whatever_the_order_in_which_streams_come(counts: np.ndarray, data: st.DataObject):
    streams, buckets = counts.shape
    some = hnp.arrays(np.int64, (3, streams), elements=st.integers(-1, buckets - 2))
    edges = np.sort(data.draw(some), axis=0)
    tails, cut = Tails(edges), data.draw(st.integers(1, streams))
    for part in (slice(cut, streams), slice(0, cut)):
        tails.add(part, counts[part])
    requests, above = tails.above()
    assert requests.tolist() == counts.sum(axis=1).tolist()
    expected = [[counts[stream, edge + 1 :].sum() for stream, edge in enumerate(level)] for level in edges]
    assert above.tolist() == expected


@settings(max_examples=100, deadline=None)
@given(COUNTS)
def test_the_edge_of_a_share_is_the_lowest_that_has_it_below(counts: np.ndarray):
    upto = np.cumsum(counts, axis=1)
    for level, edges in zip(LEVELS, edges_at(counts, LEVELS), strict=True):
        for running, edge in zip(upto, edges, strict=True):
            lowest = int(np.argmax(running >= level * running[-1]))
            assert edge == (min(lowest, len(running) - 2) if running[-1] else -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_rounded_while_adding_up_moves_an_edge_by_a_bucket_at_most(dtype: type[np.floating]):
    """Tenths have no exact binary fraction, and groups of buckets are added up in another order than buckets."""
    counts = np.full((1, 322), 0.1, dtype=dtype)
    np.testing.assert_allclose(edges_at(counts, LEVELS)[:, 0], [32, 160, 289, 318], atol=1)
