"""Quarantine: what harmed customers, and all that is built upon it, may not start again, by whatever door.

Gathers from a journal what harmed and what people said of it; `quarantine_rules` reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from shoreward.app.ports import Journal
from shoreward.app.quarantine.ancestry import Ancestry, CommitNote
from shoreward.app.quarantine.rules import WHOLE, Candidate, Culprit, Held, Lifted, holds
from shoreward.core.control import Control, control_of
from shoreward.core.header import Header
from shoreward.domain import ShorewardError


class Apart:
    """An `Ancestry` in which no commit has anything to do with another: for who has no repository at hand."""

    def knows(self, commit: str) -> bool:
        """Nobody knows any."""
        return False

    def known(self, commits: Iterable[str]) -> frozenset[str]:
        """None of them."""
        return frozenset()

    def contains(self, commit: str, other: str) -> bool:
        """Only itself."""
        return commit == other

    def between(self, before: str | None, commit: str) -> tuple[CommitNote, ...]:
        """The commit alone."""
        return (CommitNote(id=commit, subject=commit, brought_by=commit),)

    def reverts(self, commit: str, culprits: Sequence[str]) -> Mapping[str, str]:
        """Nothing is taken back."""
        return {}


APART = Apart()

Inputs = Callable[[str, str], tuple[str, ...]]


def whole(application: str, commit: str) -> tuple[str, ...]:
    """All of the repository."""
    return WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """What quarantine says of a release: why its revision must not be anywhere, or why nobody can tell; or neither."""

    reason: str = ""
    unsure: str = ""


CLEAN = Taint()


@dataclass(slots=True)
class _Memory:
    """What a journal told: all of it as of its last change, and what does not change any more.

    Many releases are asked about at once, and many harm in the course of years.
    """

    as_of: tuple[int, Control, tuple[Culprit, ...]] | None = None
    culprits: dict[tuple[str, str, str], Culprit] = field(default_factory=dict[tuple[str, str, str], Culprit])


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What a journal, and a history, know of revisions that were rolled back because they harmed.

    Attributes:
        inputs: folders and files that an application is made of at a commit, by the application's name; all of the
            repository where that is not sure. Commits that touch none of them need no fix.
    """

    journal: Journal
    ancestry: Ancestry = APART
    inputs: Inputs = whole
    _memory: _Memory = field(default_factory=_Memory, compare=False, repr=False)

    def held(self, application: str, *, commit: str, digest: str = "", artifacts: Sequence[str] = ()) -> Held | None:
        """Why a commit, or the revision that it became, may not start; None when it is free to go.

        Raises what an `Ancestry` raises: a commit whose history nobody knows is not free.
        """
        return self._held(application, commit, digest, artifacts)

    def taint(self, header: Header) -> Taint:
        """What it says of a release that is under way; its own harm is no taint."""
        try:
            held = self._held(header.application, header.commit, header.digest, header.artifacts, but=header.id)
        except ShorewardError as error:
            return Taint(unsure=f"{error.what} {error.next}".rstrip())
        return Taint(reason=held.why) if held else CLEAN

    def contains(self, commit: str, other: str) -> bool:
        """Whether a commit is known to contain another one."""
        try:
            return self.ancestry.contains(commit, other)
        except ShorewardError:
            return False

    def _held(
        self, application: str, commit: str, digest: str, artifacts: Sequence[str], *, but: str = ""
    ) -> Held | None:
        control, known = self._told()
        culprits = [each for each in known if each.release != but]
        if not culprits:
            return None
        words = (word for said in control.lifted.values() for word in said)
        lifted = [
            Lifted(release=word.release, by=word.by, reason=word.why)
            for word in words
            if not word.commit or self._contains(commit, word.commit)
        ]
        candidate = Candidate(
            commit=commit,
            application=application,
            digest=digest,
            artifacts=tuple(artifacts),
            inputs=self.inputs(application, commit),
        )
        return next(holds(self.ancestry, culprits, lifted, candidate), None)

    def _told(self) -> tuple[Control, tuple[Culprit, ...]]:
        """What people said, and what harmed, newest first."""
        changes, memory = self.journal.changes(), self._memory
        if memory.as_of is None or memory.as_of[0] != changes:
            control = control_of(self.journal.orders())
            releases = cache(self.journal.releases)
            culprits = tuple(self._culprit(each, control, releases) for each in reversed(self.journal.harmed()))
            memory.as_of = changes, control, culprits
        return memory.as_of[1:]

    def _culprit(self, header: Header, control: Control, releases: Callable[[str], Sequence[Header]]) -> Culprit:
        """What a release that harmed leaves; its artifacts are those that the one before it had not."""
        said = control.named.get(header.id)
        key = (header.id, header.reason, said.commit if said else "")
        if key not in self._memory.culprits:
            before = _before(header, releases(header.application))
            self._memory.culprits[key] = self._left_by(header, before, named=key[2])
        return self._memory.culprits[key]

    def _left_by(self, header: Header, before: Header | None, *, named: str) -> Culprit:
        known = before.artifacts if before else ()
        return Culprit(
            release=header.id,
            application=header.application,
            before=before.commit if before else header.before,
            commit=header.commit,
            named=named,
            digest=header.digest,
            artifacts=tuple(digest for digest in header.artifacts if digest not in known),
            reason=header.reason,
            inputs=self.inputs(header.application, header.commit),
        )

    def _contains(self, commit: str, fix: str) -> bool:
        """Whether a commit carries a fix; one of another repository does not."""
        return commit == fix or (
            self.ancestry.knows(commit) and self.ancestry.knows(fix) and self.ancestry.contains(commit, fix)
        )


def _before(header: Header, headers: Sequence[Header]) -> Header | None:
    """The release of the application that it came after, not one that it replaced: that one never went anywhere."""
    sought = header.before
    for each in sorted(headers, key=lambda each: each.number, reverse=True):
        if each.number < header.number and each.commit == sought:
            if not (each.outcome and each.outcome.replaced):
                return each
            sought = each.before
    return None
