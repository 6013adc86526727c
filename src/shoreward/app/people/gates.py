"""Gates, as people meet them: how each stands for a release, and opening one with a reason.

Overriding a gate is an event in the journal like everything that people say; what it opens, it opens for one wave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shoreward.app.ports import Journal
from shoreward.app.releases import Wish, say
from shoreward.app.surroundings import Scene
from shoreward.core import Blocker, Event, Phase, Release
from shoreward.core import events as e
from shoreward.core.control import control_of
from shoreward.core.gating import FREEZE, Standing, at_hooks, at_target, at_wave
from shoreward.core.grouping import GROUP
from shoreward.core.outside import Outside
from shoreward.domain import Approval, Freeze, Refused, Target, Wave, Window
from shoreward.domain.zones import zone_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """How a gate stands, and of what; `target` is None for one of a wave as a whole."""

    wave: str
    target: Target | None
    standing: Standing


def standings(state: Release, now: float, outside: Outside) -> tuple[Placed, ...]:
    """How the gates stand of the wave that a release is in, or comes to next; nothing for one that goes back."""
    if state.ended or state.rollback or state.baked == len(state.pipeline.waves):
        return ()
    wave = state.pipeline.waves[state.baked].name
    if state.waiting:
        found = at_wave(state, state.baked, now, outside)
        return tuple(Placed(wave=wave, target=None, standing=each) for each in found)
    return tuple(_of_targets(state, wave, now, outside))


def _of_targets(state: Release, wave: str, now: float, outside: Outside) -> Iterator[Placed]:
    for deployment in state.in_wave(state.wave):
        if deployment.skipped:
            continue
        found = () if deployment.entered else at_target(state, deployment, now, outside)
        if deployment.phase is Phase.PROBED:
            found = tuple(at_hooks(state, deployment, now, "before"))
        if deployment.phase is Phase.FINISHED:
            found = tuple(at_hooks(state, deployment, now, "after"))
        for each in found:
            yield Placed(wave=wave, target=deployment.target, standing=each)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """How a gate stands for a release, in words.

    Attributes:
        target: key of the target whose gate it is; None for one of the wave as a whole. `of` says it in words.
        why: why it is closed, or who opened it.
        waits: for what, and until when.
    """

    gate: str
    kind: str
    wave: str
    target: str | None
    of: str
    open: bool
    why: str
    waits: tuple[Blocker, ...]


def gate_states(state: Release, now: float, scene: Scene) -> tuple[GateState, ...]:
    """The gates of the wave that a release is in, or comes to next; nothing for one that is not in the scene."""
    if all(each.id != state.id for each in scene.releases):
        return ()
    return tuple(_told(each) for each in standings(state, now, scene.around(state)))


def _told(placed: Placed) -> GateState:
    standing = placed.standing
    return GateState(
        gate=standing.gate,
        kind=standing.kind,
        wave=placed.wave,
        target=placed.target.key if placed.target else None,
        of=str(placed.target) if placed.target else f"wave {placed.wave}",
        open=standing.open,
        why=_why(standing),
        waits=standing.decision.blockers,
    )


def _why(standing: Standing) -> str:
    """Why it is closed, without its name; or who opened it."""
    if standing.unlocked:
        return f"opened by {standing.unlocked.by}: {standing.unlocked.why}"
    return "; ".join(_bare(standing, each.what) for each in standing.decision.blockers)


def _bare(standing: Standing, what: str) -> str:
    return what.partition(f"gate {standing.gate}: ")[2] or what


def approve(journal: Journal, release: str, gate: str, wish: Wish, *, wave: str = "") -> Release:
    """Approve what a gate asks a person for; see `override`.

    Raises:
        Refused: GATE_NO_APPROVAL when the gate waits for something else.
    """
    return _unlock(journal, release, gate, wish, wave, approving=True)


def override(journal: Journal, release: str, gate: str, wish: Wish, *, wave: str = "") -> Release:
    """Open a gate for a wave, whatever keeps it closed; one that is open stays so if it closes later.

    Args:
        gate: by name; a person's freeze is `freeze/NAME`, the order of a group `group/APPLICATION`. That one may be
            opened on the way back, too.
        wave: by name; the one that the release is in, or comes to next, when "".

    Raises:
        Refused: RELEASE_ENDED, WAVE_UNKNOWN, GATE_UNKNOWN.
    """
    return _unlock(journal, release, gate, wish, wave, approving=False)


def _unlock(journal: Journal, release: str, gate: str, wish: Wish, wave: str, *, approving: bool) -> Release:
    def unlock(state: Release) -> Event | None:
        if state.ended or (state.rollback and not gate.startswith(GROUP)):
            does = f"has ended ({state.outcome})" if state.ended else "goes back"
            raise Refused("RELEASE_ENDED", f"Release {release} {does}; it waits for no gate.")
        which = _wave(state, wave)
        _check(journal, state, which, gate, approving=approving)
        if (gate, which.name) in state.unlocked:
            return None
        return e.GateOpened(at=wish.at, gate=gate, wave=which.name, by=wish.by, why=wish.why)

    return say(journal, release, unlock)


def _wave(state: Release, name: str) -> Wave:
    waves = state.pipeline.waves
    if not name:
        return waves[min(state.baked, len(waves) - 1)]
    found = next((each for each in waves if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in waves)
        raise Refused("WAVE_UNKNOWN", f"Release {state.id} has no wave {name}.", next=f"Its waves are {known}.")
    return found


def _check(journal: Journal, state: Release, wave: Wave, gate: str, *, approving: bool) -> None:
    """The gate is one of the wave; and an approval, where that is what is given."""
    gates = {each.name: each for each in state.pipeline.gates_of(wave)}
    name = state.pipeline.application
    freezes = control_of(journal.orders()).freezes.values()
    members = state.opened.group.members if state.opened.group else ()
    order = [GROUP + each.application for each in members if each.application != name]
    known = [*order, *gates, *(FREEZE + each.name for each in freezes if each.application in ("", name))]
    if gate not in known:
        told = f"Its gates are {', '.join(known)}." if known else "It has none."
        raise Refused("GATE_UNKNOWN", f"Wave {wave.name} of {state.id} has no gate {gate}.", next=told)
    if approving and not isinstance(gates.get(gate), Approval):
        raise Refused(
            "GATE_NO_APPROVAL",
            f"Gate {gate} does not wait for approval.",
            next=f"Open it all the same with `shoreward override {state.id} {gate}`.",
        )


def zones_of(gate: Window | Freeze, wave: Wave) -> tuple[str, ...]:
    """The time zones by which a gate goes in a wave, each once, the one-box's first."""
    return tuple(dict.fromkeys(zone_name(gate.zone, target.region) for target in wave.targets))
