"""What is merged: one line of commits, some of which harm, and reverts of those that were found out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from shoreward.app.quarantine.ancestry import CommitNote

Kind = Literal["+5 points", "+0.5 points", "all fail", "latency", "one region", "late", "probe", "checks", "stage"]

EXCESS: Mapping[Kind, float] = {
    "+5 points": 0.05,
    "+0.5 points": 0.005,
    "all fail": 1.0,
    "latency": 0.05,
    "one region": 0.05,
    "late": 0.05,
    "probe": 1.0,
    "checks": 0.05,
    "stage": 0.0,
}
"""Share of requests that fail, or are much too slow, beyond the usual; of all kinds of bad changes, equally likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit.

    Attributes:
        kind: how it harms; None when it does not.
        region: the only one in which it does; "" for all.
        late: seconds after a target's first customer until it begins.
        reverts: places of the commits that it takes back.
    """

    place: int
    id: str
    at: float
    kind: Kind | None = None
    region: str = ""
    late: float = 0.0
    reverts: frozenset[int] = frozenset()


@dataclass(slots=True)
class History:
    """One application's commits, oldest first. Implements `app.quarantine.ancestry.Ancestry`."""

    application: str
    commits: list[Commit] = field(default_factory=list[Commit])
    _active: list[tuple[Commit, ...]] = field(default_factory=list[tuple[Commit, ...]])

    def add(
        self, at: float, kind: Kind | None = None, *, region: str = "", late: float = 0.0, reverts: Sequence[int] = ()
    ) -> Commit:
        """Merge one more."""
        place = len(self.commits)
        taken = frozenset(reverts)
        commit = Commit(
            place=place,
            id=f"{self.application}/{place}",
            at=at,
            kind=kind,
            region=region,
            late=late,
            reverts=taken,
        )
        before = self._active[-1] if self._active else ()
        self.commits.append(commit)
        self._active.append(tuple(each for each in (*before, commit) if each.kind and each.place not in taken))
        return commit

    def place(self, commit: str) -> int:
        """Where a commit is."""
        return int(commit.rpartition("/")[2])

    def active(self, commit: str) -> tuple[Commit, ...]:
        """The bad changes that a commit contains, and has not taken back."""
        return self._active[self.place(commit)]

    def knows(self, commit: str) -> bool:
        """See `Ancestry.knows`."""
        return commit.startswith(f"{self.application}/")

    def known(self, commits: Iterable[str]) -> frozenset[str]:
        """See `Ancestry.known`."""
        return frozenset(filter(self.knows, commits))

    def contains(self, commit: str, other: str) -> bool:
        """See `Ancestry.contains`."""
        return self.place(other) <= self.place(commit)

    def between(self, before: str | None, commit: str) -> tuple[CommitNote, ...]:
        """See `Ancestry.between`."""
        first = self.place(before) + 1 if before else self.place(commit)
        return tuple(
            CommitNote(id=each.id, subject=each.id, paths=("src",), brought_by=each.id)
            for each in self.commits[first : self.place(commit) + 1]
        )

    def reverts(self, commit: str, culprits: Sequence[str]) -> Mapping[str, str]:
        """See `Ancestry.reverts`; nobody takes a revert back."""
        sought = {self.place(culprit): culprit for culprit in culprits}
        if not sought:
            return {}
        later = self.commits[min(sought) + 1 : self.place(commit) + 1]
        return {sought[place]: each.id for each in later for place in each.reverts if place in sought}


def a_change(chance: np.random.Generator, bad: float, regions: Sequence[str]) -> tuple[Kind | None, str, float]:
    """What a merge brings: its kind, its region, and how late it begins."""
    if chance.random() >= bad:
        return None, "", 0.0
    kind = tuple(EXCESS)[int(chance.integers(len(EXCESS)))]
    region = regions[int(chance.integers(len(regions)))] if kind == "one region" else ""
    return kind, region, float(chance.uniform(600, 14_400)) if kind == "late" else 0.0
