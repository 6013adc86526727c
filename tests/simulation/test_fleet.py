"""A small fleet: what the fortnight of benchmarks/fleet does with fifty pipelines, with three of them for two days."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from shoreward.app.merging.groups import together
from shoreward.app.surroundings import Limits
from shoreward.core import Decision, opened
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.control import NO_CONTROL, FreezePlaced
from shoreward.core.decision import Blocker
from shoreward.domain import Outcome
from shoreward.simulation.fleet import Report, Shape, fleet_of, simulate, table
from shoreward.simulation.fleet.cloud import QUICK
from shoreward.simulation.fleet.properties import Broken, Watchman
from shoreward.simulation.fleet.shape import DAY, MONDAY, pipeline_of

SMALL = Shape(
    pipelines=3,
    regions=5,
    merges=30,
    days=2.0,
    bad=0.1,
    samples=8,
    seed=7,
    outages=14.0,
    limits=Limits(region=2, targets=6),
)


@pytest.fixture(scope="module")
def report() -> Report:
    return simulate(SMALL)


def test_every_property_holds_at_every_step_and_every_release_ends(report: Report):
    assert report.checked > 2_000
    assert report.waits > 500
    assert report.waiting == {}
    assert report.wrong == ()


def test_releases_succeed_go_back_and_supersede_each_other(report: Report):
    assert {"succeeded", "rolled_back", "superseded"} <= set(report.outcomes)
    assert {"judged", "quarantine"} <= set(report.causes)
    assert report.refused > 0
    assert report.people["region went dark"] > 1


def test_every_merge_comes_everywhere(report: Report):
    assert report.everywhere.count == report.merges
    assert report.everywhere.p50 <= report.everywhere.p90 <= report.everywhere.p99 <= report.everywhere.most


def test_harm_is_told_by_kind_and_what_never_ran_harmed_nobody(report: Report):
    assert sum(each.count for each in report.harm_by_kind.values()) == report.bad
    assert all(report.harm_by_kind[kind].most == 0 for kind in {"probe", "checks", "stage"} & set(report.harm_by_kind))


def test_the_table_names_its_figures(report: Report):
    assert "| merge to everywhere, hours |" in table(report)
    assert "Releases that have not ended: 0." in table(report)


def test_it_is_the_same_in_every_process():
    """Given two processes that keep sets in different orders."""
    program = (
        "from shoreward.simulation.fleet import Shape, simulate\n"
        "print(simulate(Shape(pipelines=4, groups=1, regions=4, days=0.3, bad=0.2, samples=2, people=40.0)))"
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
    assert "digest=" in told[0]


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


def test_a_release_waits_for_a_dark_region_and_says_so():
    fleet = fleet_of(replace(SMALL, pipelines=1, merges=0.001, people=0.0, outages=0.0))
    fleet.acting.histories["app-00"].add(MONDAY)
    fleet.branches.look("app-00")
    fleet.run(MONDAY + 3 * 3_600)
    (carried,) = fleet.family("app-00")
    fleet.acting.dark = {target.region for target in carried.state.pipeline.waves[0].targets}
    fleet.recheck()
    fleet.run(MONDAY + 4 * 3_600)
    assert any("AWS did not answer" in told for told in carried.waits_for)
    fleet.acting.dark.clear()
    fleet.run(MONDAY + 2 * DAY)
    assert carried.state.outcome is Outcome.SUCCEEDED


NIGHT, NOON = MONDAY + 2 * 3_600, MONDAY + 12 * 3_600
FROZEN = {"match": FreezePlaced(at=NOON, by="kim", why="a match", name="match", start=NOON - 60, end=NOON + 60)}


@pytest.mark.parametrize(
    ("number", "at", "freezes", "why"),
    [
        (1, NIGHT, {}, "outside of its hours"),
        (0, NOON, FROZEN, "in a freeze"),
        (3, NOON, {}, "nobody said that its alarms are quiet"),
        (4, NOON, {}, "unapproved"),
    ],
)
def test_the_watchman_sees_what_passes_a_closed_gate(
    number: int, at: float, freezes: dict[str, FreezePlaced], why: str
):
    pipeline = pipeline_of(SMALL, number)
    last = len(pipeline.waves) - 1
    event = e.ReleaseOpened(at=0, pipeline=pipeline, commit="a", subject="a", by="kim")
    state = replace(opened("app#1", event), wave=last, baked=last)
    entered = e.TargetEntered(at=at, target=state.in_wave(last)[0].target.key)
    with pytest.raises(Broken, match=why):
        Watchman(SMALL.limits).recorded(state, entered, (), freezes=freezes)


def test_the_watchman_sees_a_gate_on_the_way_back():
    event = e.ReleaseOpened(at=0, pipeline=pipeline_of(SMALL, 1), commit="a", subject="a", by="kim")
    state = replace(opened("app#1", event), rollback=e.RollbackBegan(at=0, cause="judged", reason="errors"))
    closed = Decision(blockers=(Blocker(what="these are not its hours", gate="week"),))
    with pytest.raises(Broken, match="a gate delays"):
        Watchman(SMALL.limits).decided(state, closed, ())


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
