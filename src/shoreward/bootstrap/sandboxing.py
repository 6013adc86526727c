"""Sandboxes of a repository, and the look at production that they are compared with."""

from __future__ import annotations

from shoreward.adapters.aws import Artifacts, Aws, Retry, Sessions
from shoreward.adapters.aws.sandboxes.cloud import Sandboxes as Cloud
from shoreward.adapters.aws.sandboxes.observing import Observer
from shoreward.adapters.aws.sandboxes.seeding import CommandSeeder
from shoreward.adapters.build import ArtifactFiles
from shoreward.adapters.ledger import SqliteLedger
from shoreward.app.sandboxes.sandboxes import Sandboxes
from shoreward.bootstrap.here import SystemClock
from shoreward.bootstrap.project import Project

_LOOK = 5.0
"""Nobody waits long for a look that only makes a report more complete."""


def sandboxes(project: Project) -> Sandboxes:
    """See `Project.sandboxes`."""
    retry = Retry()
    aws = Aws(Sessions(retry=retry, name="sandboxes"), retry)
    return Sandboxes(
        ledger=SqliteLedger(project.state / "sandboxes.db"),
        cloud=Cloud(aws, Artifacts(aws, ArtifactFiles(project.artifacts))),
        blobs=project.journal,
        seeder=CommandSeeder(project.repository),
        clock=SystemClock(),
        settle=1.0,
    )


def observer() -> Observer:
    """See `Project.observer`."""
    retry = Retry(budget=_LOOK)
    return Observer(Aws(Sessions(retry=retry, name="parity"), retry))
