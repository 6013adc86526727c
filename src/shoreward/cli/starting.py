"""Beginning: a first shoreward.yaml, and a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shoreward.adapters.build import Built
from shoreward.adapters.git import Commit
from shoreward.app.fitting import misfits
from shoreward.app.releases import Wish, begin
from shoreward.bootstrap import Project, wish
from shoreward.bootstrap.pipelines import with_traffic
from shoreward.cli.output import console, print_json
from shoreward.domain import Pipeline, Refused, Suite, UserError


def write_first(
    template: Path,
    *,
    account: str | None,
    regions: Sequence[str] | None,
    output: Path | None,
    force: bool,
    json: bool,
) -> None:
    """Write a shoreward.yaml for a template; never over an existing file unless told so."""
    from shoreward.spec.init import init

    text = init(template, account=account, regions=regions, suites=_suites(template))
    path = output or template.parent / "shoreward.yaml"
    if path.exists() and not force:
        raise Refused("FILE_EXISTS", f"{path} is there already.", next="Overwrite it with --force.")
    path.write_text(text)
    _keep_schema(path.parent)
    if json:
        print_json({"path": str(path)})
    else:
        console.print(f"Wrote {path}. Next: fill in what it asks for, commit it, and see `shoreward plan`.")


def _suites(template: Path) -> tuple[Suite, ...] | None:
    """The suites that `shoreward check` would find, or None when it cannot be told."""
    from shoreward.adapters.git import Repository
    from shoreward.adapters.suites import discover

    try:
        repository = Repository(template.parent)
        path = template.resolve().relative_to(repository.root.resolve()).as_posix()
        pipeline = Pipeline(application="application", template=path, waves=())
        return discover(repository, repository.snapshot().id, pipeline)
    except (UserError, ValueError):
        return None  # what is wrong with the repository is told by whoever needs it


def _keep_schema(folder: Path) -> None:
    """The JSON Schema where the file's first line tells editors to find it; nothing that git should see."""
    from shoreward.spec.schema import schema_text

    kept = folder / ".shoreward"
    kept.mkdir(exist_ok=True)
    (kept / ".gitignore").write_text("*\n")
    (kept / "schema.json").write_text(schema_text())


def start(project: Project, rev: str, *, allow_dirty: bool, despite: str, detached: bool) -> str:
    """Open a release of a revision, after everything about it that can be known without AWS has been checked.

    Args:
        detached: whether it is carried elsewhere, where AWS may answer although it does not here.

    Raises:
        Retryable: AWS_UNREACHABLE when nothing of AWS answers; a release that is open already is not asked for that.
    """
    commit = project.repository.resolve(rev)
    changed = project.repository.dirty()
    if changed and rev == "HEAD" and not allow_dirty:
        files = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise Refused(
            "TREE_DIRTY",
            f"The work tree has changes that are not committed and would not be released: {files}.",
            next="Commit them, or release the last commit without them with --allow-dirty.",
        )
    project.notifications()
    pipeline, built = prepare(project, commit)
    if not detached and not any(header.open for header in project.journal.releases(pipeline.application)):
        from shoreward.adapters.aws import Sessions

        Sessions().reach(pipeline.targets)
    return open_release(project, commit, pipeline, built, wish(), despite)


def open_release(project: Project, commit: Commit, pipeline: Pipeline, built: Built, asked: Wish, despite: str) -> str:
    """Open a release of a commit that was prepared; every door that a person has leads here.

    Raises:
        Refused: QUARANTINED, with all that the repository's history knows.
    """
    return begin(
        project.journal,
        pipeline,
        commit.id,
        commit.subject,
        asked,
        digest=built.revision.digest,
        artifacts=[artifact.digest for artifact in built.revision.artifacts],
        quarantine=project.quarantine(),
        despite=despite,
        committed_at=commit.time,
    )


def prepare(project: Project, commit: Commit) -> tuple[Pipeline, Built]:
    """A commit's pipeline and revision, which must fit each other; derived waves by traffic as it is."""
    pipeline, notes = with_traffic(project, project.pipeline_at(commit.id))
    built = project.builder().make(pipeline, commit.id)
    built = replace(built, notes=(*notes, *built.notes))
    functions = [function.logical_id for function in built.revision.functions]
    for misfit in misfits(pipeline, functions):
        raise misfit
    return pipeline, built
