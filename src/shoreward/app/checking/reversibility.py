"""Reversibility: whether a change can be taken back once customers' data has met it, tried before any customer does.

In a sandbox the change goes the way that a release and its rollback go, and the suites are run at every station:

    old ─► mixed ─► new ─► mixed ─► old again, with the data that the new code wrote

The suites of the old commit are what customers rely on, so they must pass wherever old code serves anybody; those of
the new commit, where only new code does. What fails on the way although it passed at the beginning cannot go back.
Source: Builders' Library, "Ensuring rollback safety during deployments": about half forward, all forward, and back the
same way; and the cure, a change in two phases, *prepare* (read both forms) and then *activate* (write the new one).

A test that passes when it is asked again proves nothing: it is told as what it is, flaky, and the walk goes on. Where
old and new code serve by turns that may well be an incompatible change that had luck, and the next station tells.
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

_FLAKY = "test-flaky"
"""The rule of a finding that speaks of chance."""


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
    """The stack that it is tried on, which nobody else uses meanwhile.

    Attributes:
        before: the same with the old revision's parameters, if they are others.
    """

    pipeline: Pipeline
    target: Target
    stacks: StackManager
    traffic: TrafficRouter
    before: Target | None = None


def reversal(sandbox: Sandbox, change: Change, suites: Suites, running: Running) -> Report:
    """Take a sandbox from the old revision to the new one and back, and say what does not survive it.

    Raises:
        Terminal: REVERSIBILITY_UNKNOWN when the old commit's suites fail on the old code already.
        OperationError: the sandbox could not be moved.
    """
    trials = _Trials(change, suites, running)
    _deploy(sandbox, change.old)
    if broken := trials.at(Station.OLD, change.old.commit):
        raise Terminal(
            "REVERSIBILITY_UNKNOWN",
            f"The suites of {change.old.commit[:10]} fail on its own code: {broken[0].what}",
            where=broken[0].where,
            next="Until what is live passes its own suites, nobody can tell whether a change can go back to it.",
        )
    findings = _there_and_back(sandbox, change, trials)
    return Report(
        findings=(*findings, *trials.by_chance(findings)),
        summary="goes there and back" if not findings else "cannot go back",
        measures=(("stations", float(trials.tried)),),
    )


class _Trials:
    """The suites at the stations; keeps what was chance."""

    def __init__(self, change: Change, suites: Suites, running: Running) -> None:
        self._change = change
        self._suites = suites
        self._running = running
        self._flaky: dict[str, Finding] = {}
        self.tried = 0

    def at(self, station: Station, commit: str) -> Sequence[Finding]:
        """What fails here for certain."""
        self._running.say(station)
        found = [one for one in self._suites(commit).findings if one.severity is not Severity.NOTE]
        self.tried += 1
        for one in found:
            if one.rule == _FLAKY:
                self._flaky.setdefault(one.subject, replace(one, details=(*one.details, ("station", str(station)))))
        return [_told(one, station, self._change) for one in found if one.rule != _FLAKY]

    def by_chance(self, certain: Sequence[Finding]) -> Sequence[Finding]:
        """What was chance, but for tests that failed for certain later: those have their reason."""
        explained = {one.subject for one in certain}
        return [one for subject, one in self._flaky.items() if subject not in explained]


def _there_and_back(sandbox: Sandbox, change: Change, trials: _Trials) -> Sequence[Finding]:
    """The same calls, in the same order, as a release that succeeds and is then rolled back."""
    stacks, traffic, target, key = sandbox.stacks, sandbox.traffic, sandbox.target, f"reversal/{change.new.digest[:12]}"
    snapshot = stacks.inspect(sandbox.pipeline, target, change.new)
    staged = stacks.stage(sandbox.pipeline, target, change.new, snapshot, f"{key}/stage")
    split = staged.shifting
    if split:
        traffic.shift(target, split, _HALF, 0.0)
        if found := trials.at(Station.MIXED, change.old.commit):
            return found
        traffic.shift(target, split, 100.0, _HALF)
    stacks.finish(sandbox.pipeline, target, change.new, staged, f"{key}/finish")
    if found := trials.at(Station.NEW, change.new.commit):
        return found
    if split:
        traffic.shift(target, split, _HALF, 100.0)
        if found := trials.at(Station.MIXED_BACK, change.old.commit):
            return found
        traffic.restore(target, split)
    stacks.restore(sandbox.pipeline, target, snapshot, staged, f"{key}/restore")
    return trials.at(Station.OLD_AGAIN, change.old.commit)


def _deploy(sandbox: Sandbox, revision: Revision) -> None:
    """Only this revision, whatever the sandbox had before."""
    stacks, target, key = sandbox.stacks, sandbox.before or sandbox.target, f"reversal/{revision.digest[:12]}/begin"
    snapshot = stacks.inspect(sandbox.pipeline, target, revision)
    staged = stacks.stage(sandbox.pipeline, target, revision, snapshot, key)
    if staged.shifting:
        sandbox.traffic.shift(target, staged.shifting, 100.0, 0.0)
    stacks.finish(sandbox.pipeline, target, revision, staged, f"{key}/finish")


def _told(finding: Finding, station: Station, change: Change) -> Finding:
    """A suite's finding, as what it says about going back."""
    if station not in _SERVES:
        return finding  # new code, or old code, is plainly wrong by itself, and its own suite says where
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
