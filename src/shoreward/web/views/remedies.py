"""What is to be done about what a release waits for, in words, and the commands that do it."""

from __future__ import annotations

from shoreward.core import Blocker, Release
from shoreward.core import events as e
from shoreward.core.control import Control
from shoreward.core.gating import FREEZE
from shoreward.domain import Approval
from shoreward.web.views.actions import lift_freeze, lift_stop, on_release, resume_part, retry, skip
from shoreward.web.views.shapes import Action


def remedy(state: Release, blocker: Blocker, control: Control) -> tuple[str, tuple[Action, ...]]:
    """What is to be done about what a release waits for, in words, and the commands that do it."""
    if blocker.gate:
        return _opening(state, blocker, control)
    if not blocker.person:
        return "", ()
    if state.hold and blocker.what == f"held by {state.hold.by}: {state.hold.why}":
        return _released(state.hold), ()  # both levers are at the head of every release
    for held in state.holds.values():
        if (held.wave or held.target) and blocker.what.endswith(f"is held by {held.by}: {held.why}"):
            return _released(held), (resume_part(state, held),)
    if (stopped := control.stop_of(state.pipeline.application)) and "was stopped by" in blocker.what:
        return "Let it move again once the reason is settled.", (lift_stop(stopped.application),)
    for failure in state.failures.values():
        if blocker.what.startswith(f"{failure.event.effect} failed"):
            actions = [each for each in (retry(state), skip(state)) if not each.unless]
            return "Mend what is named here, then try again; or leave the target out.", tuple(actions)
    return "See to what is named here; the release goes on by itself afterwards.", ()


def _released(held: e.HoldPlaced) -> str:
    if held.drift:
        return "Somebody changed it by hand. Change it back, or resume: the release then goes over what is named here."
    if held.advisories:
        return "Look at the advisories. Whoever resumes takes them upon themselves; abort sends the release back."
    if held.by == "shoreward":
        return "Look at the evidence. Resume waits for it once more; abort sends the release back."
    return "Resume when the reason is settled; abort sends the release back."


def _opening(state: Release, blocker: Blocker, control: Control) -> tuple[str, tuple[Action, ...]]:
    name = blocker.gate
    wave = state.pipeline.waves[min(state.baked, len(state.pipeline.waves) - 1)]
    gate = next((each for each in state.pipeline.gates_of(wave) if each.name == name), None)
    body = {"gate": name, "wave": wave.name}
    if isinstance(gate, Approval):
        approve = on_release(
            state.id,
            "approve",
            "Approve",
            f"Approve {name} of {state.id}",
            "The wave begins as soon as its other gates are open.",
            tone="act",
            body=body,
        )
        return "Look at what it asks for, then approve it.", (approve,)
    override = on_release(
        state.id,
        "override",
        "Override",
        f"Override {name} of {state.id}",
        "It is open for this wave from now on, whatever keeps it closed.",
        body=body,
        admin=True,
    )
    freeze_name = name.removeprefix(FREEZE)
    if name.startswith(FREEZE) and freeze_name in control.freezes:
        return "", (override, lift_freeze(freeze_name))
    return ("See to what keeps it closed, or override it." if blocker.person else ""), (override,)
