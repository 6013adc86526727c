"""Recorded samples judged as a bake would have been."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.app.recorded.judged import Judged, Manner, overall
from shoreward.app.recorded.judging import judge_samples
from shoreward.app.recorded.rows import Arm, Counted, Gauged, Row, Timed, Value, read_rows
from shoreward.app.recorded.streams import arranged
from shoreward.domain import JudgePolicy, Place, SpecError, Verdict
from shoreward.judge import Direction

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(minute: int, arm: Arm, value: Value, *, metric: str = "errors", target: str = "eu") -> Row:
    return Row(
        time=NOON + timedelta(minutes=minute),
        target=target,
        arm=arm,
        metric=metric,
        value=value,
        place=Place(file="samples", line=minute + 2),
    )


def counted(rate: float, minutes: int = 60, requests: int = 1000, **names: str) -> Iterator[Row]:
    """A canary with this error rate beside a baseline of one per cent and nine times the requests; no noise."""
    for minute in range(minutes):
        yield row(minute, "canary", Counted(requests, requests * rate), **names)
        yield row(minute, "baseline", Counted(9 * requests, 0.09 * requests), **names)


def judged(rows: Sequence[Row], manner: Manner | None = None) -> tuple[Judged, ...]:
    return judge_samples(arranged(rows), manner or Manner())


def test_a_harmful_canary_fails_at_the_first_interval_that_proves_it() -> None:
    (stream,) = judged([*counted(0.05)])
    assert stream.verdict is Verdict.FAIL
    assert stream.at is not None
    first = stream.times.index(stream.at)
    assert stream.rollback[first] >= stream.bar_rollback > stream.rollback[first - 1]
    assert set(stream.verdicts[:first]) == {Verdict.NOT_ENOUGH_EVIDENCE}
    assert stream.confidence.lower[-1] > 1.1


def test_a_harmless_canary_passes_and_its_bounds_hold_no_difference() -> None:
    (stream,) = judged([*counted(0.01, requests=5000)])
    assert stream.verdict is Verdict.PASS
    assert stream.confidence.lower[-1] < 1 < stream.confidence.upper[-1] < stream.margins[1]


def test_the_answer_to_a_file_is_the_first_failure_or_the_last_pass() -> None:
    quick = [*counted(0.01, requests=20_000, target="a")]
    slow = [*counted(0.01, requests=5_000, target="b")]
    streams = judged([*quick, *slow])
    ends = [stream.at for stream in streams]
    assert overall(streams) == (Verdict.PASS, max(end for end in ends if end is not None))
    failing = judged([*quick, *slow, *counted(0.2, target="c")])
    assert overall(failing) == (Verdict.FAIL, failing[2].at)


def test_without_traffic_in_an_arm_there_is_no_data_and_without_samples_nothing_at_all() -> None:
    (stream,) = judged([row(minute, "canary", Counted(10, 0)) for minute in range(5)])
    assert overall((stream,)) == (Verdict.NO_DATA, None)
    assert overall(judged([])) == (Verdict.NO_DATA, None)


def test_latency_is_judged_by_histograms() -> None:
    def timed(minute: int, factor: float) -> Iterator[Row]:
        spread = np.random.default_rng(minute).lognormal(-2, 0.4, 300)
        for arm, times in (("canary", 1.0), ("baseline", 0.0)):
            values = spread * (factor if times else 1.0)
            buckets = {round(float(value), 4): 0.0 for value in values}
            for value in values:
                buckets[round(float(value), 4)] += 1
            yield row(minute, "canary" if arm == "canary" else "baseline", Timed(buckets), metric="took")

    slower = judged([each for minute in range(40) for each in timed(minute, 1.6)])
    alike = judged([each for minute in range(40) for each in timed(minute, 1.0)])
    assert (slower[0].verdict, slower[0].kind) == (Verdict.FAIL, "latency")
    assert slower[0].confidence.observed[-1] == pytest.approx(1.6, rel=0.05)
    assert alike[0].verdict is not Verdict.FAIL


def test_gauges_need_history_and_then_fail_on_the_side_where_harm_lies() -> None:
    noise = np.random.default_rng(3).normal(0, 1, (3, 600))
    past = [
        row(minute, arm, Gauged(100 + noise[k, minute]), metric="orders")
        for minute in range(600)
        for k, arm in enumerate[Arm](("canary", "baseline"))
    ]
    now = [
        each
        for minute in range(60)
        for each in (
            row(minute, "canary", Gauged(70 + noise[2, minute]), metric="orders"),
            row(minute, "baseline", Gauged(100 + noise[1, minute]), metric="orders"),
        )
    ]
    (unknown,) = judged(now)
    assert (unknown.verdict, unknown.known) == (Verdict.NOT_ENOUGH_EVIDENCE, False)
    (lower,) = judged(now, Manner(history=arranged(past), direction=Direction.LOWER))
    assert (lower.verdict, lower.known) == (Verdict.FAIL, True)
    (higher,) = judged(now, Manner(history=arranged(past), direction=Direction.HIGHER))
    assert higher.verdict is Verdict.PASS


def test_history_tells_how_clustered_errors_are() -> None:
    generator = np.random.default_rng(5)
    clusters = 6 * generator.binomial(100, 0.05, (2, 300))
    past = [
        row(minute, arm, Counted(1000, float(clusters[k, minute])))
        for minute in range(300)
        for k, arm in enumerate[Arm](("canary", "baseline"))
    ]
    (stream,) = judged([*counted(0.05)], Manner(history=arranged(past)))
    assert stream.known
    assert 4 < stream.phi < 12


def test_alpha_is_for_the_whole_file() -> None:
    (alone,) = judged([*counted(0.05)], Manner(policy=JudgePolicy(alpha=0.01)))
    both = judged([*counted(0.05), *counted(0.01, target="us")], Manner(policy=JudgePolicy(alpha=0.01)))
    assert both[0].bar_rollback == pytest.approx(alone.bar_rollback + np.log(2))


def test_a_metric_of_two_kinds_is_refused() -> None:
    with pytest.raises(SpecError, match=r"samples:3: .*line 2.*SAMPLES_MIXED"):
        judged([row(0, "canary", Counted(1, 0)), row(1, "canary", Gauged(1))])


@settings(max_examples=40, deadline=None)
@given(st.permutations([*counted(0.03, minutes=8), *counted(0.01, minutes=8, target="us")]))
def test_the_order_of_lines_does_not_matter(rows: list[Row]) -> None:
    usual = judged([*counted(0.03, minutes=8), *counted(0.01, minutes=8, target="us")])
    for expected, found in zip(usual, judged(rows), strict=True):
        assert (expected.target, expected.verdicts) == (found.target, found.verdicts)
        assert np.array_equal(expected.rollback, found.rollback)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 1)), min_size=2, max_size=20), st.integers(1, 19))
def test_what_was_said_does_not_change_when_more_arrives(minutes: list[tuple[int, float]], known: int) -> None:
    rows = [
        row(minute, arm, Counted(requests, int(requests * share)))
        for minute, (requests, share) in enumerate(minutes)
        for arm in ("canary", "baseline")
    ]
    early = judged([each for each in rows if each.time < NOON + timedelta(minutes=known)])
    late = judged(rows)
    assert late[0].verdicts[: len(early[0].verdicts)] == early[0].verdicts
    assert np.array_equal(late[0].rollback[: len(early[0].rollback)], early[0].rollback)


def test_a_file_of_csv_is_judged() -> None:
    lines = ["time,target,arm,metric,requests,bad"]
    for each in counted(0.05):
        assert isinstance(each.value, Counted)
        lines.append(f"{each.time.isoformat()},eu,{each.arm},errors,{each.value.requests:g},{each.value.bad:g}")
    (stream,) = judged(read_rows("\n".join(lines), "samples.csv"))
    assert stream.verdict is Verdict.FAIL
