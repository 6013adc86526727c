"""Writing down what an answer depended on, for the quickest answer (`cli.unchanged`).

An answer is written down only when everything that it depends on is the same before and after: the work tree, what
checks read outside of it, and what decided on the commit that it was compared with.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from shoreward.adapters.git import MAIN_BRANCHES
from shoreward.adapters.journal import SqliteJournal
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.graph import WAIVERS, Graph
from shoreward.bootstrap import Project
from shoreward.cli import unchanged
from shoreward.cli.answers import EXIT, picture, plain
from shoreward.cli.output import as_json
from shoreward.cli.unchanged import Answered, Doubt, Watched
from shoreward.domain import Verdict, Waiver

if TYPE_CHECKING:
    from shoreward.cli.checking import Prepared

_VARIABLES = ("SHOREWARD_*",)
_SETTINGS = ("config", "info/attributes", "info/exclude")
_PERSONAL = ("~/.gitconfig", "~/.config/git/config", "~/.config/git/attributes", "~/.config/git/ignore")
_WIDTH = 160


def forget(project: Project) -> None:
    """A new answer is sought: the old one is not to be given any more."""
    unchanged.forget(str(project.repository.root))


class Recorder:
    """Sees what a run depends on before it begins.

    Args:
        words: of the command line, in which the same must be asked to get the same answer.
    """

    def __init__(self, project: Project, prepared: Prepared, words: Sequence[str]) -> None:
        self._words = words
        self._project = project
        self._prepared = prepared
        self._watched = watched(prepared.graph, project.repository.common_directory())
        self._seen = self._see(self._watched)
        # What was seen is what was taken as the commit, if it is still the same after the look.
        if project.repository.snapshot().id != prepared.commit:
            self._seen = None

    def record(self, answer: Answer) -> None:
        """Write the answer down, if nothing that it depends on has changed meanwhile."""
        until = good_until(answer, self._prepared.graph, self._prepared.checks.waivers)
        if self._seen is None or until is None:
            return
        # SQLite writes into its file when it is closed, and the file is among what is looked at.
        project, journal = self._project, self._project.journal.path
        project.journal.close()
        more = Watched(
            self._watched.environment, self._watched.tools, (*self._watched.files, str(journal), f"{journal}-wal")
        )
        seen = self._see(more)
        with closing(SqliteJournal(journal)) as again:
            base = replace(project, journal=again).base(self._prepared.pipeline, self._prepared.commit)
        if seen is None or base != self._prepared.base or self._see(self._watched) != self._seen:
            return
        said = Answered(
            EXIT[answer.verdict],
            drawn(answer, colour=False),
            drawn(answer, colour=True),
            as_json(plain(answer, unchanged=True)),
        )
        root, config = str(project.repository.root), os.path.realpath(project.config)
        with suppress(OSError):
            unchanged.write(root, config, self._words, seen, more, until, answer.at, said)

    def _see(self, watched: Watched) -> bytes | None:
        try:
            return unchanged.see(str(self._project.repository.root), watched)
        except (Doubt, OSError, ValueError):
            return None


def watched(graph: Graph, git_folder: Path) -> Watched:
    """All that verdicts of a graph depend on outside of the commit, and what decides on how git reads files."""
    outside = [check.depends for check in graph.checks]
    refs = (*MAIN_BRANCHES, "refs/remotes/origin", "packed-refs", "reftable")
    settings = (str(git_folder / name) for name in (*_SETTINGS, *refs))
    return Watched(
        (*_VARIABLES, *(name for one in outside for name in one.environment)),
        (name for one in outside for name in one.tools),
        (*settings, *_PERSONAL, *(name for one in outside for name in one.files)),
    )


def good_until(answer: Answer, graph: Graph, waivers: Iterable[Waiver]) -> float | None:
    """When an answer is too old to be given again, UNIX seconds; None when it must not be given again at all.

    It must not while anything of it is a matter of chance, of the moment, or of somebody's clock that runs ahead.
    """
    if answer.verdict not in EXIT:
        return None
    ends = [float("inf"), *_last_moments(waivers, answer.at)]
    for result in answer.results:
        if result.skipped or result.check == WAIVERS or result.verdict is Verdict.NO_DATA:
            continue
        if result.key is None or result.verdict not in EXIT:
            return None
        good_for = graph[result.check].depends.good_for
        if good_for is not None:
            ends.append(result.at + good_for)
    return min(ends)


def _last_moments(waivers: Iterable[Waiver], now: float) -> Iterator[float]:
    for waiver in waivers:
        over = datetime.combine(date.fromisoformat(waiver.expires) + timedelta(days=1), datetime.min.time(), UTC)
        if over.timestamp() > now:
            yield over.timestamp()


def drawn(answer: Answer, *, colour: bool) -> str:
    """The answer as text, with or without colours."""
    paper = io.StringIO()
    console = Console(
        file=paper,
        force_terminal=colour,
        color_system="standard" if colour else None,
        width=_WIDTH,
        highlight=False,
        soft_wrap=True,
        legacy_windows=False,
    )
    console.print(picture(answer, time.time()))
    return paper.getvalue()
