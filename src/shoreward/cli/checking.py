"""`shoreward check`: may this change go to production, and if not, what is wrong, where, and what to do?

A run on the work tree as it is writes down what it depended on, so that the next one can answer at once when nothing
of it has changed (`cli.unchanged`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Check, Materials
from shoreward.app.checking.graph import Graph
from shoreward.app.checking.manner import Manner, Use
from shoreward.app.checking.observing import Nobody, Observer
from shoreward.app.checking.run import run_graph
from shoreward.app.interruption import Interruption
from shoreward.bootstrap import Project, SharedSandbox, open_project
from shoreward.checks import left_out
from shoreward.cli.answers import EXIT, conclusion, picture, plain
from shoreward.cli.interrupts import interruptible
from shoreward.cli.output import console, print_json, print_json_line, span, warn
from shoreward.cli.running import CheckLines, LiveChecks
from shoreward.domain import Checks, Pipeline, UserError
from shoreward.gate import cores

if TYPE_CHECKING:
    from shoreward.adapters.policy import Engines
    from shoreward.adapters.telling import Comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks of `shoreward check`.

    Attributes:
        rev: a branch, tag or commit; None is the work tree.
        staged: what the next commit would hold, and not the work tree.
        only, skip: names of checks.
        jobs: how many checks run at once; 0 is as many as there are cores.
        base: what the change is compared with; "" finds it out.
        sarif, junit, markdown: files to write the findings to.
        comment: whether they are written to the comment at a pull request.
    """

    rev: str | None = None
    staged: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    keep_going: bool = False
    jobs: int = 0
    fresh: bool = False
    verify: bool = False
    base: str = ""
    json: bool = False
    sarif: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    comment: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is about checks of the work tree, and nothing else."""
        return self == Asked(only=self.only, skip=self.skip, json=self.json)

    @property
    def words(self) -> tuple[str, ...]:
        """The plain question as it is written on the command line."""
        named = (("--only", self.only), ("--skip", self.skip))
        return tuple(word for option, names in named for name in names for word in (option, name))

    @property
    def use(self) -> Use:
        """What becomes of kept verdicts."""
        return "verify" if self.verify else "fresh" if self.fresh else "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A graph that is about to be run."""

    commit: str
    pipeline: Pipeline
    graph: Graph
    base: str | None
    sandbox: SharedSandbox

    @property
    def checks(self) -> Checks:
        """What shoreward.yaml says of checks."""
        return self.pipeline.checks or Checks()

    def skipped(self, asked: Asked) -> dict[str, str]:
        """Names of checks that are left out, each with the reason."""
        return self.graph.without({**dict.fromkeys(asked.skip, "skipped, as you asked"), **left_out(self.pipeline)})

    def unasked(self, asked: Asked) -> tuple[str, ...]:
        """Names of checks that the pipeline asks for, and whoever runs them now does not."""
        wanted = self.graph.only(asked.only).names
        skipped, always = self.skipped(asked), self.graph.without(left_out(self.pipeline))
        return tuple(
            name for name in self.graph.names if name not in always and (name not in wanted or name in skipped)
        )


def begin(directory: Path, asked: Asked, *, config: Path | None, journal: Path | None, watch: bool, show: bool) -> int:
    """Do what the command line says; returns the exit code.

    Args:
        watch: check again whenever a file changes.
        show: only show the checks.

    Raises:
        UserError: USAGE for options that contradict each other, and whatever else is wrong with the request.
    """
    if asked.staged and (watch or asked.rev is not None):
        what = "--staged is for what is about to be committed, neither a commit nor the work tree."
        raise UserError("USAGE", what, next="Leave one of them out.")
    if watch and asked.rev is not None:
        raise UserError("USAGE", "A commit never changes: --watch is for the work tree.", next="Leave one of them out.")
    if asked.comment and (watch or asked.staged):
        what = "A comment tells of a commit, not of what is changed all the time."
        raise UserError("USAGE", what, next="Leave out --comment.")
    if asked.fresh and asked.verify:
        raise UserError("USAGE", "--verify compares with what --fresh does not look at.", next="Leave one of them out.")
    usual = config is None and journal is None and directory == Path()
    project = open_project(directory, config=config, journal=journal)
    with closing(project.journal):
        if show:
            show_graph(project, asked)
            return 0
        if watch:
            from shoreward.cli.watching import keep_checking

            keep_checking(project, asked)
        return check(project, asked, usual=usual)


def prepare(
    project: Project, rev: str | None, base: str = "", engines: Engines | None = None, *, staged: bool = False
) -> Prepared:
    """Find out what is checked, and which checks there are.

    Args:
        rev, base, staged: see `Asked`.
        engines: kept from one check to the next (`Project.engines`).

    Raises:
        UserError: there is no such commit; shoreward.yaml is wrong.
    """
    repository = project.repository
    commit = (repository.resolve(rev) if rev is not None else repository.snapshot(staged=staged)).id
    pipeline = project.pipeline_at(commit)
    compared = repository.resolve(base).id if base else project.base(pipeline, commit)
    sandbox = SharedSandbox(project, rev)
    graph = project.graph(pipeline, commit, sandbox, engines, base=compared)
    return Prepared(commit=commit, pipeline=pipeline, graph=graph, base=compared, sandbox=sandbox)


def check(project: Project, asked: Asked, *, usual: bool) -> int:
    """Check a commit or the work tree, and say what came of it; returns the exit code.

    Args:
        usual: whether the project is the one that is found without options; its answer may be given again.

    Raises:
        UserError: the request is wrong, and nothing was checked.
    """
    from shoreward.cli.record import Recorder, forget

    forget(project)
    prepared = prepare(project, asked.rev, asked.base, staged=asked.staged)
    comment = _comment(prepared) if asked.comment else None
    recorder = Recorder(project, prepared, asked.words) if usual and asked.plain else None
    answer = run(project, prepared, asked)
    tell(answer, asked)
    if comment:
        from shoreward.cli.commenting import say_checks

        say_checks(comment, answer)
    if recorder:
        recorder.record(answer)
    return EXIT.get(answer.verdict, 3)


def _comment(prepared: Prepared) -> Comment:
    """The comment that the findings will be written to; nothing is run for one that cannot be there."""
    from shoreward.cli.commenting import comment_on

    return comment_on(prepared.pipeline.application)


def run(project: Project, prepared: Prepared, asked: Asked, interruption: Interruption | None = None) -> Answer:
    """Run the checks that were asked for, and show how they go.

    Raises:
        UserError: a check that is named does not exist.
        Abandoned: somebody used the interruption.
    """
    checks = prepared.checks
    graph = prepared.graph.only(asked.only)
    skipped = prepared.skipped(asked)
    warnings: list[str] = []
    manner = Manner(
        jobs=asked.jobs or cores(),
        # Who looks for wrong verdicts wants to know of all of them.
        keep_going=asked.keep_going or asked.verify,
        use=asked.use,
        skipped={name: why for name, why in skipped.items() if name in graph.names},
        unasked=prepared.unasked(asked),
        block=checks.block,
        waivers=checks.waivers,
    )
    materials = Materials(
        source=project.repository, commit=prepared.commit, pipeline=prepared.pipeline, base=prepared.base
    )
    around = project.surroundings(checks.cache, warnings.append)
    with interruptible(), ExitStack() as stack:
        stack.callback(prepared.sandbox.close)
        observer: Observer
        if asked.json:
            observer = Nobody()
        elif console.is_terminal:
            observer = stack.enter_context(LiveChecks(graph))
        else:
            observer = CheckLines()
        answer = run_graph(graph, materials, around, manner, observer, interruption)
    for warning in dict.fromkeys(warnings):
        warn(warning)
    return answer


def tell(answer: Answer, asked: Asked, *, lines: bool = False) -> None:
    """Print an answer and write the files that were asked for; that nobody reads any more changes nothing in it.

    Args:
        lines: whether JSON is to be a line, since more will follow.
    """
    _write_reports(answer, asked)
    try:
        if asked.json:
            (print_json_line if lines else print_json)(plain(answer))
        elif console.is_terminal:
            console.print(picture(answer, time.time()))
        else:
            for each in conclusion(answer):
                console.print(each)
    except BrokenPipeError:
        return


def _write_reports(answer: Answer, asked: Asked) -> None:
    from importlib.metadata import version

    from shoreward.app.checking.report import junit, markdown, sarif

    if asked.sarif:
        asked.sarif.write_text(sarif(answer, version=version("shoreward")), encoding="utf-8")
    if asked.junit:
        asked.junit.write_text(junit(answer), encoding="utf-8")
    if asked.markdown:
        asked.markdown.write_text(markdown(answer), encoding="utf-8")


def show_graph(project: Project, asked: Asked) -> None:
    """Show the checks, what they need and what they read; run nothing."""
    prepared = prepare(project, asked.rev, asked.base, staged=asked.staged)
    graph = prepared.graph.only(asked.only)
    skipped = prepared.skipped(asked)
    if asked.json:
        print_json([_plain_check(check, skipped.get(check.name, "")) for check in graph.checks])
        return
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in graph.checks:
        table.add_row(Text(check.name, "bold"), Text.assemble(check.about, *_beside(check, skipped.get(check.name))))
    console.print(table, soft_wrap=False)


def _beside(check: Check, skipped: str | None) -> Iterator[tuple[str, str]]:
    """What is to be known of a check beside what it finds out, a line each."""
    depends = check.depends
    outside = (*(f"${name}" for name in depends.environment), *depends.tools, *depends.files)
    for name, words in (
        ("", skipped or ""),
        ("after: ", ", ".join(check.needs)),
        ("reads: ", check.reads),
        ("and beside the commit: ", ", ".join(outside)),
        ("good for: ", span(depends.good_for) if depends.good_for is not None else ""),
    ):
        if words:
            yield f"\n{name}{words}", "dim"


def _plain_check(check: Check, skipped: str) -> dict[str, Any]:
    depends = check.depends
    return {
        "check": check.name,
        "about": check.about,
        "needs": list(check.needs),
        "reads": check.reads,
        "environment": list(depends.environment),
        "tools": list(depends.tools),
        "files": list(depends.files),
        "good_for": depends.good_for,
        "lane": check.lane,
        "where": str(check.where or ""),
        "skipped": skipped,
    }
