"""The check `build`: a commit can be built, and this is the revision that comes of it.

It is the first check of the graph: what is checked behind it is what was built here, by digest, and what was built is
what is deployed.
"""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

from shoreward.adapters.build.builder import Built, LocalBuilder
from shoreward.app.checking.check import Check, Materials, Outside, Report, Running
from shoreward.app.checking.look import mistakes
from shoreward.app.fitting import misfits, named
from shoreward.app.interruption import Abandoned
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Pipeline, Retryable, Severity, SpecError, SpecErrors, canonical, digest_of
from shoreward.spec.template import Note


def build_check(builder: LocalBuilder) -> Check:
    """Builds the commit; mistakes in the template and the code fail it, and notes are findings that do not.

    The product is JSON: `revision`, `template` and `outline` (digests; the last as in `Built`), `artifacts` (digest,
    size, used_by) and `functions` (fields of `domain.LambdaFunction`).
    """

    def key(materials: Materials) -> str:
        return digest_of("build", builder.key(materials.pipeline, materials.commit), named(materials.pipeline))

    def run(materials: Materials, running: Running) -> Report:
        running.say("building")
        try:
            built = builder.make(materials.pipeline, materials.commit, running.stop)
        except SpecError as error:
            # Tomorrow the index may have the package, and this machine the tool.
            return mistakes(error, lasting=False)
        except Abandoned:
            raise Retryable(
                "BUILD_STOPPED", "The build was stopped before it ended.", next="Run the check again."
            ) from None
        if wrong := tuple(misfits(materials.pipeline, [one.logical_id for one in built.revision.functions])):
            return mistakes(SpecErrors(wrong))
        return _report(built, materials.pipeline)

    def still(report: Report) -> bool:
        """What was built may have been cleaned away, or been built on another machine."""
        return not report.product or builder.has(*_made(report.product))

    return Check(
        name="build",
        about="The template can be rendered and the code built, and both have what the pipeline names.",
        key=key,
        run=run,
        depends=_outside(),
        reads="all files, uv's settings",
        still=still,
    )


def _outside() -> Outside:
    """Where uv looks for its settings, as `python.settings` reads them."""
    return Outside(
        environment=("UV_*", "PIP_INDEX*", "PIP_EXTRA*", "XDG_CONFIG_HOME"),
        files=(f"{os.environ.get('XDG_CONFIG_HOME') or '~/.config'}/uv/uv.toml", "/etc/uv/uv.toml"),
    )


def _report(built: Built, pipeline: Pipeline) -> Report:
    revision, configuration = built.revision, pipeline.configuration
    product = {
        "revision": revision.digest,
        "template": revision.template,
        "outline": built.outline,
        "artifacts": [dataclasses.asdict(artifact) for artifact in revision.artifacts],
        "functions": [dataclasses.asdict(function) for function in revision.functions],
    }
    summary = f"{counted(len(revision.functions), 'function')}, {len(built.rebuilt)} rebuilt"
    if configuration is not None:
        summary = f"values of {counted(len(configuration.parameters) + len(configuration.profiles), 'source')}"
    return Report(
        findings=tuple(map(_finding, built.notes)),
        summary=summary,
        product=canonical(product).decode(),
        measures=(
            ("functions", float(len(revision.functions))),
            ("bytes", float(sum(artifact.size for artifact in revision.artifacts))),
        ),
    )


def _made(product: str) -> tuple[tuple[str, ...], list[tuple[str, int]]]:
    """Digests of the templates, and digest and size of each artifact."""
    found: dict[str, Any] = json.loads(product)
    return (found["template"], found.get("outline", "")), [(one["digest"], one["size"]) for one in found["artifacts"]]


def _finding(note: Note) -> Finding:
    return Finding(
        rule=note.code, severity=Severity.NOTE, what=note.text, where=note.where, subject=note.resource or ""
    )
