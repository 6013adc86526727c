"""The composition root: finds an application's repository, and wires adapters to ports.

<repository>/shoreward.yaml           the pipeline (or another file, by --config)
<repository>/.shoreward/journal.db    the journal, unless --journal or SHOREWARD_JOURNAL names another
<repository>/.shoreward/artifacts/    finished artifacts, and what was remembered of earlier builds
<repository>/.shoreward/checks/       what checks found earlier, by the digest of all that they read
<repository>/.shoreward/sandboxes.db  the ledger of sandboxes
"""

from __future__ import annotations

import getpass
import os
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.adapters.git import Repository
from shoreward.adapters.journal import SqliteJournal
from shoreward.app.releases import Wish
from shoreward.domain import Pipeline, Place, Refused, SpecError, Target, TrustedKey, UserError

if TYPE_CHECKING:
    from shoreward.adapters.build import LocalBuilder
    from shoreward.adapters.policy import Engines
    from shoreward.app.checking.check import Materials, Running
    from shoreward.app.checking.graph import Graph
    from shoreward.app.checking.manner import Surroundings
    from shoreward.app.resilience.ports import Laboratory
    from shoreward.app.sandboxes import Injected
    from shoreward.app.sandboxes.access import SandboxAccess
    from shoreward.app.sandboxes.parity import Observed, Observer
    from shoreward.app.sandboxes.reach import Reach
    from shoreward.app.sandboxes.sandboxes import Sandbox, Sandboxes
    from shoreward.app.world import World

_KEPT_FOR = 30 * 86_400.0
_KEPT_SIZE = 300_000_000
"""What is kept of checks goes when nobody has asked for it in a month, or when there is more than that."""


class SystemClock:
    """This machine's clock."""

    def now(self) -> float:
        """UNIX seconds, UTC."""
        return time.time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An application's repository on this machine, with its journal."""

    repository: Repository
    config: Path
    state: Path
    journal: SqliteJournal

    def pipeline(self) -> Pipeline:
        """The pipeline as its file says now; raises `SpecError`."""
        from shoreward.spec.load import load

        return _with_waves(_as_here(load(self.config, root=self.repository.root)))

    def pipeline_at(self, commit: str) -> Pipeline:
        """The pipeline as a commit has it, which is what a release of the commit obeys.

        Raises:
            SpecError: SPEC_FILE_MISSING when the commit does not have the file, or whatever is wrong in it.
        """
        from shoreward.spec.load import decoded, parse

        root, file = self.repository.root.resolve(), self.config.resolve()
        if not file.is_relative_to(root):
            what = f"The file is not in the repository {root}."
            raise SpecError("SPEC_PATH", what, where=Place(file=str(self.config)))
        path = file.relative_to(root)
        text = self.repository.read(commit, path.as_posix())
        if text is None:
            raise SpecError(
                "SPEC_FILE_MISSING",
                f"Commit {commit[:10]} has no such file.",
                where=Place(file=path.as_posix()),
                next="Write one with `shoreward init`, and commit it.",
            )
        folder = "" if path.parent == Path() else path.parent.as_posix()
        return _with_waves(_as_here(parse(decoded(text, path.as_posix()), path.as_posix(), folder=folder)))

    def roles(self, *, trusted: str, boundary: str | None = None) -> str:
        """The template of the roles that each of the pipeline's accounts needs.

        Args:
            trusted: ARN of whoever runs Shoreward.
            boundary: ARN of a permissions boundary that the application's roles must carry.

        Raises:
            Refused: STACK_NAMES when the stacks' names have no common beginning that the roles could be limited to.
        """
        from shoreward.adapters.aws import role_template

        pipeline = self.pipeline()
        return role_template(
            pipeline.application,
            trusted,
            artifacts=pipeline.artifacts,
            stacks=_pattern(sorted({target.stack for target in pipeline.targets})),
            boundary=boundary,
        )

    def sandbox_roles(self, *, trusted: str, boundary: str | None = None) -> str:
        """The template of the roles that the account of sandboxes needs.

        Raises:
            Refused: SANDBOX_NOT_PLANNED.
        """
        from shoreward.adapters.aws.sandbox_role import sandbox_role_template
        from shoreward.app.sandboxes.plan import plan_of

        pipeline = self.pipeline()
        return sandbox_role_template(
            pipeline.application,
            trusted,
            artifacts=pipeline.artifacts,
            stack=plan_of(pipeline).target.stack,
            boundary=boundary,
        )

    def builder(self) -> LocalBuilder:
        """Builds this repository's commits."""
        from shoreward.adapters.build import ArtifactFiles, LocalBuilder

        return LocalBuilder(self.repository, self.journal, ArtifactFiles(self.state / "artifacts"))

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
        from shoreward.adapters.build import ArtifactFiles, LocalBuilder
        from shoreward.app.checking.graph import graph_of
        from shoreward.checks import Parts, all_checks

        artifacts, shared = ArtifactFiles(self.state / "artifacts"), sandbox or SharedSandbox(self)
        parts = Parts(
            repository=self.repository,
            builder=LocalBuilder(self.repository, self.journal, artifacts),
            artifacts=artifacts,
            blobs=self.journal,
            clock=SystemClock(),
            state=self.state,
            met=shared.met,
            reach=self._reach(shared),
            laboratory=self._laboratory(shared),
            observer=_LateObserver(self),
            engines=engines,
        )
        return graph_of(all_checks(parts, pipeline, commit, base))

    def _reach(self, sandbox: SharedSandbox) -> Reach:
        from shoreward.app.sandboxes.reach import Hands, Reach

        def hands() -> Hands:
            from shoreward.adapters.aws import Retry, Sessions, connect
            from shoreward.adapters.build import ArtifactFiles

            retry = Retry()
            sessions = Sessions(retry=retry, name="sandboxes")
            return connect(self.journal, ArtifactFiles(self.state / "artifacts"), sessions=sessions, retry=retry)

        return Reach(connect=sandbox.connect, fresh=sandbox.another, hands=hands, pipeline_at=self.pipeline_at)

    def _laboratory(self, sandbox: SharedSandbox) -> Laboratory:
        from shoreward.app.resilience.ports import FaultCloud, Laboratory

        def cloud() -> FaultCloud:
            from shoreward.adapters.aws import Aws, Retry, Sessions
            from shoreward.adapters.aws.sandbox_faults import Faults

            retry = Retry()
            return Faults(Aws(Sessions(retry=retry, name="sandboxes"), retry))

        return Laboratory(
            connect=sandbox.connect, suffering=sandbox.suffering, product=sandbox.product, cloud=cache(cloud)
        )

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
        from shoreward.adapters.keep import BucketShelf, FolderShelf, LayeredKeep, ShelfKeep, ShelfMemory
        from shoreward.app.checking.manner import Surroundings

        own, shared = FolderShelf(self.state / "checks"), None
        if cache:
            shelf = (
                BucketShelf(cache) if "://" in cache else FolderShelf(self.repository.root / Path(cache).expanduser())
            )
            shared = ShelfKeep(shelf, warn)
        own.sweep(time.time(), age=_KEPT_FOR, size=_KEPT_SIZE)
        return Surroundings(
            keep=LayeredKeep(ShelfKeep(own, warn), shared, self.journal),
            memory=ShelfMemory(own),
            clock=SystemClock(),
            environment=dict(os.environ),
            engine=_engine(),
        )

    def sandboxes(self) -> Sandboxes:
        """Sandboxes of this repository, with its ledger."""
        from shoreward.adapters.aws import Artifacts, Aws, Retry, Sessions
        from shoreward.adapters.aws.sandbox import Sandboxes as Cloud
        from shoreward.adapters.aws.sandbox_seeding import CommandSeeder
        from shoreward.adapters.build import ArtifactFiles
        from shoreward.adapters.ledger import SqliteLedger
        from shoreward.app.sandboxes.sandboxes import Sandboxes

        retry = Retry()
        aws = Aws(Sessions(retry=retry, name="sandboxes"), retry)
        return Sandboxes(
            ledger=SqliteLedger(self.state / "sandboxes.db"),
            cloud=Cloud(aws, Artifacts(aws, ArtifactFiles(self.state / "artifacts"))),
            blobs=self.journal,
            seeder=CommandSeeder(self.repository),
            clock=SystemClock(),
            settle=1.0,
        )

    def sandbox_access(self, branch: str, *, nonce: str = "") -> SandboxAccess:
        """The sandbox that a run of checks shares; close it when the run is over.

        Args:
            nonce: for one that is made for this run alone, "" for the branch's own.
        """
        from shoreward.app.sandboxes.access import SandboxAccess

        return SandboxAccess(self.sandboxes(), self.builder().build, owner=owner(), branch=branch, nonce=nonce)

    def shared_sandbox(self, rev: str | None = None, *, nonce: str = "") -> SharedSandbox:
        """The sandbox of a run of checks, which is brought up when the first of them needs it."""
        return SharedSandbox(self, rev, nonce=nonce)

    def observer(self) -> Observer:
        """Looks at what is live, for the parity report."""
        from shoreward.adapters.aws import Aws, Retry, Sessions
        from shoreward.adapters.aws.sandbox_observing import Observer

        # Nobody waits long for a look that only makes a report more complete.
        retry = Retry(budget=5.0)
        return Observer(Aws(Sessions(retry=retry, name="parity"), retry))

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

    def world(self) -> World:
        """The real world."""
        from shoreward.adapters.aws import connect
        from shoreward.adapters.build import ArtifactFiles, LocalBuilder
        from shoreward.adapters.series import Prometheus, RecordedSamples, Sources
        from shoreward.adapters.sign import Ed25519Signer
        from shoreward.app.quarantine import Quarantine
        from shoreward.app.synthetics import Synthetics
        from shoreward.app.world import World
        from shoreward.gate import GraphAdvisor, GraphChecker

        clock, artifacts = SystemClock(), ArtifactFiles(self.state / "artifacts")
        aws = connect(self.journal, artifacts)
        synthetics = Synthetics(aws.metrics, aws.probes, clock)
        return World(
            clock=clock,
            builder=LocalBuilder(self.repository, self.journal, artifacts),
            stacks=aws.stacks,
            traffic=aws.traffic,
            prober=aws.probes,
            metrics=synthetics,
            alarms=aws.alarms,
            quarantine=Quarantine(self.journal),
            checker=GraphChecker(self),
            advisor=GraphAdvisor(self),
            signer=Ed25519Signer(self.state / "signing-key", self._trusted),
            blobs=self.journal,
            artifacts=artifacts,
            synthetics=synthetics,
            series=Sources(
                cloudwatch=aws.metrics, prometheus=Prometheus(), files=RecordedSamples(self.repository.root)
            ),
            survey=aws.survey,
        )

    def _trusted(self, commit: str) -> Sequence[TrustedKey]:
        """The keys of others that a commit trusts, by git itself."""
        checks = self.pipeline_at(commit).checks
        return checks.trusted_keys if checks else ()


class SharedSandbox:
    """The sandbox of a run of checks, which most runs do not need: nothing of AWS is imported before one does.

    Args:
        rev: what is checked: the branch that it stands for has the sandbox.
        nonce: for one that is made for this run alone.
    """

    def __init__(self, project: Project, rev: str | None = None, *, nonce: str = "") -> None:
        self._project = project
        self._rev = rev
        self._nonce = nonce
        self._lock = threading.Lock()
        self._access: SandboxAccess | None = None

    def met(self, materials: Materials, running: Running) -> AbstractContextManager[str]:
        """The sandbox for a suite that is run in it; see `SandboxAccess.met`."""
        return self._had().met(materials, running)

    def product(self, materials: Materials, running: Running) -> str:
        """What suites read of the sandbox; brings it up."""
        return self._had().product(materials, running)

    def connect(self, materials: Materials, running: Running) -> Sandbox:
        """The sandbox itself; brings it up."""
        return self._had().connect(materials, running)

    def suffering(
        self, target: Target, faults: Sequence[Injected], inject: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """Faults in it for the time of a block, after which they are taken back."""
        return self._had().suffering(target, faults, inject)

    def another(self) -> SandboxAccess:
        """One of its own for somebody who changes it; it goes when that is closed."""
        return self._project.sandbox_access(self._project.branch(self._rev), nonce=uuid.uuid4().hex)

    def close(self) -> None:
        """Let others have it, or remove it when it was made for this run alone; raises what that may raise."""
        with self._lock:
            access, self._access = self._access, None
        if access:
            access.close()

    def _had(self) -> SandboxAccess:
        with self._lock:
            if self._access is None:
                self._access = self._project.sandbox_access(self._project.branch(self._rev), nonce=self._nonce)
            return self._access


class _LateObserver:
    """Looks at what is live in production; nothing of AWS is imported before it does."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def observe(self, target: Target) -> Observed:
        """See `app.sandboxes.parity.Observer`."""
        return self._project.observer().observe(target)


def _as_here(pipeline: Pipeline) -> Pipeline:
    """The pipeline, with advisories from where this machine has them (SHOREWARD_ADVISORIES), if it says so."""
    source = os.environ.get("SHOREWARD_ADVISORIES")
    if not source or pipeline.checks is None:
        return pipeline
    if not source.startswith(("/", "http://", "https://")):
        what = f"SHOREWARD_ADVISORIES is {source!r}, which is neither an address nor an absolute path."
        raise UserError("USAGE", what, next="Give it the address of an OSV API, or a folder with OSV's archives.")
    advisories = replace(pipeline.checks.advisories, source=source)
    return replace(pipeline, checks=replace(pipeline.checks, advisories=advisories))


def _with_waves(pipeline: Pipeline) -> Pipeline:
    """The pipeline, with waves derived where it leaves them to Shoreward."""
    if pipeline.auto is None:
        return pipeline
    from shoreward.app.planning import settle

    return settle(pipeline)


def _engine() -> str:
    """Which Shoreward this is: its version, and while it runs from its sources, they."""
    from importlib.metadata import version

    from shoreward.domain import digest_of
    from shoreward.installed import sources

    found = sources()
    return f"{version('shoreward')} {digest_of(found)}" if found else version("shoreward")


def _pattern(stacks: Sequence[str]) -> str:
    """A pattern that all the stacks' names match."""
    if len(stacks) == 1:
        return stacks[0]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*stacks, strict=False))
    prefix = "".join(letters[0] for letters in alike)
    if not prefix:
        raise Refused(
            "STACK_NAMES",
            f"The stacks {', '.join(stacks)} have no common beginning that a role could be limited to.",
            next="Give them one in shoreward.yaml, such as the application's name.",
        )
    return f"{prefix}*"


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


def owner() -> str:
    """Whose sandboxes this process makes: SHOREWARD_OWNER, or whoever runs it."""
    return os.environ.get("SHOREWARD_OWNER") or getpass.getuser()


def wish(why: str = "") -> Wish:
    """A wish of whoever runs this process, now."""
    return Wish(by=getpass.getuser(), at=time.time(), why=why)
