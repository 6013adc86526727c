"""A clone of a repository that somebody else pushes to, kept up to date; nothing is ever checked out in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from shoreward.adapters.git._command import GitFailed, git
from shoreward.adapters.git.repository import Commit, Repository
from shoreward.domain import Refused, Retryable, UserError

PATIENCE = 120.0  # seconds: a remote that has not answered by then is asked again later


class RemoteBranch:
    """A branch as its remote has it. Signing in is git's own matter (ssh keys, credential helpers).

    Args:
        address: what `git clone` takes.
        folder: where the clone is, or will be made.
        patience: seconds that the remote may take to answer.
    """

    def __init__(self, address: str, branch: str, folder: Path, *, patience: float = PATIENCE) -> None:
        self.address = address
        self.branch = branch
        self.folder = folder
        self.patience = patience

    def clone(self) -> Repository:
        """The clone, with what was fetched so far; one that is made now is empty.

        Raises:
            Refused: CLONE_FOREIGN when the folder holds another repository's clone.
        """
        if not (self.folder / ".git").exists():
            self._make()
        found = git(self.folder, "config", "remote.origin.url").decode().strip()
        if found != self.address:
            raise Refused(
                "CLONE_FOREIGN",
                f"The clone is of {found}, and not of {self.address}.",
                where=str(self.folder),
                next="Remove the folder; it is made anew.",
            )
        return Repository(self.folder)

    def _make(self) -> None:
        part = self.folder.with_name(f"{self.folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        git(part, "init", "--quiet")
        git(part, "config", "remote.origin.url", self.address)
        part.rename(self.folder)

    def known(self) -> Commit | None:
        """The newest commit as it was fetched last, without asking the remote; None when it never was."""
        try:
            return self.clone().resolve(self._ref)
        except UserError:
            return None

    def tip(self) -> Commit:
        """The newest commit, fetched now.

        Raises:
            Retryable: GIT_UNREACHABLE.
            Refused: GIT_BRANCH_MISSING, CLONE_FOREIGN.
        """
        repository = self.clone()
        wanted = f"+refs/heads/{self.branch}:{self._ref}"
        try:
            git(repository.root, "fetch", "--quiet", "--no-tags", "origin", wanted, limit=self.patience)
        except GitFailed as failed:
            if "couldn't find remote ref" in failed.words.lower():
                raise Refused(
                    "GIT_BRANCH_MISSING",
                    f"{self.address} has no branch {self.branch}.",
                    next="Name another branch, or push this one.",
                ) from failed
            raise self._unreachable(failed) from failed
        return repository.resolve(self._ref)

    @property
    def _ref(self) -> str:
        return f"refs/remotes/origin/{self.branch}"

    def _unreachable(self, failed: GitFailed) -> Retryable:
        advice = "Look whether `git ls-remote` reaches it, as the same user."
        return Retryable("GIT_UNREACHABLE", f"{self.address} cannot be read: {failed.words}", next=advice)
