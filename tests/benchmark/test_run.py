"""A tiny run of everything; and the page tells what the kept results say."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.judge import corpus, judges, latency, page, regional, run
from benchmarks.judge.__main__ import RESULTS
from benchmarks.judge.figures import FIGURES
from benchmarks.judge.outcome import interval
from benchmarks.judge.scenarios import QUICK, SCENARIOS, Task, measured, tasks
from benchmarks.judge.tables import TABLES


@pytest.fixture(scope="module")
def kept() -> run.Results:
    return run.from_text(RESULTS.read_text(encoding="utf-8"))


def one_of_each() -> Iterator[Task]:
    for scenario in SCENARIOS:
        planned = [task for task in tasks(QUICK) if task.scenario == scenario]
        yield replace(planned[-1], runs=2)


@pytest.mark.parametrize("task", list(one_of_each()), ids=lambda task: task.scenario)
def test_a_task_gives_the_same_answers_from_the_same_seed(task: Task):
    answers = measured(task, seed=1, quantile=3.0)
    assert answers == measured(task, seed=1, quantile=3.0)
    for told in answers["judges"].values():
        assert 0 <= told.get("stopped", told.get("found")) <= 2


def test_this_judge_finds_at_once_what_fails_on_everything():
    task = next(task for task in tasks(QUICK) if task.effect == "every request fails" and task.cell.traffic == 60)
    ours = measured(replace(task, runs=20), seed=1)["judges"][judges.OURS]
    assert ours["found"] == 20
    assert ours["median"] <= 5


def test_durations_are_judged_by_all_who_can():
    task = replace(next(latency.tasks(quick=True)), effect="x2", runs=2)
    row = latency.measured(task, seed=1)
    assert set(row["judges"]) == set(latency.JUDGES)
    assert row["judges"][judges.OURS]["found"] == 2


@pytest.mark.parametrize("metric", regional.METRICS)
def test_what_grows_where_the_change_is_is_found_beside_other_regions(metric: str):
    """Given a region that grows to fifty times as bad, and one of which nothing is to be said."""
    size = regional.METRICS[metric][-1]
    worse, same = (
        regional.measured(regional.Task(metric=metric, size=size, effect=effect, runs=5), seed=1)
        for effect in ("growing to x50 in an hour", "x10 in all regions for ten minutes")
    )
    assert set(worse["judges"]) == set(same["judges"]) == set(regional.JUDGES)
    assert worse["judges"][judges.OURS]["found"] == worse["judges"][regional.SOON]["found"] == 5
    assert same["judges"][judges.OURS]["stopped"] == same["judges"][regional.SOON]["stopped"] == 0
    assert same["judges"][regional.CLOUDWATCH]["stopped"] == 5


def test_a_crash_of_everything_is_found_by_this_judge_and_nothing_is_not():
    crash, nothing = (
        corpus.judged(corpus.Task(kind=kind, faulty=faulty, number=1), seed=1)["judges"]
        for kind, faulty in (("crash of everything", True), ("nothing", False))
    )
    for judge in (judges.OURS_CALIBRATED, judges.OURS_SHIPPED):
        assert crash[judge]["found"] == 1
        assert nothing[judge]["false"] == 0


def test_the_interval_of_a_share_is_wilsons():
    # Newcombe, Statistics in Medicine 17 (1998), method 3: 81 of 263, and 0 of 20.
    assert interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_results_are_read_as_they_were_written(kept: run.Results):
    assert run.as_text(run.from_text(run.as_text(kept))) == run.as_text(kept)


def test_the_results_that_are_kept_are_of_a_full_run(kept: run.Results):
    assert not kept["quick"]
    assert sum(row["runs"] for row in kept["corpus"]) > 500


def test_the_tables_of_the_page_are_those_of_the_results(kept: run.Results):
    text = page.PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- table: ([a-z-]+) -->", text)) == set(TABLES)
    assert page.with_tables(text, kept) == text


@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_are_those_of_the_results(name: str, kept: run.Results):
    path: Path = page.DOCS / "figures" / f"{name}.svg"
    assert path.read_text(encoding="utf-8") == FIGURES[name](kept)
