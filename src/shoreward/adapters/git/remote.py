"""A clone of a repository that somebody else pushes to, kept up to date; nothing is ever checked out in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from shoreward.adapters.git._command import GitFailed, git
from shoreward.adapters.git.repository import Commit, Repository
from shoreward.domain import Refused, Retryable


class RemoteBranch:
    """A branch as its remote has it. Signing in is git's own matter (ssh keys, credential helpers).

    Args:
        address: what `git clone` takes.
        folder: where the clone is, or will be made.
    """

    def __init__(self, address: str, branch: str, folder: Path) -> None:
        self.address = address
        self.branch = branch
        self.folder = folder

    def clone(self) -> Repository:
        """The clone, made when it is not there.

        Raises:
            Retryable: GIT_UNREACHABLE.
            Refused: GIT_BRANCH_MISSING, CLONE_FOREIGN when the folder holds another repository's clone.
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
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            git(part.parent, "clone", "--quiet", "--no-checkout", "--end-of-options", self.address, str(part))
        except GitFailed as failed:
            raise self._unreachable(failed) from failed
        part.rename(self.folder)

    def tip(self) -> Commit:
        """The newest commit, fetched now; raises as `clone` does."""
        repository = self.clone()
        ref = f"refs/remotes/origin/{self.branch}"
        try:
            git(repository.root, "fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{self.branch}:{ref}")
        except GitFailed as failed:
            if "couldn't find remote ref" in failed.words.lower():
                raise Refused(
                    "GIT_BRANCH_MISSING",
                    f"{self.address} has no branch {self.branch}.",
                    next="Name another branch, or push this one.",
                ) from failed
            raise self._unreachable(failed) from failed
        return repository.resolve(ref)

    def _unreachable(self, failed: GitFailed) -> Retryable:
        advice = "Look whether `git ls-remote` reaches it, as the same user."
        return Retryable("GIT_UNREACHABLE", f"{self.address} cannot be read: {failed.words}", next=advice)
