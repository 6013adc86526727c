"""What quarantine and blame ask of a history (`app.quarantine.ancestry.Ancestry`), answered by git.

Works in a clone with files and in a bare one. A clone that was cut off (`--depth`) answers only what it is sure of.
Answers about full ids never change, so those that are asked for again and again are remembered.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from shoreward.adapters.git._command import GitFailed, git
from shoreward.adapters.git._patches import patches, still_there
from shoreward.adapters.git.repository import no_repository
from shoreward.app.quarantine.ancestry import CommitNote
from shoreward.app.quarantine.undoing import History, Step
from shoreward.domain import Refused, Retryable, Terminal

_FULL = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SENTENCE = re.compile(r"^This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE)
_LOG = ("log", "-z", "--topo-order", "--reverse", "--no-show-signature", "--no-decorate", "--encoding=UTF-8")
_UNORDERED = "-O/dev/null"
# Parents are those that the commits themselves name.
_ENVIRONMENT = {"GIT_GRAFT_FILE": os.devnull}


class GitAncestry:
    """The history of a repository, found from any path inside it, or from a bare clone.

    Raises UserError: GIT_NOT_A_REPOSITORY, GIT_NOT_TRUSTED, GIT_MISSING.
    """

    def __init__(self, path: Path) -> None:
        try:
            bare = git(path, "rev-parse", "--is-bare-repository").decode().strip() == "true"
            root = git(path, "rev-parse", "--absolute-git-dir" if bare else "--show-toplevel")
        except GitFailed as failed:
            raise no_repository(path, failed.words) from failed
        self.root = Path(root.decode().removesuffix("\n"))
        self._here: set[str] = set()
        self._contained: dict[tuple[str, str], bool] = {}
        self._batches: dict[tuple[str | None, str], tuple[CommitNote, ...]] = {}
        self._undone: dict[tuple[str, tuple[str, ...]], Mapping[str, str]] = {}

    def knows(self, commit: str) -> bool:
        """See `Ancestry.knows`."""
        return not self._missing((commit,))

    def known(self, commits: Iterable[str]) -> frozenset[str]:
        """See `Ancestry.known`."""
        asked = frozenset(commits)
        return asked.difference(self._missing(asked))

    def contains(self, commit: str, other: str) -> bool:
        """See `Ancestry.contains`."""
        asked = (commit, other)
        if asked not in self._contained:
            self._need(asked)
            found = not self._ask("rev-list", "--max-count=1", other, f"^{commit}")
            if not found:
                self._whole(commit)
            self._contained[asked] = found
        return self._contained[asked]

    def between(self, before: str | None, commit: str) -> tuple[CommitNote, ...]:
        """See `Ancestry.between`."""
        asked = (before, commit)
        if asked not in self._batches:
            self._need((commit, *((before,) if before else ())))
            self._whole(commit)
            span = (commit, f"^{before}") if before else ("--max-count=1", commit)
            self._batches[asked] = self._notes(span, commit)
        return self._batches[asked]

    def reverts(self, commit: str, culprits: Sequence[str]) -> Mapping[str, str]:
        """See `Ancestry.reverts`.

        Whatever messages say: what could still be taken back, line by line, is still there.
        """
        self._need((commit, *culprits))
        contained = tuple(culprit for culprit in dict.fromkeys(culprits) if self.contains(commit, culprit))
        if not contained:
            return {}
        asked = (commit, contained)
        if asked not in self._undone:
            self._whole(commit)
            undone = self._family(commit, contained)
            here = still_there(self.root, commit, tuple(undone)) if undone else ()
            self._undone[asked] = {culprit: by for culprit, by in undone.items() if culprit not in here}
        return self._undone[asked]

    def _family(self, commit: str, culprits: Sequence[str]) -> Mapping[str, str]:
        span = (commit, *self._below(culprits))
        steps = self._steps(span)
        told = History(steps)
        merges = {merge for culprit in culprits for merge in told.bringing(culprit)}
        return History(self._named(steps, span, {*culprits, *merges})).undone(culprits)

    def _notes(self, span: Sequence[str], commit: str) -> tuple[CommitNote, ...]:
        fields = _fields(self._ask(*_LOG, "--format=%H%x00%P%x00%s%x00%an%x00%ct", *span, "--"), 5)
        paths = self._paths([oid for oid, *_ in fields])
        notes = {
            oid: CommitNote(
                id=oid,
                subject=subject,
                author=author,
                time=float(time),
                parents=tuple(parents.split()),
                paths=paths[oid],
                brought_by=oid,
            )
            for oid, parents, subject, author, time in fields
        }
        bringers = _bringers(notes, commit)
        return tuple(replace(note, brought_by=bringers[note.id]) for note in notes.values())

    def _paths(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """What each commit changed itself; of merges what differs from what git would have made of them."""
        if not ids:
            return {}
        # git forgets the parents of what it has told, and merges need theirs: so the oldest come last.
        newest = ids[::-1]
        options = (
            "--stdin",
            "--no-walk=unsorted",
            "--remerge-diff",
            "--name-only",
            "--no-renames",
            _UNORDERED,
            "--format=%H",
        )
        printed = self._ask(*_LOG[:2], *options, *_LOG[4:], stdin="".join(f"{oid}\n" for oid in newest).encode())
        found: dict[str, tuple[str, ...]] = {}
        waiting = iter(newest)
        upcoming, current = next(waiting, None), ""
        for field in printed.decode(errors="surrogateescape").split("\0"):
            if field == upcoming:
                current, upcoming = field, next(waiting, None)
                found[current] = ()
            elif field:
                name = field if found[current] else field.removeprefix("\n")
                found[current] = (*found[current], name)
        return found

    def _below(self, culprits: Sequence[str]) -> tuple[str, ...]:
        """What need not be looked at: all that every culprit was built on."""
        try:
            parents = [self._ask("rev-parse", "--verify", "--quiet", f"{culprit}^1") for culprit in culprits]
            found = self._ask("merge-base", "--octopus", *(parent.decode().strip() for parent in parents))
        except GitFailed:  # one of them is a first commit, or they have nothing in common
            return ()
        return (f"^{found.decode().split()[0]}",)

    def _steps(self, span: Sequence[str]) -> list[Step]:
        fields = _fields(self._ask(*_LOG, "--format=%H%x00%P%x00%B", *span, "--"), 3)
        written = {oid: _SENTENCE.findall(body) for oid, _, body in fields}
        names = self._names({one for each in written.values() for one in each})
        steps: list[Step] = []
        for oid, parents, _ in fields:
            claims = [names.get(one, oid) for one in written[oid]]
            # A squashed branch may tell of a revert and of that one's revert in one message: it means nothing then.
            sound = all(claim != oid and self.contains(oid, claim) for claim in claims)
            steps.append(
                Step(id=oid, parents=tuple(parents.split()), claims=frozenset(claims) if sound else frozenset())
            )
        return steps

    def _names(self, written: Iterable[str]) -> dict[str, str]:
        """The full ids of commits by what they are called, as far as that is one."""
        asked = sorted(written)
        if not asked:
            return {}
        told = self._ask("cat-file", "--batch-check", stdin="".join(f"{one}\n" for one in asked).encode())
        rows = zip(asked, (line.split(" ") for line in told.decode().splitlines()), strict=False)
        return {one: row[0] for one, row in rows if row[1:2] == ["commit"]}

    def _named(self, steps: Sequence[Step], span: Sequence[str], culprits: set[str]) -> list[Step]:
        """The steps, with names for the changes of all that touches a file of the culprits."""
        parents = {step.id: step.parents for step in steps}
        asked = "".join(f"{' '.join((oid, *parents[oid][:1]))}\n" for oid in culprits)
        options = ("--stdin", "-r", "--root", "--no-commit-id", "--name-only", "--no-renames", _UNORDERED, "-z")
        names = self._ask("diff-tree", *options, stdin=asked.encode()).decode(errors="surrogateescape")
        paths = sorted({name for name in names.split("\0") if name})
        touching = self._touching(span, paths) | culprits
        commits = [(oid, parents[oid]) for oid in parents if oid in touching]
        there, back = patches(self._run, commits), patches(self._run, commits, opposite=True)
        # One that changes nothing has taken nothing back, whatever it says.
        claiming = [(step.id, step.parents) for step in steps if step.claims and step.id not in there]
        empty = {oid for oid, _ in claiming} - patches(self._run, claiming).keys()
        return [
            replace(
                step,
                claims=frozenset() if step.id in empty else step.claims,
                patch=there.get(step.id),
                reverse=back.get(step.id),
            )
            for step in steps
        ]

    def _touching(self, span: Sequence[str], paths: Sequence[str]) -> set[str]:
        if not paths:
            return set()
        # On the standard input, since a change may be of more files than a command line holds.
        revisions = "".join(f"{line}\n" for line in (*span, "--", *paths)).encode(errors="surrogateescape")
        options = ("rev-list", "--full-history", "--stdin")
        return set(self._ask("--literal-pathspecs", *options, stdin=revisions).decode().split())

    def _need(self, commits: Iterable[str]) -> None:
        if missing := self._missing(commits):
            what = f"Commit {missing[0][:10]} is not in the repository {self.root}."
            advice = "git fetch brings it; a commit of another repository cannot be compared with one of this."
            raise Retryable("COMMIT_NOT_HERE", what, next=advice)

    def _missing(self, commits: Iterable[str]) -> list[str]:
        """Those of the commits that are not here, when that is sure."""
        wanted = [commit for commit in dict.fromkeys(commits) if commit not in self._here]
        sound = [commit for commit in wanted if _FULL.fullmatch(commit)]
        if sound:
            told = self._ask("cat-file", "--batch-check", stdin="".join(f"{commit}\n" for commit in sound).encode())
            self._here |= {line.split(" ")[0] for line in told.decode().splitlines() if line.split(" ")[1] == "commit"}
        missing = [commit for commit in wanted if commit not in self._here]
        if any(_FULL.fullmatch(commit) for commit in missing):
            self._whole(missing[0])
        return missing

    def _whole(self, commit: str) -> None:
        if self._ask("rev-parse", "--is-shallow-repository").strip() == b"true":
            what = f"The clone {self.root} is shallow: nobody can tell what commit {commit[:10]} contains."
            advice = "git fetch --unshallow; where a CI server clones, ask it for the whole history (fetch-depth: 0)."
            raise Refused("CLONE_SHALLOW", what, next=advice)

    def _run(self, arguments: Sequence[str], stdin: bytes) -> bytes:
        return self._ask(*arguments, stdin=stdin)

    def _ask(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        try:
            return git(self.root, "-c", "advice.graftFileDeprecated=false", *arguments, stdin=stdin, extra=_ENVIRONMENT)
        except GitFailed as failed:
            if not failed.words:  # a quiet no
                raise
            if "usage:" in failed.words or "unrecognized argument" in failed.words:
                what = "This git cannot tell what a merge changed itself."
                raise Refused("GIT_TOO_OLD", what, next="Install git 2.38 or newer.") from failed
            advice = "git fsck tells what is missing in the clone; a fresh clone has all of it."
            raise Terminal("CLONE_BROKEN", f"git cannot tell: {failed.words}", next=advice) from failed


def _fields(printed: bytes, count: int) -> list[tuple[str, ...]]:
    """Rows of a log whose format joins fields by NUL, as -z joins rows."""
    fields = printed.decode(errors="replace").removesuffix("\0").split("\0")
    return [] if fields == [""] else list(zip(*[iter(fields)] * count, strict=True))


def _bringers(notes: Mapping[str, CommitNote], commit: str) -> dict[str, str]:
    """For each commit the one of the main line that brought it."""
    line: list[str] = []
    at: str | None = commit
    while at is not None and at in notes:
        line.append(at)
        at = next(iter(notes[at].parents), None)
    bringers: dict[str, str] = {}
    for each in reversed(line):
        waiting = [each]
        while waiting:
            oid = waiting.pop()
            if oid in notes and oid not in bringers:
                bringers[oid] = each
                waiting += notes[oid].parents
    return bringers
