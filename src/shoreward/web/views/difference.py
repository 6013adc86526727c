"""What a release changes in git, where the repository is at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

from shoreward.core.header import Header
from shoreward.domain import ShorewardError
from shoreward.web.views.shapes import CommitShown, Difference

COMMITS, DIFF = 200, 400_000
"""How many commits, and characters of a diff, are told of at most."""


class _Commit(Protocol):
    """A commit, as git tells of it."""

    @property
    def id(self) -> str:
        """Its full object id."""
        ...

    @property
    def subject(self) -> str:
        """The first line of its message."""
        ...

    @property
    def author(self) -> str:
        """Who wrote it."""
        ...

    @property
    def time(self) -> float:
        """When it was committed, UNIX seconds."""
        ...


class Repository(Protocol):
    """A git repository; `adapters.git.Repository` is one."""

    def diff(self, old: str, new: str) -> str:
        """The change between two commits as a unified diff."""
        ...

    def resolve(self, rev: str) -> _Commit:
        """The commit of a branch, a tag, or a beginning of an id; raises `UserError` when there is none."""
        ...

    def log(self, old: str | None, new: str) -> Sequence[_Commit]:
        """Commits that `new` has and `old` has not, newest first."""
        ...


class Differences:
    """Changes between commits, asked of git once: a commit does not change.

    Args:
        repositories: an application's; None where there is none.
    """

    def __init__(self, repositories: Callable[[str], Repository | None] = lambda application: None) -> None:
        self._repositories = repositories
        self._between = lru_cache(maxsize=64)(self._ask)

    def repository(self, application: str) -> Repository | None:
        """An application's repository; None where there is none."""
        return self._repositories(application)

    def of(self, header: Header, *, longest: int = DIFF) -> Difference:
        """Commits and diff from what was live before to what a release brings; why there are none, in words."""
        repository = self._repositories(header.application)
        if repository is None:
            return _nothing(header, "The server was started without the application's repository.")
        if header.before is None:
            return _nothing(header, "Nothing was released before, so there is nothing to compare with.")
        try:
            log, diff = self._between(repository, header.before, header.commit)
        except ShorewardError as error:
            return _nothing(header, str(error))
        return _difference(header, log, diff, longest)

    def _ask(self, repository: Repository, before: str, commit: str) -> tuple[tuple[_Commit, ...], str]:
        return tuple(repository.log(before, commit))[:COMMITS], repository.diff(before, commit)


def _difference(header: Header, log: Sequence[_Commit], diff: str, longest: int) -> Difference:
    return Difference(
        before=header.before,
        commit=header.commit,
        commits=tuple(CommitShown(id=each.id, subject=each.subject, author=each.author, at=each.time) for each in log),
        diff=diff[:longest],
        whole=len(diff) <= longest,
        trouble="",
    )


def _nothing(header: Header, trouble: str) -> Difference:
    return Difference(before=header.before, commit=header.commit, commits=(), diff="", whole=True, trouble=trouble)
