"""A history in memory: commits are told what they change and what they take back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shoreward.app.quarantine.ancestry import CommitNote
from shoreward.app.quarantine.undoing import History, Step
from shoreward.domain import Retryable


class MemoryAncestry:
    """Implements `app.quarantine.ancestry.Ancestry`; ids may be any words."""

    def __init__(self) -> None:
        self._notes: dict[str, CommitNote] = {}
        self._steps: dict[str, Step] = {}
        self._ancestors: dict[str, frozenset[str]] = {}

    def commit(
        self,
        commit: str,
        *parents: str,
        paths: Sequence[str] = (),
        reverts: Sequence[str] = (),
        patch: str | None = None,
        reverse: str | None = None,
        subject: str = "",
    ) -> str:
        """Add a commit behind its parents; gives its id.

        Args:
            reverts: what its message says that it reverts.
            patch, reverse: see `app.quarantine.undoing.Step`.
        """
        step = Step(id=commit, parents=parents, claims=frozenset(reverts), patch=patch, reverse=reverse)
        note = CommitNote(id=commit, subject=subject or commit, parents=parents, paths=tuple(paths), brought_by=commit)
        self._steps[commit], self._notes[commit] = step, note
        self._ancestors[commit] = frozenset({commit}).union(*(self._ancestors[parent] for parent in parents))
        return commit

    def knows(self, commit: str) -> bool:
        """Whether it was added."""
        return commit in self._notes

    def known(self, commits: Iterable[str]) -> frozenset[str]:
        """Those that were added."""
        return frozenset(commits) & frozenset(self._notes)

    def contains(self, commit: str, other: str) -> bool:
        """Whether one leads to the other."""
        self._need(commit, other)
        return other in self._ancestors[commit]

    def between(self, before: str | None, commit: str) -> tuple[CommitNote, ...]:
        """What one has and the other has not, in the order in which they were added."""
        self._need(commit, *((before,) if before else ()))
        if not before:
            return (self._notes[commit],)
        batch = [each for each in self._notes if each in self._ancestors[commit] - self._ancestors[before]]
        line = [each for each in self._line(commit) if each in batch]
        return tuple(replace(self._notes[each], brought_by=self._bringer(each, line)) for each in batch)

    def reverts(self, commit: str, culprits: Sequence[str]) -> Mapping[str, str]:
        """See `app.quarantine.undoing`."""
        self._need(commit, *culprits)
        steps = [step for step in self._steps.values() if step.id in self._ancestors[commit]]
        return History(steps).undone(culprits)

    def _line(self, commit: str) -> list[str]:
        line = [commit]
        while parents := self._notes[line[-1]].parents:
            line.append(parents[0])
        return line[::-1]

    def _bringer(self, commit: str, line: Sequence[str]) -> str:
        return next(each for each in line if commit in self._ancestors[each])

    def _need(self, *commits: str) -> None:
        for commit in commits:
            if commit not in self._notes:
                raise Retryable("COMMIT_NOT_HERE", f"There is no commit {commit}.")
