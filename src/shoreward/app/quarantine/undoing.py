"""Whether a history has taken a commit back: who had the last word.

A commit, its copies (the same patch again) and its reverts, with their reverts in turn, are of one family: each of
them *applies* the change or *removes* it. The change is gone when every commit that applies it has one that removes
it among its descendants. Where branches did both side by side, what cannot be told counts as applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A commit, as far as it matters here.

    Attributes:
        parents: ids.
        claims: ids of the commits that its message says it reverts, all of which it contains.
        patch: names its change; None where there is none, or nobody looked.
        reverse: names the opposite of its change, as another's `patch` would be.
    """

    id: str
    parents: tuple[str, ...]
    claims: frozenset[str] = frozenset()
    patch: str | None = None
    reverse: str | None = None


class History:
    """Commits that lead to one commit, oldest first: every commit comes after those of its parents that are here."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = {step.id: step for step in steps}
        self._order = {step.id: number for number, step in enumerate(steps)}
        self._patches: dict[str, list[str]] = {}
        self._claims: dict[str, list[str]] = {}
        for step in steps:
            if step.patch is not None:
                self._patches.setdefault(step.patch, []).append(step.id)
            for claim in step.claims:
                self._claims.setdefault(claim, []).append(step.id)

    def undone(self, culprits: Sequence[str]) -> Mapping[str, str]:
        """Those of the culprits whose change is gone, each with the newest commit that removed it."""
        found = {culprit: self._undone(culprit) for culprit in culprits if culprit in self._steps}
        return {culprit: by for culprit, by in found.items() if by is not None}

    def bringing(self, culprit: str) -> Iterator[str]:
        """The merges that brought a commit into the line that their first parent is of."""
        after = self._after(culprit)
        for step in self._steps.values():
            if len(step.parents) > 1 and step.id in after and step.parents[0] not in after:
                yield step.id

    def _undone(self, culprit: str) -> str | None:
        after = self._after(culprit)
        merges = set(self.bringing(culprit)) - {culprit}
        applies = self._family(culprit, merges, after)
        removing = {oid for oid, applied in applies.items() if not applied}
        applying = {oid for oid, applied in applies.items() if applied} - merges
        if not all(self._after(each) & removing for each in applying):
            return None
        # The commit itself rather than the merge that it came with.
        merged = {oid for oid in removing if len(self._steps[oid].parents) > 1}
        return max(removing & after, key=lambda oid: (oid not in merged, self._order[oid]), default=None)

    def _family(self, culprit: str, merges: set[str], after: set[str]) -> dict[str, bool]:
        """The family's commits, each with whether it applies the change."""
        applies = {culprit: True, **dict.fromkeys(merges, True)}
        waiting = list(applies)
        while waiting:
            oid = waiting.pop()
            for other, opposite in self._related(self._steps[oid]):
                step = self._steps[other]
                if len(step.parents) > 1 and step.parents[0] not in after:
                    continue  # it only joins the culprit's line, whose commits speak for themselves
                applied = applies[oid] != opposite
                # Who is both, applies: then only a person's word helps.
                if other not in applies or (applied and not applies[other]):
                    applies[other] = applied
                    waiting.append(other)
        return applies

    def _related(self, step: Step) -> Iterator[tuple[str, bool]]:
        """Copies (False) and opposites (True) of a commit."""
        yield from ((other, True) for other in self._claims.get(step.id, ()))
        if step.reverse is not None:
            yield from ((other, True) for other in self._patches.get(step.reverse, ()))
        if step.patch is not None:
            yield from ((other, False) for other in self._patches[step.patch] if other != step.id)

    def _after(self, oid: str) -> set[str]:
        """A commit and its descendants."""
        found = {oid}
        for other, step in list(self._steps.items())[self._order[oid] + 1 :]:
            if any(parent in found for parent in step.parents):
                found.add(other)
        return found
