"""A branch that takes commits back, made of git's objects alone: no work tree is touched.

The same revert of the same commits on the same commit has the same id, so that asking twice makes one branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shoreward.adapters.git._command import GitFailed, git
from shoreward.adapters.git._snapshot import identity
from shoreward.adapters.git.ancestry import GitAncestry
from shoreward.adapters.git.remote import PATIENCE
from shoreward.domain import Refused

PREFIX = "shoreward/revert-"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertBranch:
    """What came of preparing a revert.

    Attributes:
        branch: its name, without refs/heads/.
        commit: where it ends; "" when there is none because of conflicts.
        onto: the commit that it begins at.
        conflicts: files that both the culprit and later commits changed; a person must decide about them.
        existed: whether it was there already.
    """

    branch: str
    commit: str
    onto: str
    conflicts: tuple[str, ...] = ()
    existed: bool = False


def prepare_revert(root: Path, culprits: Sequence[str], onto: str, *, why: str = "") -> RevertBranch:
    """Make a branch behind `onto` that takes commits back, the newest first; a merge against its first parent.

    Args:
        root: the repository, or a bare clone.
        culprits: full ids, oldest first; all are contained in `onto`.
        why: a paragraph for the message.

    Raises:
        Refused: REVERT_NEEDLESS when `onto` does not have their change; REVERT_BRANCH when a branch of that name
            exists and does something else, or cannot be made.
        Those of an `Ancestry`.
    """
    ancestry = GitAncestry(root)
    branch = f"{PREFIX}{culprits[0][:10]}"
    if there := _existing(ancestry, branch, culprits):
        return RevertBranch(branch=branch, commit=there, onto=onto, existed=True)
    missing = [one for one in culprits if not ancestry.contains(onto, one)] or ancestry.reverts(onto, culprits)
    if missing:
        what = f"Commit {onto[:10]} does not have what {next(iter(missing))[:10]} changed: there is nothing to revert."
        raise Refused("REVERT_NEEDLESS", what, next="Release that commit, or name another one with --onto.")
    tip = onto
    for culprit in reversed(culprits):
        tree, conflicts = _reverted(ancestry.root, culprit, tip)
        if conflicts:
            return RevertBranch(branch=branch, commit="", onto=onto, conflicts=conflicts)
        tip = _commit(ancestry.root, tree, tip, onto, _message(ancestry.root, culprit, why))
    _name(ancestry.root, branch, tip)
    return RevertBranch(branch=branch, commit=tip, onto=onto)


def push_branch(root: Path, branch: str) -> bool:
    """Push a branch to `origin`, never over one of that name that is something else; whether it is there now.

    Raises:
        Refused: REVERT_BRANCH when the remote does not take it, or there is no `origin`.
    """
    ref = f"refs/heads/{branch}"
    try:
        git(root, "push", "--quiet", "--no-verify", "origin", f"{ref}:{ref}", limit=PATIENCE)
    except GitFailed as failed:
        what = f"The branch {branch} was not taken by origin: {failed.words}"
        raise Refused("REVERT_BRANCH", what, next=f"Push it by hand: git push origin {branch}") from failed
    return True


def _existing(ancestry: GitAncestry, branch: str, culprits: Sequence[str]) -> str:
    """Where a branch of that name ends, if it takes the culprits back, too; "" when there is none."""
    try:
        ref = f"refs/heads/{branch}^{{commit}}"
        there = git(ancestry.root, "rev-parse", "--verify", "--quiet", ref).decode().strip()
    except GitFailed:
        return ""
    if len(ancestry.reverts(there, culprits)) < len(set(culprits)):
        what = f"There is a branch {branch} already, and it does not take {culprits[0][:10]} back."
        raise Refused(
            "REVERT_BRANCH", what, next=f"Look at it, and delete it if it is not needed: git branch -D {branch}"
        )
    return there


def _reverted(root: Path, culprit: str, tip: str) -> tuple[str, tuple[str, ...]]:
    """The tree of the tip without the culprit's change, and the files that git cannot do that in."""
    parents = git(root, "rev-list", "--max-count=1", "--parents", culprit).decode().split()[1:]
    before = f"{parents[0]}^{{tree}}" if parents else git(root, "mktree", stdin=b"").decode().strip()
    # Commits of their own, since git finds out by itself where two commits began to differ: here at the culprit.
    base = _loose(root, f"{culprit}^{{tree}}")
    ours, theirs = _loose(root, f"{tip}^{{tree}}", base), _loose(root, before, base)
    try:
        made = git(root, "merge-tree", "--write-tree", "--no-messages", "--name-only", "-z", ours, theirs)
        return made.decode().removesuffix("\0"), ()
    except GitFailed as failed:
        tree, *names = failed.printed.decode(errors="surrogateescape").split("\0")
        conflicts = tuple(sorted({name for name in names if name}))
        if not conflicts:
            what = f"git cannot revert {culprit[:10]} without a work tree: {failed.words}"
            raise Refused("GIT_TOO_OLD", what, next="Install git 2.38 or newer.") from failed
        return tree, conflicts


def _loose(root: Path, tree: str, *parents: str) -> str:
    oid = git(root, "rev-parse", "--verify", tree).decode().strip()
    given = [word for parent in parents for word in ("-p", parent)]
    return git(root, "commit-tree", oid, *given, "-m", "", extra=identity("0")).decode().strip()


def _commit(root: Path, tree: str, tip: str, onto: str, message: str) -> str:
    at = git(root, "show", "--no-patch", "--no-show-signature", "--format=%ct", onto).decode().strip()
    encoding = ("-c", "i18n.commitEncoding=UTF-8")
    made = git(root, *encoding, "commit-tree", tree, "-p", tip, "-F", "-", stdin=message.encode(), extra=identity(at))
    return made.decode().strip()


def _message(root: Path, culprit: str, why: str) -> str:
    """As git words it, so that whoever looks for reverts finds this one."""
    shown = ("--no-patch", "--no-show-signature", "--encoding=UTF-8", "--format=%P%x00%s")
    parents, subject = git(root, "show", *shown, culprit).decode(errors="replace").strip().split("\0", 1)
    first, *others = parents.split() or [""]
    reversing = f", reversing\nchanges made to {first}" if others else ""
    reason = f"\n{why}\n" if why else ""
    return f'Revert "{subject}"\n\nThis reverts commit {culprit}{reversing}.\n{reason}'


def _name(root: Path, branch: str, commit: str) -> None:
    try:
        # Only if there is none: somebody else may have made it meanwhile.
        git(root, "update-ref", "-m", "shoreward: a prepared revert", f"refs/heads/{branch}", commit, "0" * len(commit))
    except GitFailed as failed:
        what = f"The branch {branch} cannot be made: {failed.words}"
        raise Refused("REVERT_BRANCH", what, next="Remove what is in its way.") from failed
