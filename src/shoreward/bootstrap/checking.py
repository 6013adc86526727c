"""The graph of checks of a repository, and what running it needs of this machine.

Most checks are not run, so what they reach for is imported when it is asked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.adapters.build import ArtifactFiles, LocalBuilder
from shoreward.app.checking.graph import Graph, graph_of
from shoreward.app.resilience.ports import FaultCloud, Laboratory
from shoreward.app.sandboxes.reach import Hands, Reach
from shoreward.bootstrap.here import SystemClock, engine
from shoreward.bootstrap.sharing import SharedSandbox
from shoreward.checks import Parts, all_checks
from shoreward.domain import Pipeline, Target

if TYPE_CHECKING:
    from shoreward.adapters.policy import Engines
    from shoreward.app.checking.manner import Surroundings
    from shoreward.app.sandboxes.parity import Observed
    from shoreward.bootstrap.project import Project

_KEPT_FOR = 30 * 86_400.0
_KEPT_SIZE = 300_000_000
"""What is kept of checks goes when nobody has asked for it in a month, or when there is more than that."""


def graph(
    project: Project,
    pipeline: Pipeline,
    commit: str,
    sandbox: SharedSandbox | None,
    engines: Engines | None,
    base: str | None,
) -> Graph:
    """See `Project.graph`."""
    artifacts, shared = ArtifactFiles(project.artifacts), sandbox or SharedSandbox(project)
    parts = Parts(
        repository=project.repository,
        builder=LocalBuilder(project.repository, project.journal, artifacts),
        artifacts=artifacts,
        blobs=project.journal,
        clock=SystemClock(),
        state=project.state,
        met=shared.met,
        reach=_reach(project, shared),
        laboratory=_laboratory(shared),
        observer=_LateObserver(project),
        engines=engines,
    )
    return graph_of(all_checks(parts, pipeline, commit, base))


def surroundings(project: Project, cache: str, warn: Callable[[str], None]) -> Surroundings:
    """See `Project.surroundings`."""
    from shoreward.adapters.keep import BucketShelf, FolderShelf, LayeredKeep, ShelfKeep, ShelfMemory
    from shoreward.app.checking.manner import Surroundings

    own, shared = FolderShelf(project.state / "checks"), None
    if cache:
        folder = project.repository.root / Path(cache).expanduser()
        shared = ShelfKeep(BucketShelf(cache) if "://" in cache else FolderShelf(folder), warn)
    own.sweep(time.time(), age=_KEPT_FOR, size=_KEPT_SIZE)
    return Surroundings(
        keep=LayeredKeep(ShelfKeep(own, warn), shared, project.journal),
        memory=ShelfMemory(own),
        clock=SystemClock(),
        environment=dict(os.environ),
        engine=engine(),
    )


def _reach(project: Project, sandbox: SharedSandbox) -> Reach:
    def hands() -> Hands:
        from shoreward.adapters.aws import Retry, Sessions, connect

        retry = Retry()
        sessions = Sessions(retry=retry, name="sandboxes")
        return connect(project.journal, ArtifactFiles(project.artifacts), sessions=sessions, retry=retry)

    return Reach(
        connect=sandbox.connect,
        met=sandbox.met,
        fresh=sandbox.another,
        hands=hands,
        pipeline_at=project.pipeline_at,
    )


def _laboratory(sandbox: SharedSandbox) -> Laboratory:
    def cloud() -> FaultCloud:
        from shoreward.adapters.aws import Aws, Retry, Sessions
        from shoreward.adapters.aws.sandboxes.faults import Faults

        retry = Retry()
        return Faults(Aws(Sessions(retry=retry, name="sandboxes"), retry))

    return Laboratory(connect=sandbox.connect, met=sandbox.met, suffering=sandbox.suffering, cloud=cache(cloud))


class _LateObserver:
    """Looks at what is live in production; nothing of AWS is imported before it does."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def observe(self, target: Target) -> Observed:
        """See `app.sandboxes.parity.Observer`."""
        return self._project.observer().observe(target)
