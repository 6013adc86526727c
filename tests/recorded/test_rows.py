"""Reading recorded samples: two forms of a file, and every mistake at its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.app.recorded.rows import Counted, Gauged, Timed, read_rows
from shoreward.domain import SpecErrors

HEADER = "time,target,arm,metric,requests,bad\n"
GOOD = "2026-03-01T12:00:00Z,eu,canary,errors,100,2\n"


def test_csv_and_json_lines_say_the_same() -> None:
    as_csv = read_rows(HEADER + GOOD, "samples.csv")
    as_json = read_rows(
        '{"time": "2026-03-01T13:00:00+01:00", "target": "eu", "arm": "canary",'
        ' "metric": "errors", "requests": 100, "bad": 2}\n',
        "samples.jsonl",
    )
    (row,) = as_csv
    assert row.time == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert row.value == Counted(100, 2)
    assert [(each.time, each.target, each.arm, each.metric, each.value) for each in as_csv] == [
        (each.time, each.target, each.arm, each.metric, each.value) for each in as_json
    ]


def test_columns_may_come_in_any_order_and_a_file_may_begin_with_a_byte_order_mark() -> None:
    (row,) = read_rows("\ufeffbad,requests,metric,arm,target,time\n0,7,errors,baseline,eu,2026-03-01T12:00:00\n", "s")
    assert (row.arm, row.value, row.time.tzinfo) == ("baseline", Counted(7, 0), UTC)


def test_gauges_and_histograms_are_told_from_counts() -> None:
    gauge, histogram = read_rows(
        '{"time": "2026-03-01", "target": "eu", "arm": "canary", "metric": "age", "value": -0.5}\n'
        '{"time": "2026-03-01", "target": "eu", "arm": "canary", "metric": "p", "histogram": {"0.1": 3, "inf": 1}}\n',
        "s",
    )
    assert gauge.value == Gauged(-0.5)
    assert histogram.value == Timed({0.1: 3, float("inf"): 1})


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "s:1", "empty"),
        ("time,metric\n", "s:1", "lacks target, arm"),
        ("time,target,arm,metric,requests\n", "s:1", "lacks bad"),
        ("time,target,arm,metric,requests,bad,colour\n", "s:1", "'colour'"),
        ("time,target,arm,metric,requests,bad,bad\n", "s:1", "twice"),
        (HEADER + "soon,eu,canary,errors,1,0\n", "s:2:1", "'soon' is not a time"),
        (HEADER + "2026-03-01,eu,left,errors,1,0\n", "s:2:15", "'left'"),
        (HEADER + "2026-03-01,,canary,errors,1,0\n", "s:2:12", "no target"),
        (HEADER + "2026-03-01,eu,canary,errors,1,2\n", "s:2:31", "2 bad events of 1"),
        (HEADER + "2026-03-01,eu,canary,errors,-1,0\n", "s:2:29", "-1"),
        (HEADER + "2026-03-01,eu,canary,errors,many,0\n", "s:2:29", "'many'"),
        (HEADER + "2026-03-01,eu,canary,errors,nan,0\n", "s:2:29", "'nan'"),
        (HEADER + "2026-03-01,eu,canary,errors,1\n", "s:2", "5 values for 6 columns"),
        (HEADER + '2026-03-01,eu,canary,"errors,1,0\n', "s:2", "not CSV"),
        (HEADER + "2026-03-01,eu,canary,errors,1,\n", "s:2", "gives requests"),
        ('{"time": 3\n', "s:1:11", "not JSON"),
        ('{"colour": 3}\n', "s:1", "'colour'"),
        (
            '{"time": "2026-03-01", "target": "eu", "arm": "canary", "metric": "m", "requests": true, "bad": 0}',
            "s:1",
            "T",
        ),
        ('{"time": "2026-03-01", "target": "eu", "arm": "canary", "metric": "m", "histogram": {"-1": 3}}', "s:1", "-1"),
        ('{"time": "2026-03-01", "target": "eu", "arm": "canary", "metric": "m", "histogram": [3]}', "s:1", "object"),
        (
            '{"time": "2026-03-01", "target": "eu", "arm": "canary", "metric": "m", "value": 3, "bad": 1}',
            "s:1",
            "bad, v",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: str, said: str) -> None:
    with pytest.raises(SpecErrors) as refused:
        read_rows(text, "s")
    (error,) = refused.value.errors
    assert (error.code, str(error.where)) == ("SAMPLES_INVALID", place)
    assert said in error.what
    assert error.next


def test_all_mistakes_are_told_at_once_up_to_twenty() -> None:
    with pytest.raises(SpecErrors) as refused:
        read_rows(HEADER + "soon,eu,canary,errors,1,0\n" * 30, "s")
    assert [each.where.line for each in refused.value.errors if hasattr(each.where, "line")] == list(range(2, 22))


def test_a_second_value_of_the_same_sample_is_refused_with_both_lines() -> None:
    with pytest.raises(SpecErrors, match=r"s:3: .*line 2.*\[SAMPLES_TWICE\]"):
        read_rows(HEADER + GOOD + GOOD, "s")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rows = read_rows(text, "s")
    except SpecErrors:
        return
    assert all(row.place.line for row in rows)
