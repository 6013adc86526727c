"""The gate of a release: the same graph of checks that `shoreward check` runs, as the ports `Checker` and `Advisor`.

A part of the composition root. A release has a sandbox of its own, which is removed when its checks are over; verdicts
that were kept, on this machine or by the team, are taken, so that a release of what was checked begins at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from shoreward.app.checking.check import Materials
from shoreward.app.checking.look import blocks
from shoreward.app.interruption import Interruption
from shoreward.app.verdicts import checked
from shoreward.checks import left_out
from shoreward.domain import (
    VULNERABILITIES,
    Checked,
    Checks,
    Finding,
    Pipeline,
    Retryable,
    Revision,
    UserError,
    Verdict,
)

if TYPE_CHECKING:
    from shoreward.app.blame import Answer as Answered
    from shoreward.app.checking.answer import Answer
    from shoreward.app.checking.graph import Graph
    from shoreward.app.checking.manner import Use
    from shoreward.bootstrap import Project


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class GraphChecker:
    """Comes to a verdict by running the graph (`app.ports.Checker`)."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def check(
        self, pipeline: Pipeline, revision: Revision, commit: str, base: str | None, interruption: Interruption
    ) -> Checked:
        """See `Checker.check`."""
        compared = base if base and self._project.repository.tree(base) else None
        with closing(self._project.shared_sandbox(commit, nonce=revision.digest[:8])) as sandbox:
            graph = self._project.graph(pipeline, commit, sandbox, base=compared)
            answer = _run(self._project, graph, pipeline, commit, compared, "kept", interruption)
        return checked(answer, self._project.journal)


class GraphAdvisor:
    """Looks vulnerabilities up anew (`app.ports.Advisor`), by the very check that did it before the release."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def revoked(
        self, pipeline: Pipeline, revision: Revision, checked: Checked, interruption: Interruption
    ) -> tuple[Finding, ...]:
        """See `Advisor.revoked`."""
        if VULNERABILITIES in (pipeline.checks or Checks()).skip:
            return ()
        graph = self._project.graph(pipeline, revision.commit).only((VULNERABILITIES,))
        answer = _run(self._project, graph, pipeline, revision.commit, None, "fresh", interruption)
        [result] = [each for each in answer.results if each.check == VULNERABILITIES]
        if result.verdict not in (Verdict.PASS, Verdict.FAIL):
            trouble = next((each.error for each in answer.results if each.error), None)
            code, what, advice = (trouble.code, trouble.what, trouble.next) if trouble else ("", "", "")
            raise Retryable(code or "ADVISORIES_UNKNOWN", what or "Advisories could not be looked up.", next=advice)
        return tuple(finding for finding in result.report.findings if blocks(finding, answer.block))


class GraphTrial:
    """Says of a commit whether some checks pass (`app.blame.Trial`), those of the sandbox in one of its own.

    Args:
        names: of the checks.
        files: what is put into each commit, such as a test that was written since.
        interruption: ends a trial that is under way; then `Abandoned` is raised.

    Raises:
        UserError: CHECK_UNKNOWN, and what is wrong with the pipeline of `released`.
    """

    def __init__(
        self,
        project: Project,
        names: Sequence[str],
        released: str,
        files: Mapping[str, bytes],
        interruption: Interruption | None = None,
    ) -> None:
        self._project, self._names, self._files = project, tuple(names), files
        self._interruption = interruption or Interruption()
        project.graph(project.pipeline_at(released), project.repository.with_files(released, files)).only(self._names)

    def try_out(self, commit: str) -> Answered:
        """See `app.blame.Trial`: a commit that has no such check, or cannot be built, is unknown."""
        project, tried = self._project, self._project.repository.with_files(commit, self._files)
        try:
            pipeline = project.pipeline_at(tried)
            with closing(project.shared_sandbox(tried, nonce=tried[:8])) as sandbox:
                graph = project.graph(pipeline, tried, sandbox).only(self._names)
                answer = _run(project, graph, pipeline, tried, None, "kept", self._interruption)
        except UserError:
            return "unknown"
        verdicts = {each.verdict for each in answer.results if each.check in self._names}
        if Verdict.FAIL in verdicts:
            return "bad"
        return "good" if verdicts == {Verdict.PASS} else "unknown"


def _run(
    project: Project,
    graph: Graph,
    pipeline: Pipeline,
    commit: str,
    base: str | None,
    use: Use,
    interruption: Interruption,
) -> Answer:
    from shoreward.app.checking.manner import Manner
    from shoreward.app.checking.run import run_graph

    checks = pipeline.checks or Checks()
    manner = Manner(
        jobs=cores(),
        use=use,
        skipped={name: why for name, why in graph.without(left_out(pipeline)).items() if name in graph.names},
        block=checks.block,
        waivers=checks.waivers,
    )
    materials = Materials(source=project.repository, commit=commit, pipeline=pipeline, base=base)
    around = project.surroundings(checks.cache, _unheard)
    return run_graph(graph, materials, around, manner, interruption=interruption)


def _unheard(warning: str) -> None:
    """What is wrong with a kept verdict costs time and nothing else; a controller says so to its log."""
    import structlog

    structlog.get_logger().warning(warning)
