"""An application's repository on this machine, and all that can be asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.adapters.git import Repository
from shoreward.adapters.journal import SqliteJournal
from shoreward.domain import Pipeline

if TYPE_CHECKING:
    from shoreward.adapters.build import LocalBuilder
    from shoreward.adapters.policy import Engines
    from shoreward.app.checking.graph import Graph
    from shoreward.app.checking.manner import Surroundings
    from shoreward.app.quarantine import Quarantine
    from shoreward.app.sandboxes.access import SandboxAccess
    from shoreward.app.sandboxes.parity import Observer
    from shoreward.app.sandboxes.sandboxes import Sandboxes
    from shoreward.app.surroundings import Conditions
    from shoreward.app.world import World
    from shoreward.bootstrap.blaming import Blaming
    from shoreward.bootstrap.sharing import SharedSandbox
    from shoreward.domain.notifications import Notifications


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An application's repository on this machine, with its journal."""

    repository: Repository
    config: Path
    state: Path
    journal: SqliteJournal

    @property
    def artifacts(self) -> Path:
        """The folder of finished artifacts."""
        return self.state / "artifacts"

    def pipeline(self) -> Pipeline:
        """The pipeline as its file says now; raises `SpecError`."""
        from shoreward.bootstrap.pipelines import pipeline_now

        return pipeline_now(self)

    def pipeline_at(self, commit: str) -> Pipeline:
        """The pipeline as a commit has it, which is what a release of the commit obeys.

        Raises:
            SpecError: SPEC_FILE_MISSING when the commit does not have the file, or whatever is wrong in it.
        """
        from shoreward.bootstrap.pipelines import pipeline_at

        return pipeline_at(self, commit)

    def roles(self, *, trusted: str, boundary: str | None = None) -> str:
        """The template of the roles that each of the pipeline's accounts needs.

        Args:
            trusted: ARN of whoever runs Shoreward.
            boundary: ARN of a permissions boundary that the application's roles must carry.

        Raises:
            Refused: STACK_NAMES when the stacks' names have no common beginning that the roles could be limited to.
        """
        from shoreward.bootstrap.roles import roles

        return roles(self.pipeline(), trusted=trusted, boundary=boundary)

    def sandbox_roles(self, *, trusted: str, boundary: str | None = None) -> str:
        """The template of the roles that the account of sandboxes needs.

        Raises:
            Refused: SANDBOX_NOT_PLANNED.
        """
        from shoreward.bootstrap.roles import sandbox_roles

        return sandbox_roles(self.pipeline(), trusted=trusted, boundary=boundary)

    def builder(self) -> LocalBuilder:
        """Builds this repository's commits."""
        from shoreward.adapters.build import ArtifactFiles, LocalBuilder

        return LocalBuilder(self.repository, self.journal, ArtifactFiles(self.artifacts))

    def graph(
        self,
        pipeline: Pipeline,
        commit: str,
        sandbox: SharedSandbox | None = None,
        engines: Engines | None = None,
        *,
        base: str | None = None,
    ) -> Graph:
        """The checks that a commit goes through before production.

        Args:
            base: what it is compared with.
            sandbox: the one that suites are run in; the branch's own when None.
            engines: what judges templates, kept from one graph to the next.

        Raises:
            SpecError: CHECK_TWICE and its like.
        """
        from shoreward.bootstrap.checking import graph

        return graph(self, pipeline, commit, sandbox, engines, base)

    def engines(self) -> Engines:
        """What judges templates, for whoever checks again and again; close them."""
        from shoreward.adapters.policy import Engines

        return Engines()

    def base(self, pipeline: Pipeline, commit: str) -> str | None:
        """What a commit is compared with: what is live, else where its branch began (`Repository.merge_base`)."""
        from shoreward.app.releases import live_commit

        live = live_commit(self.journal, pipeline.application)
        if live and self.repository.tree(live):
            return live
        return self.repository.merge_base(commit)

    def surroundings(self, cache: str, warn: Callable[[str], None]) -> Surroundings:
        """What running a graph needs of this machine.

        Args:
            cache: the folder or bucket that a team shares its results in (`Checks.cache`), "" for none.
            warn: is told what is wrong with results that were kept.

        Raises:
            SpecError: KEEP_ADDRESS.
        """
        from shoreward.bootstrap.checking import surroundings

        return surroundings(self, cache, warn)

    def sandboxes(self) -> Sandboxes:
        """Sandboxes of this repository, with its ledger."""
        from shoreward.bootstrap.sandboxing import sandboxes

        return sandboxes(self)

    def sandbox_access(self, branch: str, *, nonce: str = "") -> SandboxAccess:
        """The sandbox that a run of checks shares; close it when the run is over.

        Args:
            nonce: for one that is made for this run alone, "" for the branch's own.
        """
        from shoreward.app.sandboxes.access import SandboxAccess
        from shoreward.bootstrap.here import owner

        return SandboxAccess(self.sandboxes(), self.builder().trial, owner=owner(), branch=branch, nonce=nonce)

    def shared_sandbox(self, rev: str | None = None, *, nonce: str = "") -> SharedSandbox:
        """The sandbox of a run of checks, which is brought up when the first of them needs it."""
        from shoreward.bootstrap.sharing import SharedSandbox

        return SharedSandbox(self, rev, nonce=nonce)

    def observer(self) -> Observer:
        """Looks at what is live, for the parity report."""
        from shoreward.bootstrap.sandboxing import observer

        return observer()

    def branch(self, rev: str | None = None) -> str:
        """The branch that a revision stands for: itself when it is one, the one that is checked out for none.

        A commit on no branch stands for itself, by the beginning of its id.
        """
        from shoreward.adapters.git._command import GitFailed, git

        asked = ("rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", rev or "HEAD")
        try:
            named = git(self.repository.root, *asked).decode().strip()
        except GitFailed:
            named = ""
        parts = named.split("/", 3 if named.startswith("refs/remotes/") else 2)
        return parts[-1] if len(parts) > 2 else self.repository.resolve(rev or "HEAD").id[:10]

    def quarantine(self) -> Quarantine:
        """What may not be released again."""
        from shoreward.bootstrap.quarantining import quarantine

        return quarantine(self)

    def conditions(self) -> Conditions:
        """What bears on its releases beside what is in the journal."""
        from shoreward.app.surroundings import Conditions

        return Conditions(taint=self.quarantine().taint)

    def blaming(self) -> Blaming:
        """Who looks for the commit that harmed."""
        from shoreward.bootstrap.blaming import Blaming

        return Blaming(self)

    def notifications(self) -> Notifications | None:
        """Who is told of what happens, by the file that SHOREWARD_NOTIFICATIONS names, or by `notifications.yaml`.

        None when there is no such file; raises `SpecError` for what is wrong in it.
        """
        from shoreward.bootstrap.telling import notifications

        return notifications(self)

    def world(self) -> World:
        """The real world."""
        from shoreward.bootstrap.world import world

        return world(self)


def open_project(directory: Path, *, config: Path | None = None, journal: Path | None = None) -> Project:
    """The project that a directory belongs to.

    Args:
        config: the pipeline's file; `shoreward.yaml` in the directory, or else in the repository's root, when None.
        journal: the journal's file; `.shoreward/journal.db` in the repository's root when None.

    Raises:
        UserError: GIT_NOT_A_REPOSITORY and its like.
        Terminal: JOURNAL_UNREADABLE.
    """
    repository = Repository(directory)
    state = repository.root / ".shoreward"
    state.mkdir(exist_ok=True)
    ignore = state / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    if config is None:
        here = directory / "shoreward.yaml"
        config = here if here.exists() else repository.root / "shoreward.yaml"
    return Project(
        repository=repository,
        config=config,
        state=state,
        journal=SqliteJournal(journal or state / "journal.db"),
    )
