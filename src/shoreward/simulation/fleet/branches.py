"""Branches: merges, what of them becomes a release, what quarantine keeps out, and who mends it.

As a watcher of branches does it: the newest commit that waits carries the others, and one release at a time is in
pre-production. Who finds that a release harmed names the culprit among its commits and reverts it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shoreward.app.merging.groups import together
from shoreward.app.quarantine import Taint
from shoreward.app.quarantine.rules import Candidate, Culprit, Lifted, held_by
from shoreward.core import Event, Release
from shoreward.core import events as e
from shoreward.core.header import HARM
from shoreward.core.sequence import ready
from shoreward.domain import Member, Outcome
from shoreward.simulation.fleet.history import a_change
from shoreward.simulation.fleet.shape import DAY, MONDAY, REGIONS

if TYPE_CHECKING:
    from shoreward.simulation.fleet.run import Fleet

MENDS = (1_800.0, 7_200.0)
"""Seconds until somebody has reverted what harmed, after it was found."""

NOTICED = 14_400.0
"""Seconds after which people have found a harm that nothing else found."""


class Branches:
    """All applications' branches.

    Attributes:
        taints: open releases that contain what harmed.
        refused: how often a commit was kept out at the door.
        everywhere: for each merge that got there, seconds until it was everywhere.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.taints: dict[str, Taint] = {}
        self.culprits: dict[str, list[Culprit]] = defaultdict(list)
        self.lifted: dict[str, list[Lifted]] = defaultdict(list)
        self.asked: dict[str, int] = defaultdict(int)
        self.refused = 0
        self.everywhere: dict[str, dict[int, float]] = defaultdict(dict)
        self.found: dict[str, tuple[str, float]] = {}
        self.mending: set[str] = set()
        grouped = fleet.shape.grouped
        self.groups = {member.application: group for group in grouped for member in group}

    def begin(self) -> None:
        """Draw all merges."""
        shape = self.fleet.shape
        for name in self.fleet.pipelines:
            at = MONDAY
            while True:
                at += float(self.fleet.chance.exponential(DAY / shape.merges))
                if at > MONDAY + shape.days * DAY:
                    break
                self.fleet.at(at, lambda name=name: self._merge(name))

    def _merge(self, name: str) -> None:
        fleet = self.fleet
        kind, region, late = a_change(fleet.chance, fleet.shape.bad, REGIONS[: fleet.shape.regions])
        fleet.acting.histories[name].add(fleet.now, kind, region=region, late=late)
        self.look(name)

    def look(self, name: str) -> None:
        """Open a release of the newest commit, if nothing speaks against it; of a group, of all that changed."""
        fleet = self.fleet
        group = self.groups.get(name, ())
        names = [member.application for member in group] or [name]
        newest = {each: fleet.acting.histories[each].commits[-1] for each in names}
        if all(commit.place <= self.asked[each] or not commit.place for each, commit in newest.items()):
            return
        families = [carried.state for each in names for carried in fleet.family(each) if not carried.state.ended]
        if any(not ready(each) and not each.rollback for each in families):
            return
        before = {each: self._before(each, fleet.numbers[each] + 1) for each in names}
        changed = [each for each in names if newest[each].id != before[each]]
        if any(self._held(each, newest[each].id) for each in changed):
            self.refused += 1
            return
        self.asked.update({each: newest[each].place for each in names})
        openings = [
            e.ReleaseOpened(
                at=fleet.now,
                pipeline=fleet.pipelines[each],
                commit=newest[each].id,
                subject=newest[each].id,
                by="branch",
                committed_at=newest[each].at,
                before=before[each],
                carries=self._carries(each, newest[each].id),
            )
            for each in changed
        ]
        for opening in together("group", openings, _among(group, changed)) if group else openings:
            fleet.open(opening)

    def _carries(self, name: str, commit: str) -> tuple[str, ...]:
        """The open releases whose commits a commit contains."""
        history, carried = self.fleet.acting.histories[name], self.fleet.family(name)
        return tuple(each.state.id for each in carried if history.contains(commit, each.state.opened.commit))

    def _before(self, name: str, number: int) -> str:
        """The commit that a release comes after: what stayed, or is under way, and is not carried by a later one."""
        known = [*(each.state for each in self.fleet.family(name)), *self.fleet.ended[name][-40:]]
        counting = [
            each
            for each in known
            if _number(each) < number and not each.rollback and each.outcome in (None, Outcome.SUCCEEDED)
        ]
        newest = max(counting, key=_number, default=None)
        return newest.opened.commit if newest else f"{name}/0"

    def _held(self, name: str, commit: str) -> str:
        ancestry = self.fleet.acting.histories[name]
        candidate = Candidate(commit=commit, application=name)
        held = held_by(ancestry, self.culprits[name], self.lifted[name], candidate)
        return held.why if held else ""

    def heard(self, state: Release, event: Event) -> None:
        """What follows from an event for its branch."""
        name = state.pipeline.application
        match event:
            case e.RollbackBegan():
                self._went_back(state, event)
            case e.ReleaseEnded(outcome=Outcome.SUCCEEDED):
                self._arrived(state)
            case e.ReleaseEnded(outcome=Outcome.FAILED):
                self._mend_later(state)
            case e.RevisionChecked() | e.ReleaseEnded():
                self.fleet.at(self.fleet.now, lambda: self.look(name))
            case _:
                pass
        if isinstance(event, e.ReleaseEnded):
            self.taints.pop(state.id, None)
            self.fleet.at(self.fleet.now, lambda: self.look(name))

    def _went_back(self, state: Release, event: e.RollbackBegan) -> None:
        name, commit = state.pipeline.application, state.opened.commit
        if event.cause in HARM:
            before = self._before(name, _number(state))
            culprit = Culprit(
                release=state.id, application=name, before=before, commit=commit, digest=commit, reason=event.reason
            )
            self.culprits[name].append(culprit)
            self._taint(name)
        if event.cause in HARM or "STACK_FAILED" in event.reason:
            for each in self.fleet.acting.histories[name].active(commit):
                self.found.setdefault(each.id, (event.cause, self.fleet.now))
            self._mend_later(state)
        elif event.cause not in ("quarantine", "group"):
            self.fleet.at(self.fleet.now + MENDS[0], lambda: self._again(state))

    def _taint(self, name: str) -> None:
        for carried in self.fleet.family(name):
            state = carried.state
            if state.ended or state.rollback:
                continue
            why = self._held(name, state.opened.commit)
            if why and state.id not in self.taints:
                self.taints[state.id] = Taint(reason=why)
            elif not why:
                self.taints.pop(state.id, None)
        self.fleet.recheck(name)

    def _mend_later(self, state: Release) -> None:
        wait = float(self.fleet.chance.uniform(*MENDS))
        self.fleet.at(self.fleet.now + wait, lambda: self._mend(state))

    def _mend(self, state: Release) -> None:
        """Revert what is bad of a release and not reverted yet; a release that was wronged is let go."""
        name = state.pipeline.application
        history = self.fleet.acting.histories[name]
        newest = history.commits[-1].id
        still = {each.place for each in history.active(newest)}
        bad = [each for each in history.active(state.opened.commit) if each.place in still]
        if bad:
            history.add(self.fleet.now, reverts=[each.place for each in bad])
        guilty = [each.id for each in history.active(state.opened.commit)]
        kept: list[Culprit] = []
        for culprit in self.culprits[name]:
            if culprit.release != state.id:
                kept.append(culprit)
            elif guilty:
                kept += [_named(culprit, commit) for commit in guilty]
            else:
                self.lifted[name].append(Lifted(release=culprit.release, by="kim", reason="it was the network"))
        self.culprits[name] = kept
        self._taint(name)
        self._again(state)

    def _again(self, state: Release) -> None:
        """The newest commit waits again: what kept it out is known better now, or is over."""
        name = state.pipeline.application
        self.asked[name] = min(self.asked[name], len(self.fleet.acting.histories[name].commits) - 2)
        self.look(name)

    def _arrived(self, state: Release) -> None:
        name = state.pipeline.application
        history = self.fleet.acting.histories[name]
        times = self.everywhere[name]
        for commit in history.commits[: history.place(state.opened.commit) + 1]:
            if commit.place not in times:
                times[commit.place] = self.fleet.now - commit.at
        unknown = [each for each in history.active(state.opened.commit) if each.id not in self.mending]
        if unknown:
            self.mending.update(each.id for each in unknown)
            self.fleet.at(self.fleet.now + NOTICED, lambda: self._notice(state))

    def _notice(self, state: Release) -> None:
        for each in self.fleet.acting.histories[state.pipeline.application].active(state.opened.commit):
            self.found.setdefault(each.id, ("people", self.fleet.now))
        self._mend(state)


def _among(group: Sequence[Member], changed: Sequence[str]) -> tuple[Member, ...]:
    """The members that changed, in their order."""
    return tuple(
        Member(application=each.application, after=tuple(other for other in each.after if other in changed))
        for each in group
        if each.application in changed
    )


def _named(culprit: Culprit, commit: str) -> Culprit:
    return Culprit(
        release=culprit.release,
        application=culprit.application,
        before=culprit.before,
        commit=culprit.commit,
        named=commit,
        digest=culprit.digest,
        reason=culprit.reason,
    )


def _number(state: Release) -> int:
    return int(state.id.rpartition("#")[2])
