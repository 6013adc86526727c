"""`shoreward simulate`, and the schedule at the end of a plan."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from planning.pipelines import automatic, ramped, stepped, targets
from shoreward.app.planning import settle
from shoreward.cli.schedule import schedule, show_schedule
from shoreward.cli.simulating import Asked, try_out
from shoreward.domain import UserError
from shoreward.simulation.picture import picture
from shoreward.simulation.trial import Trial, simulate

PIPELINE = ramped(300.0, budget=300.0)


def asked(**options: object) -> Asked:
    values: dict[str, object] = {
        "runs": 2,
        "seed": 0,
        "faults": ("harmless", "all fail"),
        "traffic": None,
        "error_rate": 0.001,
        "swing": 0.0,
        "late": 0.0,
        "history": None,
        "picture": None,
        "json": True,
    }
    return Asked(**{**values, **options})  # pyright: ignore[reportArgumentType]


def test_json_says_what_came_of_each_fault(capsys: pytest.CaptureFixture[str]):
    try_out(PIPELINE, asked())
    told = json.loads(capsys.readouterr().out)
    good, bad = told["faults"]
    assert (good["fault"], good["rolled_back"], good["missed"], good["harm"]) == ("harmless", 0, 0, 0.0)
    assert (bad["fault"], bad["rolled_back"], bad["seconds"]) == ("all fail", 2, None)
    assert told["expected_seconds"] == pytest.approx(good["seconds"], rel=0.4)


def test_the_table_names_every_fault(capsys: pytest.CaptureFixture[str]):
    try_out(PIPELINE, asked(json=False))
    out = capsys.readouterr().out
    assert "harmless" in out
    assert "all fail" in out


def test_a_fault_that_is_not_there_is_refused():
    with pytest.raises(UserError, match="no fault 'al fail'") as refused:
        try_out(PIPELINE, asked(faults=("al fail",)))
    assert refused.value.code == "FAULT_UNKNOWN"


def test_traffic_can_be_supposed_where_the_file_says_none(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(UserError):
        try_out(stepped(0.0), asked())
    try_out(stepped(0.0), asked(traffic=50.0))
    assert json.loads(capsys.readouterr().out)["faults"][0]["rolled_back"] == 0


def test_late_metrics_cost_time_and_nothing_else(capsys: pytest.CaptureFixture[str]):
    try_out(PIPELINE, asked(late=0.3))
    good, bad = json.loads(capsys.readouterr().out)["faults"]
    assert (good["rolled_back"], bad["rolled_back"]) == (0, 2)


def test_the_picture_is_an_svg_and_the_same_every_time(tmp_path: Path):
    file = tmp_path / "trial.svg"
    try_out(PIPELINE, asked(picture=file))
    root = ET.fromstring(file.read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len([each for each in root if each.tag.endswith("polyline")]) == 4
    report = simulate(PIPELINE, Trial(runs=2))
    assert picture(PIPELINE, report) == picture(PIPELINE, report)
    assert "budget 300" in picture(PIPELINE, report)


def test_a_plan_says_when_a_good_release_is_through_and_what_a_bad_one_costs(capsys: pytest.CaptureFixture[str]):
    pipeline = settle(automatic(targets(80.0, 300.0, 900.0)))
    plan = {**schedule(pipeline), "waves": [{"name": wave.name} for wave in pipeline.waves]}
    assert json.loads(json.dumps(plan)) == plan
    assert [each["wave"] for each in plan["expected"]] == [wave.name for wave in pipeline.waves]
    assert plan["outlook"][0]["harm_99"] < plan["outlook"][3]["harm"]
    show_schedule(plan)
    out = capsys.readouterr().out
    assert "Why these waves" in out
    assert "everything at once" in out


def test_a_plan_says_which_step_may_meet_its_deadline_before_its_evidence(capsys: pytest.CaptureFixture[str]):
    pipeline = stepped(20.0, 300.0, minimum=120.0)
    plan = {**schedule(pipeline), "waves": [{"name": wave.name} for wave in pipeline.waves]}
    first, second = (each["tight"] for each in plan["expected"])
    assert second is None
    assert (first["percent"], first["deadline"]) == (10.0, 14_400)
    show_schedule(plan)
    out = " ".join(capsys.readouterr().out.split())
    assert "wave-1 needs" in out
    assert "chance may let the deadline come first" in out


def test_a_plan_without_traffic_says_what_is_missing(capsys: pytest.CaptureFixture[str]):
    [wave] = stepped(1.0).waves
    [target] = wave.targets
    pipeline = replace(stepped(1.0), waves=(replace(wave, targets=(replace(target, traffic=None),)),))
    plan = {**schedule(pipeline), "waves": [{"name": wave.name}]}
    assert plan["expected"] is None
    show_schedule(plan)
    assert "say the `traffic`" in capsys.readouterr().out
