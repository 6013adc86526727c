"""Reading the pipeline: as its file says now, or as a commit has it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.bootstrap.here import as_here
from shoreward.domain import Pipeline, Place, SpecError

if TYPE_CHECKING:
    from shoreward.bootstrap.project import Project
    from shoreward.spec.template.values import Note


def pipeline_now(project: Project) -> Pipeline:
    """See `Project.pipeline`."""
    from shoreward.spec.load import load

    return _with_waves(as_here(load(project.config, root=project.repository.root)))


def pipeline_at(project: Project, commit: str) -> Pipeline:
    """See `Project.pipeline_at`."""
    from shoreward.spec.calendars import Beside
    from shoreward.spec.load import decoded, parse

    root, file = project.repository.root.resolve(), project.config.resolve()
    if not file.is_relative_to(root):
        what = f"The file is not in the repository {root}."
        raise SpecError("SPEC_PATH", what, where=Place(file=str(project.config)))
    path = file.relative_to(root)
    text = project.repository.read(commit, path.as_posix())
    if text is None:
        raise SpecError(
            "SPEC_FILE_MISSING",
            f"Commit {commit[:10]} has no such file.",
            where=Place(file=path.as_posix()),
            next="Write one with `shoreward init`, and commit it.",
        )
    folder = "" if path.parent == Path() else path.parent.as_posix()
    beside = Beside(read=lambda name: project.repository.read(commit, name), year=datetime.now(UTC).year)
    return _with_waves(as_here(parse(decoded(text, path.as_posix()), path.as_posix(), folder=folder, beside=beside)))


def with_traffic(project: Project, pipeline: Pipeline) -> tuple[Pipeline, tuple[Note, ...]]:
    """The pipeline with waves derived from traffic as metrics tell it, and where each target's is known from.

    Raises:
        Refused: TRAFFIC_UNKNOWN where neither metrics nor the file tell.
    """
    if pipeline.auto is None:
        return pipeline, ()
    from shoreward.app.planning import measured
    from shoreward.spec.template.values import Note

    settled, known = measured(project.world(), pipeline)
    return settled, tuple(Note(code=each.code, text=each.words) for each in known)


def _with_waves(pipeline: Pipeline) -> Pipeline:
    """The pipeline, with waves derived where it leaves them to Shoreward."""
    if pipeline.auto is None:
        return pipeline
    from shoreward.app.planning import settle

    return settle(pipeline)
