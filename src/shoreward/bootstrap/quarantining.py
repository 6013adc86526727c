"""Quarantine over a repository: its history, and what its applications are made of."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shoreward.adapters.git import GitAncestry
from shoreward.app.quarantine import Quarantine
from shoreward.app.quarantine.rules import WHOLE
from shoreward.domain import ShorewardError

if TYPE_CHECKING:
    from shoreward.bootstrap.project import Project


def quarantine(project: Project) -> Quarantine:
    """See `Project.quarantine`."""

    @lru_cache(maxsize=1_000)
    def inputs(application: str, commit: str) -> tuple[str, ...]:
        """What the application is made of, its pipeline's file included; all of it when that cannot be told."""
        from shoreward.app.blame import inputs_of

        try:
            pipeline = project.pipeline_at(commit)
            if pipeline.application != application:
                return WHOLE
            file = project.config.resolve().relative_to(project.repository.root.resolve()).as_posix()
            return (*inputs_of(project.repository, commit, pipeline), file)
        except (ShorewardError, ValueError):
            return WHOLE

    return Quarantine(project.journal, GitAncestry(project.repository.root), inputs)
