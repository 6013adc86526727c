"""Bisection: which commit of a line did it, by trying some of them out.

Only the main line is looked at (first parents), so a merge is one step. Where blame says what is likely, the line is
halved by likelihood instead of by number. A commit that cannot be told is passed over, as `git bisect skip` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shoreward.app.blame.order import Blame
from shoreward.app.quarantine.ancestry import CommitNote

Answer = Literal["good", "bad", "unknown"]


class Trial(Protocol):
    """Says of a commit whether it does the harm, by running the suites in a sandbox, say."""

    def try_out(self, commit: str) -> Answer:
        """Good, bad, or unknown where it cannot be tried; asked once for each commit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bisected:
    """What came of it.

    Attributes:
        culprit: the commit that did it; "" when that is not known.
        among: the commits that it is one of, oldest first; the culprit alone when it is known.
        tried: each commit that was tried out, with the answer, in that order.
        why: why it is not known, in a sentence; "" when it is.
    """

    culprit: str
    among: tuple[str, ...]
    tried: tuple[tuple[str, Answer], ...]
    why: str = ""


def main_line(notes: Sequence[CommitNote]) -> tuple[str, ...]:
    """The batch's commits of the main line, oldest first: those that nothing else brought."""
    return tuple(note.id for note in notes if note.brought_by == note.id)


def likelihoods(blame: Blame) -> dict[str, float]:
    """How likely each commit of the main line is, with all that it brought."""
    found: dict[str, float] = {}
    for suspect in blame.suspects:
        found[suspect.commit.brought_by] = found.get(suspect.commit.brought_by, 0.0) + suspect.share
    return found


def bisect(good: str, line: Sequence[str], trial: Trial, likely: Mapping[str, float] | None = None) -> Bisected:
    """Find the first bad commit of a line.

    Args:
        good: the commit before the line, which was live.
        line: commits, oldest first, each the child of the one before; the last one was released.
        likely: how likely each is, where somebody knows.
    """
    search = _Search(tuple(line), trial, likely or {})
    if search.ask(line[-1]) != "bad":
        return search.open("the suites find nothing wrong with the released commit, so they cannot tell who did it")
    if search.ask(good) != "good":
        return search.open("the suites do not pass on the commit before it either, so they cannot tell who did it")
    return search.run()


class _Search:
    """Commits after `low` up to `high` are left; the one at `high` is bad."""

    def __init__(self, line: tuple[str, ...], trial: Trial, likely: Mapping[str, float]) -> None:
        self._line, self._trial = line, trial
        # A little for everybody, so that what seems impossible is found, too.
        self._weights = [likely.get(commit, 0.0) + 0.1 / len(line) for commit in line]
        self._tried: dict[str, Answer] = {}
        self._low, self._high = -1, len(line) - 1

    def ask(self, commit: str) -> Answer:
        if commit not in self._tried:
            self._tried[commit] = self._trial.try_out(commit)
        return self._tried[commit]

    def run(self) -> Bisected:
        while (index := self._middle()) is not None:
            match self.ask(self._line[index]):
                case "good":
                    self._low = index
                case "bad":
                    self._high = index
                case "unknown":
                    pass
        left = self._line[self._low + 1 : self._high + 1]
        if len(left) > 1:
            return self.open("some commits cannot be tried out", left)
        return Bisected(culprit=self._line[self._high], among=left, tried=tuple(self._tried.items()))

    def open(self, why: str, left: tuple[str, ...] = ()) -> Bisected:
        return Bisected(culprit="", among=left or self._line, tried=tuple(self._tried.items()), why=why)

    def _middle(self) -> int | None:
        """The commit whose answer halves what is likely, among those that were not tried; None when there is none."""
        total = sum(self._weights[self._low + 1 : self._high + 1])
        best: tuple[float, int] | None = None
        before = 0.0
        for index in range(self._low + 1, self._high):
            before += self._weights[index]
            if self._line[index] not in self._tried:
                off = abs(before - total / 2)
                best = min(best, (off, index)) if best else (off, index)
        return best[1] if best else None
