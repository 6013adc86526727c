"""The git repository of an application: where a release's commit comes from.

Everything is read from git's objects, never from the work tree, so that a commit means the same on every machine:
no line-ending conversion, no filters, no attributes, no uncommitted files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shoreward.adapters.git._command import GitFailed, git
from shoreward.adapters.git._objects import Entry, parse_tree, write_entries
from shoreward.adapters.git._overlay import with_files
from shoreward.adapters.git._snapshot import commit_of
from shoreward.domain import UserError

MAIN_BRANCHES = ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master")
"""Where a change is on its way to, the first that there is."""

_FORMAT = "--format=%H%x00%s%x00%an%x00%ct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit.

    Attributes:
        id: its full object id, hexadecimal.
        subject: first line of its message.
        author: the author's name.
        time: when it was committed, UNIX seconds.
    """

    id: str
    subject: str
    author: str
    time: float


class Repository:
    """A git repository, found from any path inside it.

    Raises UserError: GIT_NOT_A_REPOSITORY, GIT_NOT_TRUSTED (it belongs to another user), GIT_MISSING.
    """

    def __init__(self, path: Path) -> None:
        try:
            root = git(path, "rev-parse", "--show-toplevel").decode().removesuffix("\n")
        except GitFailed as failed:
            raise no_repository(path, failed.words) from failed
        self.root = Path(root)

    def resolve(self, rev: str) -> Commit:
        """The commit that a branch, tag or object id names. Raises UserError: GIT_EMPTY, GIT_UNKNOWN_REVISION."""
        return _commits(git(self.root, "log", "-1", "-z", _FORMAT, self._id(rev)))[0]

    def dirty(self) -> tuple[str, ...]:
        """Paths that differ from the last commit, untracked ones included, sorted."""
        fields = git(self.root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        return tuple(sorted(field[3:] for field in fields.decode(errors="surrogateescape").split("\0") if field))

    def snapshot(self, *, staged: bool = False) -> Commit:
        """The work tree as a commit: the last one when nothing differs from it, else one that no branch has.

        Files that git ignores are not in it, as `git add --all` would leave them out. The same content on the same
        last commit gives the same id. Neither the index nor the stash nor any branch is touched.

        Args:
            staged: what the next commit would hold, instead of what the work tree holds.

        Raises:
            UserError: GIT_CONFLICT in the middle of a merge; GIT_SNAPSHOT when git cannot read a file.
        """
        try:
            head = self._id("HEAD")
        except UserError as error:
            if error.code != "GIT_EMPTY":
                raise
            head = None
        return self.resolve(commit_of(self.root, head, staged=staged))

    def with_files(self, commit: str, files: Mapping[str, bytes]) -> str:
        """A commit as it would be with some more files, or others of the same names; no branch has it."""
        return with_files(self.root, commit, files)

    def merge_base(self, commit: str) -> str | None:
        """Where the branch of a commit began: the newest commit that it shares with the repository's main branch.

        The main branch is that of the remote `origin`, or else the local `main` or `master`. A commit that is on it
        is compared with the one before it. None for the very first commit.
        """
        for branch in MAIN_BRANCHES:
            try:
                found = git(self.root, "merge-base", commit, branch).decode().strip()
            except GitFailed:
                continue
            if found != commit:
                return found
            break
        try:
            return git(self.root, "rev-parse", "--verify", "--quiet", f"{commit}^").decode().strip()
        except GitFailed:
            return None

    def common_directory(self) -> Path:
        """Git's own folder, the one that all work trees of the repository share."""
        return self.root / git(self.root, "rev-parse", "--git-common-dir").decode().removesuffix("\n")

    def entries(self, commit: str, path: str = "") -> tuple[Entry, ...]:
        """All files of a commit below a folder, or the one file that the path names; empty when there is none."""
        inside = ("--", path) if path else ()
        listed = git(self.root, "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, *inside)
        return parse_tree(listed)

    def tree(self, commit: str, path: str = "") -> str | None:
        """Object id of a folder or file as the commit has it, which changes with its content; None when it has none."""
        try:
            return git(self.root, "rev-parse", "--verify", "--quiet", f"{commit}:{path}").decode().strip()
        except GitFailed:
            return None

    def read(self, commit: str, path: str) -> bytes | None:
        """A file as the commit has it, or None when it has none there."""
        try:
            return git(self.root, "cat-file", "blob", f"{commit}:{path}")
        except GitFailed:
            return None

    def export(self, commit: str, directory: Path, path: str = "") -> None:
        """Write a commit's files (below `path`, or all) to a directory, under their paths in the repository.

        Bytes, modes and symbolic links are the commit's own. A submodule becomes an empty folder, as in a fresh clone.
        Raises UserError GIT_LFS for a file whose content is kept elsewhere by Git LFS.
        """
        write_entries(self.root, self.entries(commit, path), directory)

    def diff(self, old: str, new: str, paths: tuple[str, ...] | None = None) -> str:
        """The change between two commits as a unified diff, of some paths or of all."""
        options = ("--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")
        return git(self.root, "diff", *options, self._id(old), self._id(new), "--", *(paths or ())).decode(
            errors="replace"
        )

    def changed_files(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ between two commits, sorted; a renamed file counts under both of its names."""
        names = git(self.root, "diff", "--name-only", "--no-renames", "-z", self._id(old), self._id(new), "--")
        return tuple(sorted(name for name in names.decode(errors="surrogateescape").split("\0") if name))

    def log(self, old: str | None, new: str) -> tuple[Commit, ...]:
        """Commits that `new` has and `old` has not, newest first; all that lead to `new` when `old` is None."""
        span = self._id(new) if old is None else f"{self._id(old)}..{self._id(new)}"
        return _commits(git(self.root, "log", "-z", _FORMAT, span, "--"))

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` contains `old`; a commit contains itself."""
        first, second = self._id(old), self._id(new)
        try:
            return git(self.root, "merge-base", first, second).decode().strip() == first
        except GitFailed:  # nothing in common
            return False

    def _id(self, rev: str) -> str:
        try:
            arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
            return git(self.root, *arguments).decode().strip().splitlines()[-1]
        except GitFailed as failed:
            raise self._unknown(rev) from failed

    def _unknown(self, rev: str) -> UserError:
        try:
            git(self.root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitFailed:
            return UserError("GIT_EMPTY", f"{self.root} has no commit yet.", next="Commit the application first.")
        advice = "Name a branch, a tag or a commit; git fetch brings what others pushed."
        return UserError("GIT_UNKNOWN_REVISION", f"There is no commit {rev!r} in {self.root}.", next=advice)


def _commits(logged: bytes) -> tuple[Commit, ...]:
    fields = logged.decode(errors="replace").removesuffix("\0").split("\0")
    if fields == [""]:
        return ()
    rows = zip(*[iter(fields)] * 4, strict=True)
    return tuple(
        Commit(id=oid, subject=subject, author=author, time=float(time)) for oid, subject, author, time in rows
    )


def no_repository(path: Path, words: str) -> UserError:
    """What is wrong with a path that git does not take for a repository."""
    if "dubious ownership" in words:
        advice = f"If you trust it: git config --global --add safe.directory {path.resolve()}"
        return UserError("GIT_NOT_TRUSTED", f"The repository at {path} belongs to another user.", next=advice)
    advice = "Run this inside your application's repository, or name it; git init makes one."
    return UserError("GIT_NOT_A_REPOSITORY", f"{path} is not inside a git repository with files.", next=advice)
