"""`shoreward check --watch`: what an edit touches is checked again, until interrupted.

Changes of files only wake us up. Whether something has changed is for git to say: what it ignores, and what was changed
back, is no change. An edit while checks run ends them, since nobody wants their answer any more.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from watchfiles import watch

from shoreward.adapters.policy import Engines
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.bootstrap import Project
from shoreward.cli.checking import Asked, prepare, run, tell
from shoreward.cli.output import complain, console
from shoreward.cli.record import forget
from shoreward.domain import ShorewardError

_QUIET = 100
"""Milliseconds without a further change that make an edit: editors write a file in several steps."""
_OFTEN = 500
"""Milliseconds between looks whether to stop watching."""


def keep_checking(project: Project, asked: Asked) -> None:
    """Check the work tree now, and again whenever it changes; ends with KeyboardInterrupt."""
    with closing(project.engines()) as engines, _changes(project.repository.root) as changes:
        checked = ""
        while True:
            changes.clear()
            with suppress(Abandoned):
                checked = _once(project, asked, checked, changes, engines)
            changes.wait()


class Changes:
    """Whether files have changed since somebody asked; wakes whoever waits, and interrupts whoever works."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._any = False
        self._interruption: Interruption | None = None

    def clear(self) -> None:
        """What has changed until now is known."""
        with self._changed:
            self._any = False

    def wait(self) -> None:
        """Until something changes."""
        with self._changed:
            # A wait without an end cannot be interrupted on every system.
            while not self._any:
                self._changed.wait(1.0)

    def happen(self) -> None:
        """Something has changed."""
        with self._changed:
            self._any = True
            self._changed.notify_all()
            if self._interruption:
                self._interruption.use()

    @contextmanager
    def interrupting(self) -> Generator[Interruption]:
        """Within it a change is an interruption."""
        interruption = Interruption()
        with self._changed:
            self._interruption = interruption
            if self._any:
                interruption.use()
        try:
            yield interruption
        finally:
            with self._changed:
                self._interruption = None


def _once(project: Project, asked: Asked, checked: str, changes: Changes, engines: Engines) -> str:
    """Check what is there, unless it is what was checked last; returns what is there."""
    try:
        prepared = prepare(project, None, asked.base, engines)
        if prepared.commit == checked:
            return checked
        forget(project)
        with changes.interrupting() as interruption:
            answer = run(project, prepared, asked, interruption)
    except ShorewardError as error:
        # In the middle of an edit much is wrong for a moment.
        complain(error)
        return ""
    tell(answer, asked, lines=True)
    if not asked.json:
        console.print("Waiting for the next edit; Ctrl-C ends it.", style="dim")
    return prepared.commit


@contextmanager
def _changes(root: Path) -> Generator[Changes]:
    """Watches the files below a folder in a thread of its own."""
    changes, ended = Changes(), threading.Event()

    def look() -> None:
        watching = watch(
            root,
            watch_filter=lambda _, path: _interesting(root, path),
            stop_event=ended,
            step=_QUIET,
            rust_timeout=_OFTEN,
            raise_interrupt=False,
        )
        for _ in watching:
            changes.happen()

    thread = threading.Thread(target=look, name="watch", daemon=True)
    thread.start()
    try:
        yield changes
    finally:
        ended.set()
        thread.join()


def _interesting(root: Path, path: str) -> bool:
    """All but what git and Shoreward write for themselves; another commit is checked out by moving HEAD."""
    within = Path(path).relative_to(root).parts
    if within[:1] == (".git",):
        return within in ((".git", "HEAD"), (".git", "index")) or within[:2] == (".git", "refs")
    return within[:1] != (".shoreward",)
