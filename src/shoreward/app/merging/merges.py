"""From merge to release: a commit that appears on a watched branch becomes a release by itself.

One release of an application is built and checked at a time. What is merged meanwhile waits, and the newest commit
carries the others. A commit that would change nothing (documentation, tests) starts no release, and the journal says
why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from shoreward.app.people.orders import order
from shoreward.app.ports import Journal
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import Wish, begin, counts, load
from shoreward.core.control import CommitPassedOver, control_of
from shoreward.core.header import Header
from shoreward.core.sequence import ready
from shoreward.domain import Pipeline, Revision, ShorewardError, UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The newest commit of a branch.

    Attributes:
        time: when it was committed, UNIX seconds.
    """

    commit: str
    subject: str
    author: str
    time: float


class Branch(Protocol):
    """A watched branch, as far as merges care."""

    def tip(self) -> Tip:
        """Its newest commit, as the remote has it now; raises `Retryable` when nobody can tell."""
        ...

    def pipeline(self, commit: str) -> Pipeline:
        """The pipeline as a commit has it; raises `SpecError`."""
        ...

    def build(self, pipeline: Pipeline, commit: str) -> Revision:
        """What a commit becomes; raises `SpecError`, `OperationError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """What came of a look at a branch.

    Attributes:
        tip: the newest commit; None while nobody knows it.
        opened: the releases that were opened, "" for none.
        passed_over: whether the commit will not be released, for the reason `why`.
        why: what it waits for, or why it is passed over; "" where there is nothing new, or a release was opened.
    """

    tip: Tip | None = None
    opened: str = ""
    passed_over: bool = False
    why: str = ""


def consider(
    journal: Journal,
    branch: Branch,
    quarantine: Quarantine,
    application: str,
    now: float,
    *,
    grouped: Collection[str] = (),
) -> Considered:
    """Open a release of a branch's newest commit, unless there is a reason not to.

    Args:
        application: that is known to be on the branch, "" while nobody has read its pipeline.
        grouped: applications that are released together with others, and never alone.

    Raises:
        Retryable: the branch, or the journal, cannot be read now.
    """
    if application in grouped:
        return Considered()
    tip = branch.tip()
    if application and known(journal, application, tip.commit):
        return Considered(tip=tip)
    try:
        pipeline = branch.pipeline(tip.commit)
    except UserError as error:
        return pass_over(journal, tip, application, f"its pipeline cannot be read: {error}", now)
    if pipeline.application in grouped or known(journal, pipeline.application, tip.commit):
        return Considered(tip=tip)
    if busy := in_preproduction(journal, pipeline.application):
        return Considered(tip=tip, why=f"release {busy} is being checked; the newest commit goes after it")
    try:
        revision = branch.build(pipeline, tip.commit)
    except ShorewardError:
        revision = None  # The release says what is wrong with it, to all who watch.
    if revision and (before := same(journal, pipeline.application, revision)):
        why = f"it makes the same revision as release {before.id}, so there is nothing to release"
        return pass_over(journal, tip, pipeline.application, why, now)
    return _open(journal, quarantine, pipeline, tip, revision, now)


def _open(
    journal: Journal, quarantine: Quarantine, pipeline: Pipeline, tip: Tip, revision: Revision | None, now: float
) -> Considered:
    carried: Sequence[str] = [artifact.digest for artifact in revision.artifacts] if revision else ()
    try:
        opened = begin(
            journal,
            pipeline,
            tip.commit,
            tip.subject,
            Wish(by=tip.author, at=now, why="merged"),
            digest=revision.digest if revision else "",
            artifacts=carried,
            committed_at=tip.time,
            quarantine=quarantine,
        )
    except UserError as error:
        # A person's word, or a fix, may free it: it is looked at again.
        return Considered(tip=tip, why=f"{error.what} {error.next}".rstrip())
    return Considered(tip=tip, opened=opened)


def known(journal: Journal, application: str, commit: str) -> bool:
    """Whether a commit is the newest one that was released, or passed over."""
    if (passed := control_of(journal.orders()).passed_over.get(application)) and passed.commit == commit:
        return True
    return any(header.commit == commit for header in journal.releases(application))


def in_preproduction(journal: Journal, application: str) -> str:
    """The release that is being built or checked, if there is one."""
    for header in journal.releases(application, open=True):
        if header.wave < 0 and not header.back_at and not ready(load(journal, header.id)):
            return header.id
    return ""


def same(journal: Journal, application: str, revision: Revision) -> Header | None:
    """The release that what comes now would follow, when it has the very same revision."""
    newest = next((header for header in reversed(journal.releases(application)) if counts(header)), None)
    return newest if newest and newest.digest == revision.digest else None


def pass_over(journal: Journal, tip: Tip, application: str, why: str, now: float) -> Considered:
    """Keep that a commit will not be released, and why."""
    if application:
        word = CommitPassedOver(
            at=now, by="shoreward", why=why, application=application, commit=tip.commit, subject=tip.subject
        )
        order(journal, lambda control: None if control.passed_over.get(application) == word else word)
    return Considered(tip=tip, passed_over=True, why=why)
