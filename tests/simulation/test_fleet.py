"""A small fleet: what the fortnight of benchmarks/fleet does with fifty pipelines, with three of them for two days."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from shoreward.app.merging.groups import together
from shoreward.app.surroundings import Limits
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core import opened
from shoreward.core.control import NO_CONTROL
from shoreward.domain import Outcome
from shoreward.simulation.fleet import Report, Shape, fleet_of, simulate, table
from shoreward.simulation.fleet.cloud import QUICK
from shoreward.simulation.fleet.properties import Broken, Watchman
from shoreward.simulation.fleet.shape import DAY, MONDAY, pipeline_of

SMALL = Shape(
    pipelines=3, regions=5, merges=30, days=2.0, bad=0.1, samples=8, seed=7, limits=Limits(region=2, targets=6)
)


@pytest.fixture(scope="module")
def report() -> Report:
    return simulate(SMALL)


def test_every_property_holds_at_every_step_and_every_release_ends(report: Report):
    assert report.checked > 2_000
    assert report.waiting == {}
    assert report.wrong == ()


def test_releases_succeed_go_back_and_supersede_each_other(report: Report):
    assert {"succeeded", "rolled_back", "superseded"} <= set(report.outcomes)
    assert {"judged", "quarantine"} <= set(report.causes)
    assert report.refused > 0


def test_every_merge_comes_everywhere(report: Report):
    assert report.everywhere.count == report.merges
    assert report.everywhere.p50 <= report.everywhere.p90 <= report.everywhere.p99 <= report.everywhere.most


def test_harm_is_told_by_kind_and_what_never_ran_harmed_nobody(report: Report):
    assert sum(each.count for each in report.harm_by_kind.values()) == report.bad
    assert all(report.harm_by_kind[kind].most == 0 for kind in {"probe", "checks", "stage"} & set(report.harm_by_kind))


def test_the_table_names_its_figures(report: Report):
    assert "| merge to everywhere, hours |" in table(report)
    assert "Releases that have not ended: 0." in table(report)


def test_the_same_shape_gives_the_same_report(report: Report):
    brief = replace(SMALL, days=0.25, pipelines=2)
    assert simulate(brief) == simulate(brief)


def test_it_is_the_same_in_every_process():
    """Given two processes that keep sets in different orders."""
    program = (
        "from shoreward.simulation.fleet import Shape, simulate\n"
        "print(simulate(Shape(pipelines=4, groups=1, regions=4, days=0.3, bad=0.2, samples=2, people=40.0)).digest)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert len(told[0].strip()) == 16


def test_groups_hold_every_property_and_end_as_one():
    report = simulate(replace(SMALL, pipelines=4, groups=1, merges=15, days=1.5, bad=0.15))
    assert report.waiting == {}
    assert report.wrong == ()
    assert "group" in report.causes
    assert {"succeeded", "rolled_back", "superseded"} <= set(report.outcomes)


def test_the_watchman_sees_a_consumer_before_its_provider():
    shape = replace(SMALL, groups=1)
    openings = [
        e.ReleaseOpened(at=0, pipeline=pipeline_of(shape, number), commit="a", subject="a", by="kim")
        for number in range(3)
    ]
    states = [opened(f"app-0{n}#1", each) for n, each in enumerate(together("group", openings, shape.grouped[0]))]
    entered = e.TargetEntered(at=0, target=states[2].pipeline.targets[0].key)
    with pytest.raises(Broken, match="before app-00#1"):
        Watchman(SMALL.limits).recorded(states[2], entered, (), states[:2])


def test_one_commit_alone_goes_everywhere():
    fleet = fleet_of(replace(SMALL, pipelines=1, merges=0.001, people=0.0))
    commit = fleet.acting.histories["app-00"].add(MONDAY)
    fleet.branches.look("app-00")
    fleet.run(MONDAY + DAY)
    (state,) = fleet.ended["app-00"]
    assert state.outcome is Outcome.SUCCEEDED
    assert {served.commit for served in fleet.acting.cloud.targets.values()} == {commit.id}


def test_what_harms_late_is_found_by_an_alarm_and_costs_what_it_cost():
    fleet = fleet_of(replace(SMALL, pipelines=1, merges=0.001, people=0.0))
    commit = fleet.acting.histories["app-00"].add(MONDAY, "late", late=5_400.0)
    fleet.branches.look("app-00")
    fleet.run(MONDAY + DAY)
    state = fleet.ended["app-00"][0]
    assert state.rollback is not None
    assert state.rollback.cause in ("alarm", "judged")
    assert 0 < fleet.acting.cloud.harm[commit.id] < 2 * (QUICK + 60) * SMALL.traffic * SMALL.regions * 0.05


def test_the_watchman_sees_a_step_forward_of_what_is_in_quarantine():
    state = opened("app-00#1", e.ReleaseOpened(at=0, pipeline=pipeline_of(SMALL, 0), commit="a", subject="a", by="kim"))
    with pytest.raises(Broken, match="quarantine"):
        Watchman(SMALL.limits).begun(state, do.BuildRevision(commit="a"), NO_CONTROL, {"app-00#1": "it harmed"})


def test_the_watchman_sees_two_releases_at_work_on_a_target():
    pipeline = pipeline_of(SMALL, 0)
    event = e.ReleaseOpened(at=0, pipeline=pipeline, commit="a", subject="a", by="kim")
    watchman = Watchman(SMALL.limits)
    stage = do.StageTarget(target=pipeline.targets[0])
    watchman.begun(opened("app-00#1", event), stage, NO_CONTROL, {})
    with pytest.raises(Broken, match="at work"):
        watchman.begun(opened("app-00#2", event), stage, NO_CONTROL, {})
