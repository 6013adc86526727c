"""Histories as chance has them: branches that fork and merge, changes, reverts and reverts of reverts.

Every change adds a file of its own, so that what a commit holds tells what is applied there: that is the oracle.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from shoreward.testing.ancestry import MemoryAncestry

from .history import Past


@dataclass
class Line:
    """A branch: its last commit, and which commit put each file there or took it away last."""

    tip: str
    by: dict[str, str] = field(default_factory=dict[str, str])


class Chance:
    """Writes one history into a repository, and tells it to a history in memory.

    Attributes:
        changes: the commit that first made each change, by the change's file.
        tips: every commit that there is, with what is applied in it by its files.
    """

    def __init__(self, past: Past, seed: int, *, forks: bool = True, again: bool = True) -> None:
        self.past, self.memory = past, MemoryAncestry()
        self._dice = random.Random(seed)
        self._forks, self._anew = forks, again
        self.changes: dict[str, str] = {}
        self.first = past.commit({"readme": "a beach\n"}, "first")
        self.memory.commit(self.first)
        self.lines = [Line(self.first)]
        self.commits = [self.first]

    def step(self) -> None:
        """One more thing that people do."""
        deeds = ["change"] * 3 + ["revert"] * 3 + ["again"] * 2 * self._anew
        deeds += ["fork", "merge", "merge", "revert merge"] if self._forks else []
        line = self._dice.choice(self.lines)
        match self._dice.choice(deeds):
            case "change":
                self._change(line)
            case "revert":
                self._revert(line)
            case "again":
                self._again(line)
            case "fork" if len(self.lines) < 4:
                self.lines.append(Line(line.tip, dict(line.by)))
            case "merge":
                self._merge(line, self._dice.choice(self.lines))
            case "revert merge":
                self._revert_merge(line)
            case _:
                pass

    def revert_on_top(self, line: Line, change: str) -> str:
        """Take a change back, whoever has the last word on it there."""
        return self._take_back(line, change, named=line.by.get(change, self.changes[change]))

    def _change(self, line: Line) -> None:
        name = f"change-{len(self.changes)}"
        made = self._commit(line, {**self._files(line), name: f"{name}\n"}, f"Make {name}", name, patch=f"+{name}")
        self.changes[name] = made
        line.by[name] = made

    def _revert(self, line: Line) -> None:
        here = sorted(name for name in self._files(line) if name in self.changes)
        if here:
            change = self._dice.choice(here)
            self._take_back(line, change, named=self._dice.choice([line.by.get(change, ""), ""]))

    def _take_back(self, line: Line, change: str, *, named: str) -> str:
        files = self._files(line)
        del files[change]
        message = f"Take {change} back" + (f"\n\nThis reverts commit {named}." if named else "")
        line.by[change] = self._commit(line, files, message, change, patch=f"-{change}", reverts=named)
        return line.by[change]

    def _again(self, line: Line) -> None:
        gone = sorted(name for name in self.changes if name not in self._files(line))
        if not gone:
            return
        change = self._dice.choice(gone)
        named = self._dice.choice([line.by.get(change, ""), ""])
        message = f"{change} again" + (f"\n\nThis reverts commit {named}." if named else "")
        files = {**self._files(line), change: f"{change}\n"}
        line.by[change] = self._commit(line, files, message, change, patch=f"+{change}", reverts=named)

    def _merge(self, line: Line, other: Line) -> None:
        if self.memory.contains(line.tip, other.tip) or self.memory.contains(other.tip, line.tip):
            return
        made = self.past.merge(line.tip, other.tip)
        if made is not None:
            self.memory.commit(made, line.tip, other.tip)
            line.by = {name: by for name, by in (*other.by.items(), *line.by.items()) if self._last(made, name, by)}
            line.tip = made
            self.commits.append(made)

    def _last(self, tip: str, name: str, by: str) -> bool:
        """Whether a commit did to a file what the tip shows of it."""
        return (name in self.past.files(tip)) == (name in self.past.files(by))

    def _revert_merge(self, line: Line) -> None:
        """Take a merge of this line back, if all that it brought is as it brought it."""
        parents = self.past.parents(line.tip)
        if len(parents) != 2:
            return
        before, now = self.past.files(parents[0]), self._files(line)
        brought = sorted(now.keys() - before.keys())
        if not brought or before.keys() - now.keys():
            return
        message = f"Take the merge back\n\nThis reverts commit {line.tip}, reversing\nchanges made to {parents[0]}."
        made = self._commit(line, before, message, *brought, patch=None, reverts=line.tip)
        line.by |= dict.fromkeys(brought, made)

    def _commit(
        self, line: Line, files: dict[str, str], message: str, *paths: str, patch: str | None, reverts: str = ""
    ) -> str:
        made = self.past.commit(files, message, line.tip)
        opposite = patch and ("-" if patch[0] == "+" else "+") + patch[1:]
        claims = (reverts,) if reverts else ()
        self.memory.commit(made, line.tip, paths=paths, reverts=claims, patch=patch, reverse=opposite)
        line.tip = made
        self.commits.append(made)
        return made

    def _files(self, line: Line) -> dict[str, str]:
        return self.past.files(line.tip)
