"""What must hold at every step of a fleet: the properties of the design, looked at as events and effects come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from shoreward.app.surroundings import Limits
from shoreward.core import Decision, Effect, Event, Phase, Release
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.control import NO_CONTROL, Control, FreezePlaced
from shoreward.core.grouping import depends
from shoreward.domain import Alarms, Approval, Outcome, Target, Verdict, Window, relied_on
from shoreward.domain.zones import REGION, ZONE_OF


class Broken(Exception):
    """A property does not hold."""


class Watchman:
    """Looks at every event and every effect of all releases; raises `Broken`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entered: dict[str, Target] = {}
        self._at_work: dict[str, tuple[str, str]] = {}
        self.steps = 0
        self.waits = 0

    def recorded(
        self,
        state: Release,
        event: Event,
        family: Iterable[Release],
        fellows: Iterable[Release] = (),
        freezes: Mapping[str, FreezePlaced] = NO_CONTROL.freezes,
    ) -> None:
        """An event that is about to be appended to a release; with open ones of its application, and its fellows."""
        self.steps += 1
        match event:
            case e.WaveEntered(wave=wave):
                _must(state.baked == wave, state, "a wave began before the one before it had baked")
                _must(_passed(state), state, "a wave began without a pass of the checks")
                self._alone(state, wave, family)
                one_box = next(each.target for each in state.in_wave(wave) if not each.skipped)
                self._open(state, wave, one_box, event.at, freezes)
            case e.TargetEntered(target=key):
                self._room(state, state.deployments[key].target)
                self._after_providers(state, state.deployments[key].target, fellows)
                self._open(state, state.wave, state.deployments[key].target, event.at, freezes)
                self._entered[key] = state.deployments[key].target
            case e.TargetFinished(target=key) | e.TargetSkipped(target=key):
                self._entered.pop(key, None)
            case e.RollbackBegan():
                for key, each in state.deployments.items():
                    if each.entered and not each.done:
                        self._entered.pop(key, None)
                    if self._at_work.get(key) == (state.id, do.InspectTarget(target=each.target).key):
                        self._at_work.pop(key)  # nobody waits any more for what it sees
            case e.ReleaseEnded(outcome=outcome):
                self._ended(state, outcome)
                self._as_one(state, outcome, fellows)
            case _:
                pass

    def _ended(self, state: Release, outcome: Outcome) -> None:
        if outcome is Outcome.SUCCEEDED:
            done = all(each.phase is Phase.FINISHED or each.skipped for each in state.deployments.values())
            _must(done, state, "it succeeded and is not everywhere")
        elif outcome.replaced:
            _must(state.waiting and not state.hold, state, "it was replaced in a wave, or while a person held it")
        else:
            _must(all(each.restored_whole for each in state.deployments.values()), state, "it left something behind")

    @staticmethod
    def _open(state: Release, index: int, place: Target, at: float, freezes: Mapping[str, FreezePlaced]) -> None:
        """Gates are looked at anew here, as simply as can be, and not by asking the code that keeps them."""
        wave = state.pipeline.waves[index]
        for name, freeze in freezes.items():
            concerned = freeze.application in ("", state.pipeline.application)
            lifted = (f"freeze/{name}", wave.name) in state.unlocked
            _must(
                lifted or not (concerned and freeze.start <= at < freeze.end), state, f"it enters {place} in a freeze"
            )
        for gate in state.pipeline.gates_of(wave):
            if (gate.name, wave.name) in state.unlocked:
                continue
            match gate:
                case Window():
                    wall = datetime.fromtimestamp(
                        at, ZoneInfo(ZONE_OF[place.region] if gate.zone == REGION else gate.zone)
                    )
                    second = (wall.hour * 60 + wall.minute) * 60 + wall.second
                    fits = any(wall.weekday() in each.days and each.start <= second < each.end for each in gate.hours)
                    _must(fits, state, f"it enters {place} outside of its hours")
                case Alarms():
                    answers = [state.asked.get((gate.name, wave.name, where)) for where in ("", place.key)]
                    newest = max((each for each in answers if each), key=lambda each: each.at, default=None)
                    quiet = newest is not None and newest.answer == "open" and at < newest.at + gate.every
                    _must(quiet, state, f"it enters {place} and nobody said that its alarms are quiet")
                case Approval():
                    _must(False, state, f"it enters {wave.name} unapproved")
                case _:
                    pass

    @staticmethod
    def _after_providers(state: Release, target: Target, fellows: Iterable[Release]) -> None:
        for provider in fellows:
            if depends(state, provider):
                needed = relied_on(target, provider.pipeline.targets)
                baked = all(provider.deployments[each.key].wave < provider.baked for each in needed)
                _must(baked, state, f"it enters {target} before {provider.id}")

    @staticmethod
    def _as_one(state: Release, outcome: Outcome, fellows: Iterable[Release]) -> None:
        if outcome is Outcome.SUCCEEDED:
            arrived = all(each.baked == len(each.pipeline.waves) and not each.rollback for each in fellows)
            _must(arrived, state, "it ended before all of its group had come to their end")
        else:
            _must(
                all(each.outcome is not Outcome.SUCCEEDED for each in fellows),
                state,
                "it leaves one of its group alone",
            )

    def _alone(self, state: Release, wave: int, family: Iterable[Release]) -> None:
        keys = {target.key for target in state.pipeline.waves[wave].targets}
        number = _number(state)
        for other in family:
            if other.id == state.id or other.ended or other.rollback:
                continue
            in_wave = other.wave == other.baked
            there = {target.key for target in other.pipeline.waves[other.wave].targets} if in_wave else set[str]()
            _must(not keys & there, state, f"it holds a wave together with {other.id}")
            if _number(other) < number:
                ahead = {target.key for each in other.pipeline.waves[other.baked :] for target in each.targets}
                _must(not keys & ahead, state, f"it passes {other.id}")

    def _room(self, state: Release, target: Target) -> None:
        here = Counter(each.region for each in self._entered.values())
        for count, most in (
            (len(self._entered), self._limits.targets),
            (here[target.region], self._limits.region),
        ):
            _must(most is None or count < most, state, "more targets are under way than may be")
        _must(target.key not in self._entered, state, "somebody else has entered its target")

    def begun(
        self,
        state: Release,
        effect: Effect,
        control: Control,
        tainted: Mapping[str, object],
        fellows: Iterable[Release] = (),
    ) -> None:
        """An effect that is about to begin."""
        self.steps += 1
        if isinstance(effect, do.RestoreStack) and state.rollback:
            self._before_providers(state, effect.target, fellows)
        if effect.forward:
            _must(not state.rollback, state, "a step forward after the rollback began")
            _must(not state.hold, state, "a step forward under a hold")
            _must(control.stop_of(state.pipeline.application) is None, state, "a step forward under a stop")
            _must(state.id not in tainted, state, "a step forward of what is in quarantine")
        if isinstance(effect, do.ShiftTraffic) and effect.expected > 0:
            deployment = state.deployments[effect.target.key]
            looked = deployment.judgement
            fresh = looked is not None and looked.verdict is Verdict.PASS
            _must(fresh and deployment.judged_at >= deployment.shifted_at, state, "a weight rose without a fresh pass")
        if effect.target.key and not isinstance(effect, do.JudgeTarget):
            owner = self._at_work.get(effect.target.key)
            _must(owner is None or owner[0] == state.id, state, f"{effect.key} while {owner} is at work")
            self._at_work[effect.target.key] = (state.id, effect.key)

    @staticmethod
    def _before_providers(state: Release, target: Target, fellows: Iterable[Release]) -> None:
        for consumer in fellows:
            if depends(consumer, state) and not consumer.replaced:
                there = [each for each in consumer.deployments.values() if not each.restored_whole]
                relies = any(target in relied_on(each.target, state.pipeline.targets) for each in there)
                _must(not relies, state, f"it goes back from {target} before {consumer.id}")

    def over(self, effect: Effect) -> None:
        """An effect that has come to its end."""
        if self._at_work.get(effect.target.key, ("", ""))[1] == effect.key:
            self._at_work.pop(effect.target.key)

    def decided(self, state: Release, decision: Decision, busy: Collection[object]) -> None:
        """A decision after which nothing was left to record or begin."""
        if state.ended:
            return
        _must(bool(busy or decision.blockers), state, "it waits in silence")
        self.waits += not busy
        if state.rollback:
            _must(not any(each.gate for each in decision.blockers), state, "a gate delays its way back")


def _must(holds: bool, state: Release, what: str) -> None:
    if not holds:
        raise Broken(f"{state.id}: {what}")


def _passed(state: Release) -> bool:
    return state.pipeline.checks is None or (state.checked is not None and state.checked.verdict.advances)


def _number(state: Release) -> int:
    return int(state.id.rpartition("#")[2])
