"""Who is held in quarantine, and why: pure reasoning over a history.

A release that harmed leaves a culprit: the commits that it brought, and what they were built into. A commit is held
while it has what did the harm and does not carry a fix. Nothing here reads a journal or asks git: `app.quarantine`
gathers culprits, and an `Ancestry` answers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shoreward.app.quarantine.ancestry import Ancestry, CommitNote

WHOLE = ("",)
"""Inputs of an application that is made of all of its repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """What a release that harmed leaves.

    Attributes:
        before: the commit that was live before it; None or "" when nothing was.
        named: the commit of its batch that did it, when a person or a bisection has said so; "" while nobody has.
        digest: of its revision.
        artifacts: digests of the artifacts that it changed.
        reason: what was wrong, in words.
        inputs: folders and files that the application is made of, from the repository's root.
    """

    release: str
    application: str
    before: str | None
    commit: str
    named: str = ""
    digest: str = ""
    artifacts: tuple[str, ...] = ()
    reason: str = ""
    inputs: tuple[str, ...] = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """A person's word that what a release left may go all the same; of one commit, or of all when it names none."""

    release: str
    by: str
    reason: str
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is to start; digest and artifacts are empty as long as nobody has built it."""

    commit: str
    application: str
    digest: str = ""
    artifacts: tuple[str, ...] = ()
    inputs: tuple[str, ...] = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why a candidate may not start.

    Attributes:
        how: it is the same revision; its history has the culprit; it carries the culprit's artifact.
        commits: ids of what it has of the culprit and would have to revert; empty where a revert does not help.
        why, next: a sentence each: why it is held, and what to do.
    """

    culprit: Culprit
    how: Literal["revision", "ancestry", "artifact"]
    commits: tuple[str, ...] = ()
    why: str
    next: str


def held_by(
    ancestry: Ancestry, culprits: Iterable[Culprit], lifted: Collection[Lifted], candidate: Candidate
) -> Held | None:
    """The first of the culprits that holds a candidate, or None when it is free to go.

    Raises what an `Ancestry` raises: a commit whose history nobody knows is not free.
    """
    return next(holds(ancestry, culprits, lifted, candidate), None)


def holds(
    ancestry: Ancestry, culprits: Iterable[Culprit], lifted: Collection[Lifted], candidate: Candidate
) -> Iterator[Held]:
    """All that holds a candidate, one for each culprit."""
    culprits = tuple(culprits)
    others = [each.commit for each in culprits if each.application != candidate.application]
    here = ancestry.known((*others, candidate.commit)) if others else frozenset[str]()
    free = {each.release for each in lifted if each.commit in ("", candidate.commit)}
    for culprit in culprits:
        own = culprit.application == candidate.application
        related = own or (culprit.commit in here and candidate.commit in here)
        if culprit.release not in free and (held := _held(ancestry, culprit, candidate, related=related)):
            yield held


def touches(paths: Iterable[str], inputs: Sequence[str]) -> bool:
    """Whether any of the paths is one of the inputs, or inside one."""
    return any(one in ("", path) or path.startswith(f"{one}/") for path in paths for one in inputs)


def suspects(ancestry: Ancestry, culprit: Culprit) -> tuple[CommitNote, ...]:
    """The commits that may have done it: the named one, or those of the batch that touch the application.

    Of a merge they are the commits that it brought. What the batch itself took back again is not among them, nor are
    the commits that did. Never empty, except when the release brought nothing new.
    """
    batch = ancestry.between(culprit.before or None, culprit.commit)
    if culprit.named:
        brought = [note for note in batch if culprit.named in (note.id, note.brought_by)]
        [alone] = [note for note in batch if note.id == culprit.named] or ancestry.between(None, culprit.named)
        return _telling(brought) if alone.merge and brought else (alone,)
    gone = ancestry.reverts(culprit.commit, [note.id for note in batch])
    lasting = [note for note in batch if note.id not in gone and note.id not in gone.values()] or batch
    return _telling([note for note in lasting if touches(note.paths, culprit.inputs)] or lasting)


def _telling(notes: Sequence[CommitNote]) -> tuple[CommitNote, ...]:
    """Without merges that changed nothing themselves: what they brought is among the others."""
    return tuple(note for note in notes if note.paths or not note.merge) or tuple(notes)


def _held(ancestry: Ancestry, culprit: Culprit, candidate: Candidate, *, related: bool) -> Held | None:
    """How a culprit holds a candidate; `related` when their commits are in one repository."""
    if candidate.digest and candidate.digest == culprit.digest:
        return _same_revision(culprit, candidate)
    own = culprit.application == candidate.application
    accused = suspects(ancestry, culprit) if related else ()
    if not accused and set(candidate.artifacts).isdisjoint(culprit.artifacts) and candidate.commit != culprit.commit:
        return None
    if own and not accused and candidate.commit == culprit.commit:
        return _same_revision(culprit, candidate)
    theirs = [note for note in accused if own or touches(note.paths, candidate.inputs)]
    contained = [note for note in theirs if ancestry.contains(candidate.commit, note.id)]
    undone = ancestry.reverts(candidate.commit, [note.id for note in contained])
    if left := [note for note in contained if note.id not in undone]:
        return _descendant(culprit, candidate, left)
    mended = bool(accused) and all(note.id in undone for note in accused)
    if not mended and set(candidate.artifacts) & set(culprit.artifacts):
        return _same_artifact(culprit, candidate)
    return None


def _same_revision(culprit: Culprit, candidate: Candidate) -> Held:
    same = candidate.commit == culprit.commit
    made = "was" if same else f"makes the same revision as {culprit.commit[:10]}, which was"
    why = f"Commit {candidate.commit[:10]} {made} rolled back by {culprit.release}{_because(culprit)}."
    advice = f"Release a commit that mends it, or {_despite()}."
    return Held(culprit=culprit, how="revision", why=why, next=advice)


def _descendant(culprit: Culprit, candidate: Candidate, left: Sequence[CommitNote]) -> Held:
    listed = ", ".join(f"{note.id[:10]} ({note.subject})" for note in left[:3])
    more = f" and {len(left) - 3} more" if len(left) > 3 else ""
    did = "did harm" if culprit.named else "may have done harm" if len(left) > 1 else "did harm"
    why = (
        f"Commit {candidate.commit[:10]} contains {listed}{more}, which {did} in release {culprit.release}"
        f"{_because(culprit)}."
    )
    blame = f"`shoreward blame {culprit.release} --revert`"
    if len(left) == 1:
        advice = f"Revert it ({blame} prepares that), or {_despite()}."
    else:
        name = f"`shoreward quarantine {culprit.release} --culprit COMMIT`"
        advice = (
            f"{blame} tells which one is likely, and prepares its revert; {name} says that it was the one. "
            f"Or revert all of them, or {_despite()}."
        )
    return Held(culprit=culprit, how="ancestry", commits=tuple(note.id for note in left), why=why, next=advice)


def _same_artifact(culprit: Culprit, candidate: Candidate) -> Held:
    shared = sorted(set(candidate.artifacts) & set(culprit.artifacts))
    what = f"the artifact {shared[0][:12]}" if len(shared) == 1 else f"{len(shared)} artifacts"
    why = (
        f"Commit {candidate.commit[:10]} carries {what} that release {culprit.release} of {culprit.application} "
        f"brought and rolled back{_because(culprit)}."
    )
    advice = f"Build it from code without that change, or {_despite()}."
    return Held(culprit=culprit, how="artifact", why=why, next=advice)


def _because(culprit: Culprit) -> str:
    return f": {culprit.reason.rstrip('. ')}" if culprit.reason else ""


def _despite() -> str:
    return "say why it may go all the same with --despite-quarantine REASON"
