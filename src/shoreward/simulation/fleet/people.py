"""People: they hold, resume, abort, leave out, override, freeze and stop everything, at random."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from shoreward.core import Phase, Release
from shoreward.core import events as e
from shoreward.core.control import FreezeLifted, FreezePlaced, StopLifted, StopPlaced
from shoreward.domain import Alarms, Window
from shoreward.simulation.fleet.shape import APPROVAL, DAY, MONDAY

if TYPE_CHECKING:
    from shoreward.simulation.fleet.run import Fleet

DEEDS = ("hold", "hold", "hold a wave", "hold a target", "abort", "skip", "override", "override", "stop a pipeline")


class People:
    """Operators; `did` counts what they did."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.did: Counter[str] = Counter()

    def begin(self) -> None:
        """Draw when they do something."""
        shape, chance = self.fleet.shape, self.fleet.chance
        for _ in range(chance.poisson(shape.people * shape.days)):
            self.fleet.at(MONDAY + float(chance.uniform(0, shape.days * DAY)), self._do)
        for day in range(0, int(shape.days), 2):
            self.fleet.at(MONDAY + (day + float(chance.uniform(0.3, 0.7))) * DAY, lambda: self._stop(""))
        for week in range(int(shape.days // 7)):
            self.fleet.at(MONDAY + (week * 7 + 3) * DAY, self._freeze)
        for application in self.fleet.pipelines:
            for _ in range(chance.poisson(shape.days / 14)):
                at = MONDAY + float(chance.uniform(0, shape.days * DAY))
                self.fleet.at(at, lambda name=application: self._freeze(name))
        for hour in range(int((shape.days + shape.settle) * 24)):
            self.fleet.at(MONDAY + hour * 3_600, self._attend)
        for application in self.fleet.pipelines:
            for gate in self.fleet.pipelines[application].gates:
                if isinstance(gate, Alarms):
                    for day in range(int(shape.days)):
                        self.fleet.at(MONDAY + (day + 0.5) * DAY, lambda name=application: self._alarm(name))

    def _alarm(self, application: str) -> None:
        """The provider's alarm fires for half an hour."""
        self.did["alarm"] += 1
        closed = self.fleet.acting.closed
        closed.add(application)
        self.fleet.at(self.fleet.now + 1_800, lambda: closed.discard(application))

    def _attend(self) -> None:
        """What waits for an approval is approved; what releases tell people to leave out is left out."""
        for carried in list(self.fleet.carried.values()):
            if any(f"gate {APPROVAL.name}:" in told for told in carried.waits_for):
                self._approve(carried.state)
            for told in re.findall("`shoreward skip [0-9]+/([^`]+)`", " ".join(carried.waits_for)):
                for key, each in carried.state.deployments.items():
                    if each.target.region == told and not (each.entered or each.skipped or carried.state.ended):
                        left_out = e.TargetSkipped(at=self.fleet.now, target=key, by="kim", why="it is dark there, too")
                        self.fleet.say(carried.state.id, left_out)

    def _approve(self, state: Release) -> None:
        self.did["approve"] += 1
        wave = state.pipeline.waves[state.baked].name
        opened = e.GateOpened(at=self.fleet.now, gate=APPROVAL.name, wave=wave, by="kim", why="they look well")
        self.fleet.say(state.id, opened)

    def _do(self) -> None:
        chance = self.fleet.chance
        going = [each.state for each in self.fleet.carried.values() if self._may_change(each.state)]
        in_wave = [each for each in going if each.wave >= 0]
        if not in_wave:
            return
        state = in_wave[int(chance.integers(len(in_wave)))]
        deed = DEEDS[int(chance.integers(len(DEEDS)))]
        at, release = self.fleet.now, state.id
        self.did[deed] += 1
        match deed:
            case "hold":
                self._hold(state, "", "")
            case "hold a wave":
                self._hold(state, state.pipeline.waves[-1].name, "")
            case "hold a target":
                keys = list(state.deployments)
                self._hold(state, "", keys[int(chance.integers(len(keys)))])
            case "abort":
                self.fleet.say(release, e.RollbackBegan(at=at, cause="person", reason="no", by="kim"))
            case "skip":
                self._skip(state)
            case "override":
                self._override(going)
            case _:
                self._stop(state.pipeline.application)

    def _may_change(self, state: Release) -> bool:
        """Whether anything can still be said of it: what is bound to end as its fellows have, can only end so."""
        if state.ended or state.rollback:
            return False
        return not any(each.binds for each in self.fleet.fellows(state))

    def _hold(self, state: Release, wave: str, target: str) -> None:
        fleet = self.fleet
        fleet.say(state.id, e.HoldPlaced(at=fleet.now, by="kim", why="lunch", wave=wave, target=target))

        def lift() -> None:
            carried = fleet.carried.get(state.id)
            if carried and not carried.state.ended and not carried.state.rollback:
                fleet.say(state.id, e.HoldLifted(at=fleet.now, by="kim", why="back", wave=wave, target=target))

        fleet.at(fleet.now + float(fleet.chance.exponential(5_400)), lift)

    def _skip(self, state: Release) -> None:
        untouched = [
            key
            for key, each in state.deployments.items()
            if each.wave >= state.baked and each.phase in (Phase.WAITING, Phase.INSPECTED, Phase.STAGED)
        ]
        if untouched:
            key = untouched[int(self.fleet.chance.integers(len(untouched)))]
            self.fleet.say(state.id, e.TargetSkipped(at=self.fleet.now, target=key, by="kim", why="it is dark"))

    def _override(self, going: list[Release]) -> None:
        """A closed window is opened for whoever waits for it."""
        for state in going:
            windows = [gate.name for gate in state.pipeline.gates if isinstance(gate, Window)]
            if windows and state.waiting and state.baked < len(state.pipeline.waves):
                wave = state.pipeline.waves[state.baked].name
                opened = e.GateOpened(at=self.fleet.now, gate=windows[0], wave=wave, by="kim", why="it is urgent")
                self.fleet.say(state.id, opened)
                return

    def _stop(self, application: str) -> None:
        self.did["stop everything"] += not application
        fleet = self.fleet
        fleet.order(StopPlaced(at=fleet.now, by="kim", why="odd", application=application))

        def lift() -> None:
            fleet.order(StopLifted(at=fleet.now, by="kim", why="fine", application=application))

        fleet.at(fleet.now + 1_800, lift)

    def _freeze(self, application: str = "") -> None:
        """Half of those of one pipeline are lifted before their time."""
        self.did[f"freeze {'a pipeline' if application else 'everything'}"] += 1
        fleet, at = self.fleet, self.fleet.now
        name = f"match {application} {at:.0f}"
        fleet.order(
            FreezePlaced(at=at, by="kim", why="a match", name=name, start=at, end=at + DAY / 2, application=application)
        )
        if application and fleet.chance.random() < 0.5:
            fleet.at(at + DAY / 4, lambda: fleet.order(FreezeLifted(at=fleet.now, by="kim", why="rain", name=name)))
