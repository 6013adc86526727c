"""What every source of series keeps to: the simulated one, CloudWatch, Prometheus and files."""

from __future__ import annotations

import time

import numpy as np

from .conftest import Well

START = time.time() // 60 * 60 - 1_800


def read(well: Well, *names: str, intervals: int = 5) -> list[list[float]]:
    """Values by minutes since START, -1 where there is none."""
    queries = [well.query(name) for name in names]
    found = well.source.series(well.target, queries, start=START, end=START + intervals * 60, period=60)
    assert set(found) == set(queries)
    assert all(values.shape == (intervals,) and values.dtype == np.float64 for values in found.values())
    return [np.nan_to_num(found[query], nan=-1.0).tolist() for query in queries]


def test_what_nobody_ever_put_has_no_values(well: Well):
    assert read(well, "nothing") == [[-1.0] * 5]


def test_values_stand_in_their_intervals_and_holes_are_no_zeros(well: Well):
    well.put("orders", START + 30, 3.5)
    well.put("orders", START + 150, 0.0)
    assert read(well, "orders") == [[3.5, -1.0, 0.0, -1.0, -1.0]]


def test_what_lies_outside_is_left_out(well: Well):
    for at in (START - 90, START + 30, START + 330):
        well.put("orders", at, 1.0)
    assert read(well, "orders") == [[1.0, -1.0, -1.0, -1.0, -1.0]]


def test_several_are_read_at_once_and_each_once(well: Well):
    well.put("orders", START + 30, 1.0)
    well.put("visits", START + 90, 2.0)
    expected = [[1.0, -1.0, -1.0, -1.0, -1.0], [-1.0, 2.0, -1.0, -1.0, -1.0]]
    assert read(well, "orders", "visits") == expected
    assert read(well, "orders", "visits", "orders") == [*expected, expected[0]]


def test_a_point_that_comes_late_is_there_in_the_next_look(well: Well):
    well.put("orders", START + 210, 4.0)
    assert read(well, "orders") == [[-1.0, -1.0, -1.0, 4.0, -1.0]]
    well.put("orders", START + 90, 2.0)
    assert read(well, "orders") == [[-1.0, 2.0, -1.0, 4.0, -1.0]]


def test_a_point_that_is_corrected_counts_as_it_is_now(well: Well):
    well.put("orders", START + 90, 2.0)
    assert read(well, "orders") == [[-1.0, 2.0, -1.0, -1.0, -1.0]]
    if not well.corrects:
        return
    well.put("orders", START + 90, 7.0)
    assert read(well, "orders") == [[-1.0, 7.0, -1.0, -1.0, -1.0]]


def test_no_intervals_are_no_values(well: Well):
    assert read(well, "orders", intervals=0) == [[]]


def test_looking_twice_changes_nothing(well: Well):
    well.put("orders", START + 30, 1.0)
    assert read(well, "orders") == read(well, "orders")


def test_nothing_wanted_is_nothing_read(well: Well):
    assert well.source.series(well.target, [], start=START, end=START + 60, period=60) == {}
