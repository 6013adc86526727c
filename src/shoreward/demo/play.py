"""The play: one scenario after the other, with customers at every beach, and a table at the end."""

from __future__ import annotations

import json
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from shoreward.app.releases import latest
from shoreward.cloud import FaultRule
from shoreward.core import events as e
from shoreward.demo.account import Incident, release_report
from shoreward.demo.aftermath import aftermath
from shoreward.demo.beaches import customers as customers_of
from shoreward.demo.scenarios import SCENARIOS, Scenario
from shoreward.demo.scene import Scene
from shoreward.testing.customers import Customers

INCIDENT_SECONDS = 8.0
_PARTS = ("shoreward", "ministack", "awslambdaric", "boto3", "aws-sam-translator", "numpy")
_CALLED = ("cloudformation", "lambda", "monitoring", "s3", "sts", "dynamodb", "sqs")


def play(*, report: Path | None, keep: bool, faults: float, json: bool) -> int:
    """Run all scenarios; returns 0 when every one came to what it must."""
    console = Console(highlight=False, quiet=json)
    if not console.is_terminal:
        console.width = 120
    start = time.time()
    releases: list[dict[str, Any]] = []
    crowd: Customers | None = None
    with Scene(keep=keep) as scene:
        try:
            for number, scenario in enumerate(SCENARIOS, start=1):
                console.rule(f"[bold]{number} of {len(SCENARIOS)}: {scenario.name}[/]", align="left")
                console.print(f"{scenario.story}\n")
                releases.append(_release(scene, scenario, crowd, faults, quiet=json))
                crowd = crowd or _open_the_beaches(scene)
        finally:
            if crowd:
                crowd.stop()
        whole = {
            "releases": releases,
            "versions": {part: version(part) for part in _PARTS},
            "seconds": round(time.time() - start, 1),
        }
        _publish(whole, console, report, keep=scene.folder if keep else None, as_json=json)
    return 0 if all(each["outcome"] == each["expected"] and not each["left_over"] for each in releases) else 1


def _open_the_beaches(scene: Scene) -> Customers:
    crowd = customers_of(scene)
    crowd.start()
    time.sleep(2)
    return crowd


def _release(
    scene: Scene, scenario: Scenario, crowd: Customers | None, faults: float, *, quiet: bool
) -> dict[str, Any]:
    for edit in scenario.edits:
        edit.apply(scene.repository.root)
    scene.repository.commit(scenario.subject)
    if scenario.mends:
        harmed = latest(scene.project.journal).id
        scene.shoreward("quarantine", harmed, "--fix", "HEAD", "--why", scenario.mends, quiet=quiet)
    background = _background(faults)
    scene.fail(background)
    watcher = _IncidentWatch(scene, background) if scenario.incident else None
    if watcher:
        watcher.start()
    scene.shoreward("release", quiet=quiet)
    if watcher:
        watcher.join()
    state = latest(scene.project.journal)
    recorded = scene.project.journal.events(state.id)
    scene.fail([])
    told = release_report(scenario, state, recorded, crowd, watcher.incident if watcher else None)
    return {**told, "left_over": aftermath(scene)}


def _background(rate: float) -> list[FaultRule]:
    """The faults that all AWS calls meet throughout: half of them throttled, half of them failed."""
    if not rate:
        return []
    # A call that the first rule spares meets the second one.
    second = rate / 2 / (1 - rate / 2)
    return [
        rule
        for service in _CALLED
        for rule in (
            FaultRule(kind="throttle", service=service, rate=rate / 2),
            FaultRule(kind="error", service=service, status=503, rate=second),
        )
    ]


class _IncidentWatch(threading.Thread):
    """Lets DynamoDB fail for a while, in every region, as soon as the second wave bakes."""

    def __init__(self, scene: Scene, background: list[FaultRule]) -> None:
        super().__init__(name="incident")
        self._scene = scene
        self._background = background
        self._target = scene.pipeline.waves[1].targets[0].key
        self._before = len(scene.project.journal.releases())
        self.incident: Incident | None = None

    def run(self) -> None:
        """Wait for the second wave's shift; give up when the release ends without one."""
        journal = self._scene.project.journal
        while True:
            time.sleep(0.1)
            releases = journal.releases()
            if len(releases) == self._before:
                continue
            events = [each.event for each in journal.events(releases[-1].id)]
            if any(isinstance(event, e.TrafficShifted) and event.target == self._target for event in events):
                break
            if any(isinstance(event, e.ReleaseEnded) for event in events):
                return
        began = time.time()
        self._scene.fail([FaultRule(kind="error", service="dynamodb"), *self._background])
        time.sleep(INCIDENT_SECONDS)
        self._scene.fail(self._background)
        # What was under way at the end may still fail of it.
        self.incident = (began, time.time() + 2)


def _publish(whole: dict[str, Any], console: Console, report: Path | None, *, keep: Path | None, as_json: bool) -> None:
    if report:
        report.write_text(json.dumps(whole, indent=2) + "\n")
    if as_json:
        print(json.dumps(whole, indent=2))  # the command's answer
    console.rule("[bold]what happened[/]", align="left")
    console.print(_table(whole["releases"]))
    console.print(f"\n{len(whole['releases'])} releases in {whole['seconds']:.0f} s.")
    for each in whole["releases"]:
        for leftover in each["left_over"]:
            console.print(f"[bold red]left over[/] after {each['scenario']}: {leftover}")
    if report:
        console.print(f"The report, with every decision and its evidence, is {report}.")
    if keep:
        console.print(f"Look at it: shoreward why -C {keep / 'sandcastles'}; shoreward status --all -C …")
    else:
        console.print(
            "Next: `make demo ARGS=--keep` keeps the journal, so that `shoreward why` can explain each of them;"
        )
        console.print("docs/getting-started.md takes your own application the same way.")


def _table(releases: list[dict[str, Any]]) -> Table:
    table = Table(
        "scenario",
        "outcome",
        "took",
        "detected",
        "rolled back",
        "requests",
        "failed",
        "excess",
        box=None,
        padding=(0, 2),
    )
    for each in releases:
        colour = "green" if each["outcome"] == each["expected"] else "bold red"
        outcome = f"[{colour}]{str(each['outcome']).replace('_', ' ')}[/]"
        table.add_row(
            each["scenario"],
            outcome,
            f"{each['seconds']:.0f} s",
            _seconds(each["detected_after_s"]),
            _seconds(each["rolled_back_after_s"]),
            f"{each['requests']:,}",
            f"{each['failed_requests']:,}",
            f"{each['excess_failed_requests']:,}",
        )
    return table


def _seconds(value: float | None) -> str:
    return "" if value is None else f"after {value:.1f} s"
