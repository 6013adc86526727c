"""What `shoreward release` does, as a process that a test may kill: open a release, and carry it to its end.

    python carry.py REPOSITORY PATIENCE [COMMIT]

A commit that the journal has a release of already is carried on, not begun again; with `-` for a commit it stays, and
carries whatever is opened. PATIENCE is the budget, in seconds, of a call to AWS.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from diary import Diary, DiaryController, Watched

from shoreward.adapters.aws import Retry, connect
from shoreward.adapters.build import ArtifactFiles
from shoreward.app import releases
from shoreward.bootstrap import Project, open_project, wish
from shoreward.bootstrap.pipelines import with_traffic


def main(repository: str, patience: str, commit: str = "") -> None:
    """Carry whatever is open to its end."""
    project = open_project(Path(repository))
    known = {releases.load(project.journal, header.id).opened.commit for header in project.journal.releases()}
    if commit not in ("", "-", *known):
        found = project.repository.resolve(commit)
        pipeline, _ = with_traffic(project, project.pipeline_at(found.id))
        releases.begin(project.journal, pipeline, found.id, found.subject, wish())
    controller = _controller(project, float(patience))
    print(f"{os.getpid()} carries", flush=True)
    controller.run(forever=commit == "-")


def _controller(project: Project, patience: float) -> DiaryController:
    aws = connect(project.journal, ArtifactFiles(project.state / "artifacts"), retry=Retry(budget=patience))
    world = replace(
        project.world(),
        stacks=aws.stacks,
        traffic=aws.traffic,
        prober=aws.probes,
        metrics=aws.metrics,
        alarms=aws.alarms,
    )
    diary = Diary(project.state / "diary.jsonl")
    controller = DiaryController(Watched(project.journal, diary), world)
    controller.diary = diary
    return controller


if __name__ == "__main__":
    main(*sys.argv[1:])
