"""Which commits a commit contains, and which of them it has taken back: what quarantine and blame ask of a history.

`adapters.git.GitAncestry` answers from a repository, `testing.ancestry.MemoryAncestry` from a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitNote:
    """A commit of a batch.

    Attributes:
        id: full object id.
        subject: first line of its message.
        author: the author's name.
        time: when it was committed, UNIX seconds.
        parents: ids; the first one is the branch that it was made on.
        paths: what it changed itself, both names of a renamed file. Of a merge only what differs from all of its
            parents: the commits that it brought stand for themselves.
        brought_by: the commit of the batch's main line that brought it: itself, or the merge that it came with.
    """

    id: str
    subject: str
    author: str = ""
    time: float = 0.0
    parents: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    brought_by: str

    @property
    def merge(self) -> bool:
        """Whether it joins two lines."""
        return len(self.parents) > 1


class Ancestry(Protocol):
    """The history that commits are in; all ids are full.

    What cannot be known is never a "no". Every method raises `Retryable` COMMIT_NOT_HERE for a commit that the clone
    does not have, and `Refused` CLONE_SHALLOW where the history ends before the answer.
    """

    def knows(self, commit: str) -> bool:
        """Whether the commit is in this repository; raises CLONE_SHALLOW instead of a "no" that is not sure."""
        ...

    def known(self, commits: Iterable[str]) -> frozenset[str]:
        """Those of the commits that are in this repository, all asked for at once; see `knows`."""
        ...

    def contains(self, commit: str, other: str) -> bool:
        """Whether `other` is an ancestor of `commit`, or is it."""
        ...

    def between(self, before: str | None, commit: str) -> tuple[CommitNote, ...]:
        """The commits that `commit` has and `before` has not, oldest first: the batch of a release.

        Without a `before` it is the commit alone, since nothing tells which of the others are new.
        """
        ...

    def reverts(self, commit: str, culprits: Sequence[str]) -> Mapping[str, str]:
        """Which of the culprits that `commit` contains it has taken back, each with the newest commit that did.

        A revert is known by git's own sentence ("This reverts commit ..."), or by its content: the same patch, the
        other way round. One that was itself taken back again counts no more, nor does one that came before the
        culprit was applied once more. What came with a merge is taken back with the merge.
        """
        ...
