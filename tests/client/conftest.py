"""An application with a past, on this machine and at a server: the same journal twice, beside one repository."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.git import Repository
from shoreward.adapters.journal import SqliteAccounts, SqliteAnswers, SqliteJournal
from shoreward.app.surroundings import Conditions
from shoreward.bootstrap import Project, SystemClock, open_project
from shoreward.cli import main
from shoreward.core import Event
from shoreward.domain import Approval
from shoreward.testing.builders import a_lease, a_pipeline, an_opening
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud
from shoreward.testing.simulator import carry
from shoreward.web.access.signed_in import policy_for
from shoreward.web.hub import Hub
from shoreward.web.routing import Ground
from shoreward.web.server import listen, serving
from shoreward.web.views.difference import Differences
from shoreward.web.watch import Watch

COMMITS = ("first", "good", "bad", "new")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def shoreward(*words: str) -> Said:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return Said(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(frozen=True, kw_only=True)
class Both:
    """The same application here and at a server; what one is told the other is not."""

    project: Project
    journal: SqliteJournal
    address: str

    def here(self, *words: str) -> Said:
        return shoreward(*words, "-C", str(self.project.repository.root), "--journal", str(self.project.journal.path))

    def there(self, *words: str) -> Said:
        return shoreward("--server", self.address, *words)

    def events(self) -> tuple[list[Event], list[Event]]:
        """All that happened, here and there, at no time in particular."""
        here, there = (
            [replace(each.event, at=0.0) for each in journal.happened()]
            for journal in (self.project.journal, self.journal)
        )
        return here, there


@dataclass(frozen=True, kw_only=True)
class Past:
    """A repository, and a journal whose releases carry its commits: app-4 is under way, app-3 went back."""

    repository: Path
    journal: Path
    commits: dict[str, str] = field(default_factory=dict[str, str])


def a_repository(root: Path) -> dict[str, str]:
    """Commits one after the other, by their subjects."""
    root.mkdir()
    names = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@shore.example"}
    names |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@shore.example"}

    def git(*words: str) -> str:
        done = subprocess.run(("git", *words), cwd=root, env=os.environ | names, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "-q", "-b", "main")
    found: dict[str, str] = {}
    for subject in COMMITS:
        git("commit", "-q", "--allow-empty", "-m", f"A {subject} change")
        found[subject] = git("rev-parse", "HEAD")
    return found


@pytest.fixture(scope="session")
def a_past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    folder = tmp_path_factory.mktemp("past")
    commits = a_repository(folder / "repository")
    clock = SimulatedClock()
    clock.time = time.time() - 40_000
    pipeline = a_pipeline()
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        cloud = SimulatedCloud(
            clock=clock,
            journal=journal,
            errors=lambda commit, target, at: 0.2 if commit == commits["bad"] else 0.002,
            traffic={target.key: 100.0 for target in pipeline.targets},
        )
        gated = replace(pipeline, gates=(Approval(name="sign-off", of="the release manager"),))
        for subject, commit in commits.items():
            of = gated if subject == "new" else pipeline
            opening = replace(an_opening(commit, of, clock.now()), subject=f"A {subject} change", by="ada")
            release = journal.open(opening)
            carry(journal, cloud, release, until=clock.now() + 60 if subject == "new" else None)
    return Past(repository=folder / "repository", journal=folder / "journal.db", commits=commits)


@pytest.fixture
def both(a_past: Past, tmp_path: Path) -> Iterator[Both]:
    with ExitStack() as stack:
        files = [tmp_path / f"{name}.db" for name in ("here", "there")]
        for file in files:
            shutil.copy(a_past.journal, file)
        project = open_project(a_past.repository, journal=files[0])
        stack.callback(project.journal.close)
        journal = stack.enter_context(closing(SqliteJournal(files[1])))
        at_server = replace(project, journal=journal)
        clock = SystemClock()
        accounts = stack.enter_context(closing(SqliteAccounts(files[1])))
        ground = Ground(
            journal=at_server.journal,
            clock=clock,
            hub=Hub(Watch(at_server.journal, Conditions(taint=at_server.quarantine().taint)), poll=0.02),
            accounts=accounts,
            answers=stack.enter_context(closing(SqliteAnswers(files[1], clock.now))),
            access=policy_for("127.0.0.1", accounts, clock),
            differences=Differences(lambda application: Repository(a_past.repository)),
            quarantine=lambda application: at_server.quarantine(),
            ancestry=lambda application: at_server.quarantine().ancestry,
            sandboxes=lambda: (a_lease("app", "ada"),),
        )
        address = stack.enter_context(serving(ground, listen("127.0.0.1", 0)))
        yield Both(project=project, journal=at_server.journal, address=address)
