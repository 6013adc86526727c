"""Gates of waves and targets: what must be open before they are entered, and when what is closed opens.

Pure: clocks, people's words and other releases are looked at here; alarms and hooks are asked by an effect, and their
answers hold for a short time. Nothing but an answer that says so, or a person, opens a gate that asks. A release on its
way back has no gates, one that brings an earlier revision back only the order of its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import assert_never

from shoreward.core import events as e
from shoreward.core.control import FreezePlaced
from shoreward.core.decision import NOTHING, Blocker, Decision, attempt, retry_at
from shoreward.core.effects import AskGate, Nowhere
from shoreward.core.grouping import before_target, before_wave
from shoreward.core.hours import opens_at
from shoreward.core.outside import Elsewhere, Outside
from shoreward.core.state import Deployment, Release
from shoreward.domain import (
    After,
    Age,
    Alarms,
    Approval,
    Freeze,
    Gate,
    Hook,
    HookWhen,
    Target,
    Variable,
    Wave,
    Window,
)
from shoreward.domain.zones import zone_name, zone_named

FREEZE = "freeze/"
"""How the names of people's freezes begin where they stand among gates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a gate stands.

    Attributes:
        gate: its name.
        kind: window, freeze, alarms, after, age, approval, hook, variable or group.
        decision: what keeps it closed; `NOTHING` when it is open.
        unlocked: the word of the person who opened it.
    """

    gate: str
    kind: str
    decision: Decision
    unlocked: e.GateOpened | None = None

    @property
    def open(self) -> bool:
        """Whether it keeps nothing waiting."""
        return self.decision == NOTHING

    @property
    def asks(self) -> bool:
        """Whether somebody must be asked."""
        return self.kind in ("alarms", "hook")


def wave_gates(state: Release, wave: int, now: float, outside: Outside) -> Decision:
    """What keeps a wave closed; `NOTHING` when it may be entered."""
    return _closed(at_wave(state, wave, now, outside))


def target_gates(state: Release, deployment: Deployment, now: float, outside: Outside) -> Decision:
    """What keeps a target closed; `NOTHING` when it may be entered.

    What was open when the wave began stays open for its targets, but for what may close again at any time: windows,
    freezes, alarms, and other applications.
    """
    return _closed(at_target(state, deployment, now, outside))


def traffic_gates(state: Release, deployment: Deployment, now: float) -> Decision:
    """What keeps customers from the new version on a target, now that it is there."""
    return _closed(at_hooks(state, deployment, now, "before"))


def finished_gates(state: Release, deployment: Deployment, now: float) -> Decision:
    """What keeps a wave from baking, now that all customers of a target have the new version."""
    return _closed(at_hooks(state, deployment, now, "after"))


def turned_down(state: Release, now: float) -> e.RollbackBegan | None:
    """The way back of a release whose change a hook found bad, with the new version before it."""
    for asked in state.asked.values():
        if asked.answer != "failed" or (asked.gate, asked.wave) in state.unlocked:
            continue
        wave = next(wave for wave in state.pipeline.waves if wave.name == asked.wave)
        gate = next((gate for gate in state.pipeline.gates_of(wave) if gate.name == asked.gate), None)
        if isinstance(gate, Hook) and gate.when != "start":
            why = f"gate {gate.name}: {asked.why or 'failed'}"
            return e.RollbackBegan(at=now, cause="gate", reason=why, target=asked.target)
    return None


def at_wave(state: Release, wave: int, now: float, outside: Outside) -> tuple[Standing, ...]:
    """How each gate stands that a wave has at its start."""
    look = _Look(state=state, wave=state.pipeline.waves[wave], index=wave, now=now, outside=outside)
    gates = (gate for gate in look.gates if not isinstance(gate, Hook) or gate.when == "start")
    order = tuple(_in_order(look, before_wave(state, wave, outside)))
    if state.returning:
        return order
    return (*order, *_freezes(look), *(look.standing(gate) for gate in gates))


def at_target(state: Release, deployment: Deployment, now: float, outside: Outside) -> tuple[Standing, ...]:
    """How each gate stands that a target has when it is entered."""
    look = _at(state, deployment, now, outside)
    gates = (gate for gate in look.gates if isinstance(gate, Window | Freeze | Alarms | After))
    order = tuple(_in_order(look, before_target(state, deployment.target, outside)))
    if state.returning:
        return order
    return (*order, *_freezes(look), *(look.standing(gate) for gate in gates))


def at_hooks(state: Release, deployment: Deployment, now: float, when: HookWhen) -> Iterator[Standing]:
    """How each hook stands that a target has before its traffic, or after."""
    if state.returning:
        return
    look = _at(state, deployment, now, Outside())
    for gate in look.gates:
        if isinstance(gate, Hook) and gate.when == when:
            yield look.standing(gate)


def _at(state: Release, deployment: Deployment, now: float, outside: Outside) -> _Look:
    wave, target = state.wave_of(deployment), deployment.target
    return _Look(state=state, wave=wave, index=deployment.wave, target=target, now=now, outside=outside)


def _closed(standings: Iterable[Standing]) -> Decision:
    """What keeps closed, in all; nobody is asked while it would change nothing."""
    known = tuple(standings)
    plain = reduce(add, (each.decision for each in known if not each.asks), NOTHING)
    return plain if plain != NOTHING else reduce(add, (each.decision for each in known), NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A look at the gates of a wave, or of one of its targets."""

    state: Release
    wave: Wave
    index: int
    now: float
    outside: Outside
    target: Target | None = None

    @property
    def gates(self) -> tuple[Gate, ...]:
        return self.state.pipeline.gates_of(self.wave)

    @property
    def place(self) -> Target:
        """The target, or the one-box, with which a wave begins."""
        going = [each.target for each in self.state.in_wave(self.index) if not each.skipped]
        return self.target or (going or self.wave.targets)[0]

    def standing(self, gate: Gate) -> Standing:
        unlocked = self.state.unlocked.get((gate.name, self.wave.name))
        decision = NOTHING if unlocked else self._closed(gate)
        return Standing(gate=gate.name, kind=gate.kind, decision=decision, unlocked=unlocked)

    def _closed(self, gate: Gate) -> Decision:
        match gate:
            case Window() | Freeze():
                return self._by_the_clock(gate)
            case After():
                return self._after(gate)
            case Age():
                return self._age(gate)
            case Approval():
                return self._shut(gate.name, f"waits for approval: {gate.of}", person=True)
            case Variable():
                found = self.outside.variables.get(gate.variable)
                if found and found.value == gate.value:
                    return NOTHING
                told = f"is {found.value}" if found else "is not set"
                return self._shut(gate.name, f"{gate.variable} {told}, and not {gate.value}", person=True)
            case Alarms() | Hook():
                return self._asked(gate)
            case _:
                assert_never(gate)

    def _by_the_clock(self, gate: Window | Freeze) -> Decision:
        name = zone_name(gate.zone, self.place.region)
        zone = zone_named(name)
        if zone is None:
            what = f"nobody here knows the time zone {name or f'of {self.place.region}'}"
            return self._shut(gate.name, what, person=True)
        opening = opens_at(gate, zone, self.now)
        if opening == self.now:
            return NOTHING
        what = "these are not its hours" if isinstance(gate, Window) else "nothing is released now"
        return self._shut(gate.name, f"{what} in {self.place.region}", opening, person=opening is None, zone=name)

    def _age(self, gate: Age) -> Decision:
        if self.index == 0:
            return NOTHING
        until = self.state.baked_at[self.index - 1] + gate.seconds
        before = self.state.pipeline.waves[self.index - 1].name
        return NOTHING if self.now >= until else self._shut(gate.name, f"wave {before} has just baked", until)

    def _after(self, gate: After) -> Decision:
        group = self.state.opened.group
        if group and any(member.application == gate.application for member in group.members):
            return NOTHING  # the group has its own order
        before = [each for each in self.outside.others.get(gate.application, ()) if self._comes_first(each)]
        if not before:
            return NOTHING
        first = before[0]
        does = "goes back" if first.back else f"has not baked {self.place} yet"
        return self._shut(gate.name, f"release {first.id} of {gate.application} {does}")

    def _comes_first(self, other: Elsewhere) -> bool:
        older = (other.opened_at, other.id) < (self.state.opened.at, self.state.id)
        if other.back:
            # A newer one may wait for one on top of it, which waits for this one's group; and one that was released
            # together with a release of this application waits for that one, on which this one may be.
            mine = self.state.pipeline.application in other.together
            return (older or not self.state.opened.group) and not mine
        here = str(self.place)
        if here in other.targets:
            return older and here in other.ahead
        # Where it has no target in this very account, those in the same region stand for it.
        return older and any(each.rpartition("/")[2] == self.place.region for each in other.ahead)

    def _asked(self, gate: Alarms | Hook) -> Decision:
        answer = self._answer(gate)
        if answer and answer.answer == "open" and (self._is_over(gate) or self.now < answer.at + gate.every):
            return NOTHING
        if answer and answer.answer != "open" and self.now < answer.at + gate.every:
            shut = self._shut(gate.name, answer.why or answer.answer)
            return shut + Decision(wake_at=answer.at + gate.every)
        effect = AskGate(gate=gate.name, wave=self.wave.name, target=self.target or Nowhere())
        failure = self.state.failures.get(effect.key)
        if failure is None or self.now >= retry_at(failure):
            return attempt(self.state, effect, self.now) + self._shut(gate.name, "it is being asked")
        what = f"it cannot be asked: {failure.event.what} {failure.event.next}".rstrip()
        shut = self._shut(gate.name, what, person=not failure.event.retryable)
        return shut + Decision(wake_at=retry_at(failure))

    def _is_over(self, gate: Alarms | Hook) -> bool:
        """Whether what was asked for lies behind, so that the answer holds for good."""
        return isinstance(gate, Hook) and gate.when == "after"

    def _answer(self, gate: Alarms | Hook) -> e.GateAsked | None:
        """The newest answer; when a wave begins, the alarms of all its targets are asked for."""
        key = self.target.key if self.target else ""
        places = ("", key) if isinstance(gate, Alarms) else (key,)
        found = [self.state.asked.get((gate.name, self.wave.name, place)) for place in places]
        return max((each for each in found if each), key=lambda each: each.at, default=None)

    def _shut(
        self, gate: str, why: str, until: float | None = None, *, person: bool = False, zone: str = ""
    ) -> Decision:
        where = f"{self.target}: " if self.target else f"wave {self.wave.name}: "
        blocker = Blocker(what=f"{where}gate {gate}: {why}", until=until, person=person, gate=gate, zone=zone)
        return Decision(wake_at=until, blockers=(blocker,))

    def member(self, gate: str, shut: Blocker | None) -> Standing:
        unlocked = self.state.unlocked.get((gate, self.wave.name))
        closed = self._shut(gate, shut.what, person=shut.person) if shut and not unlocked else NOTHING
        return Standing(gate=gate, kind="group", decision=closed, unlocked=unlocked)

    def frozen(self, name: str, freeze: FreezePlaced) -> Standing:
        gate = FREEZE + name
        unlocked = self.state.unlocked.get((gate, self.wave.name))
        over = unlocked or not freeze.start <= self.now < freeze.end
        shut = NOTHING if over else self._shut(gate, f"frozen by {freeze.by}: {freeze.why}", freeze.end)
        return Standing(gate=gate, kind="freeze", decision=shut, unlocked=unlocked)


def _in_order(look: _Look, gates: Iterable[tuple[str, Blocker | None]]) -> Iterator[Standing]:
    """What comes before in the release's group."""
    for gate, shut in gates:
        yield look.member(gate, shut)


def _freezes(look: _Look) -> Iterator[Standing]:
    """People's freezes: those that hold now."""
    for name, freeze in look.outside.freezes.items():
        if freeze.start <= look.now < freeze.end:
            yield look.frozen(name, freeze)
