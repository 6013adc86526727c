"""Reversibility: whether a change can be taken back once customers' data has met it, tried before any customer does.

In a sandbox the change goes the way that a release and its rollback go, and the suites are run at every station:

    old ─► mixed ─► new ─► mixed ─► old again, with the data that the new code wrote

The suites of the old commit are what customers rely on, so they must pass wherever old code serves anybody; those of
the new commit, where only new code does. What fails on the way although it passed at the beginning cannot go back.
Source: Builders' Library, "Ensuring rollback safety during deployments": about half forward, all forward, and back the
same way; and the cure, a change in two phases, *prepare* (read both forms) and then *activate* (write the new one).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shoreward.app.checking.check import Report, Running
from shoreward.app.ports import StackManager, TrafficRouter
from shoreward.domain import Finding, Pipeline, Place, Revision, Severity, Target, Terminal

_HALF = 50.0
"""Percent of traffic that the new code has while both serve."""


class Station(StrEnum):
    """Where on its way there and back the sandbox is."""

    OLD = "old"
    MIXED = "mixed"
    NEW = "new"
    MIXED_BACK = "mixed on the way back"
    OLD_AGAIN = "old again"


_SERVES = {
    Station.MIXED: "while old and new code serve side by side",
    Station.MIXED_BACK: "while old and new code serve side by side, after the new code alone has written data",
    Station.OLD_AGAIN: "when the old code serves again, with the data that the new code wrote",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is tried.

    Attributes:
        old, new: the revisions; the suites of their commits are run.
        where: the first place where the functions' code differs, to point at.
    """

    old: Revision
    new: Revision
    where: Place | None = None


Suites = Callable[[str], Report]
"""Runs the suites of a commit against the sandbox as it is now; findings that are no more than a note do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The stack that it is tried on, which nobody else uses meanwhile."""

    pipeline: Pipeline
    target: Target
    stacks: StackManager
    traffic: TrafficRouter


def reversal(sandbox: Sandbox, change: Change, suites: Suites, running: Running) -> Report:
    """Take a sandbox from the old revision to the new one and back, and say what does not survive it.

    Raises:
        Terminal: REVERSIBILITY_UNKNOWN when the old commit's suites fail on the old code already.
        OperationError: the sandbox could not be moved.
    """
    _deploy(sandbox, change.old)
    _try_old_code(change, suites, running)
    findings = _there_and_back(sandbox, change, suites, running)
    stations = len(Station) if not findings else 0
    return Report(
        findings=tuple(findings),
        summary="goes there and back" if not findings else "cannot go back",
        measures=(("stations", float(stations)),),
    )


def _try_old_code(change: Change, suites: Suites, running: Running) -> None:
    running.say(Station.OLD)
    if broken := _counting(suites(change.old.commit)):
        raise Terminal(
            "REVERSIBILITY_UNKNOWN",
            f"The suites of {change.old.commit[:10]} fail on its own code: {broken[0].what}",
            where=broken[0].where,
            next="Until what is live passes its own suites, nobody can tell whether a change can go back to it.",
        )


def _there_and_back(sandbox: Sandbox, change: Change, suites: Suites, running: Running) -> Sequence[Finding]:
    """The same calls, in the same order, as a release that succeeds and is then rolled back."""
    stacks, traffic, target, key = sandbox.stacks, sandbox.traffic, sandbox.target, f"reversal/{change.new.digest[:12]}"
    snapshot = stacks.inspect(sandbox.pipeline, target, change.new)
    staged = stacks.stage(sandbox.pipeline, target, change.new, snapshot, f"{key}/stage")
    split = staged.shifting

    def at(station: Station, commit: str) -> Sequence[Finding]:
        running.say(station)
        return [_told(finding, station, change) for finding in _counting(suites(commit))]

    if split:
        traffic.shift(target, split, _HALF, 0.0)
        if found := at(Station.MIXED, change.old.commit):
            return found
        traffic.shift(target, split, 100.0, _HALF)
    stacks.finish(sandbox.pipeline, target, change.new, staged, f"{key}/finish")
    if found := at(Station.NEW, change.new.commit):
        return found
    if split:
        traffic.shift(target, split, _HALF, 100.0)
        if found := at(Station.MIXED_BACK, change.old.commit):
            return found
        traffic.restore(target, split)
    stacks.restore(sandbox.pipeline, target, snapshot, staged, f"{key}/restore")
    return at(Station.OLD_AGAIN, change.old.commit)


def _deploy(sandbox: Sandbox, revision: Revision) -> None:
    """Only this revision, whatever the sandbox had before."""
    stacks, target, key = sandbox.stacks, sandbox.target, f"reversal/{revision.digest[:12]}/begin"
    snapshot = stacks.inspect(sandbox.pipeline, target, revision)
    staged = stacks.stage(sandbox.pipeline, target, revision, snapshot, key)
    if staged.shifting:
        sandbox.traffic.shift(target, staged.shifting, 100.0, 0.0)
    stacks.finish(sandbox.pipeline, target, revision, staged, f"{key}/finish")


def _counting(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.severity is not Severity.NOTE]


def _told(finding: Finding, station: Station, change: Change) -> Finding:
    """A suite's finding, as what it says about going back."""
    if station is Station.NEW:
        return finding  # the change is plainly wrong, and its own suite says where
    seen = (("seen_at", str(finding.where)),) if finding.where else ()
    return replace(
        finding,
        rule="IRREVERSIBLE",
        severity=Severity.HIGH,
        what=f"{finding.subject or 'A suite'} fails {_SERVES[station]}: {finding.what}",
        why="A release is rolled back at any moment, with the data of the time; then this would happen to customers.",
        fix="Split the change: first release code that reads both forms (prepare), and when that is everywhere, "
        "release the code that writes the new one (activate).",
        where=change.where or finding.where,
        details=(*finding.details, ("station", str(station)), *seen),
    )
