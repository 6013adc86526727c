"""Asking gates: an alarm that may fire, or somebody outside, becomes the event that says what they answered."""

from __future__ import annotations

import json
from typing import Any

from shoreward.app.ports import Question
from shoreward.app.world import World
from shoreward.core import Deployment, Release
from shoreward.core import events as e
from shoreward.core.effects import AskGate
from shoreward.domain import Alarms, GateAnswer, Hook, Target, Terminal, Wave

_LONGEST = 500
"""Characters of what a hook says that are kept."""


def ask(world: World, state: Release, effect: AskGate) -> e.GateAsked:
    """Ask a gate, once; raises what asking may raise, and then nobody has answered."""
    wave = next(each for each in state.pipeline.waves if each.name == effect.wave)
    gate = next(each for each in state.pipeline.gates_of(wave) if each.name == effect.gate)
    targets = _targets(state, wave, effect.target.key)
    match gate:
        case Alarms():
            answer, why = _alarms(world, gate, targets)
        case Hook():
            reply = world.hooks.ask(gate, _question(state, gate, wave, targets, effect))
            answer, why = reply.answer, reply.why[:_LONGEST]
        case _:
            raise Terminal("INTERNAL", f"Gate {gate.name} asks nobody.", next="Please report it.")
    return e.GateAsked(
        at=world.clock.now(), gate=gate.name, wave=wave.name, target=effect.target.key, answer=answer, why=why
    )


def _targets(state: Release, wave: Wave, key: str) -> list[Deployment]:
    """The target that is meant, or all of a wave that are not left out, its one-box first."""
    found = [state.deployments[key]] if key else [state.deployments[each.key] for each in wave.targets]
    return [each for each in found if not each.skipped] or found


def _alarms(world: World, gate: Alarms, targets: list[Deployment]) -> tuple[GateAnswer, str]:
    """Closed while one fires on any of the targets."""
    for deployment in targets:
        target = deployment.target
        firing = [*(world.alarms.firing(target, gate.alarms) if gate.alarms else ())]
        firing += world.alarms.firing_like(target, gate.prefix) if gate.prefix else ()
        if firing:
            return "closed", f"alarm {', '.join(dict.fromkeys(firing))} is firing on {target}"
    return "open", ""


def _question(state: Release, gate: Hook, wave: Wave, targets: list[Deployment], effect: AskGate) -> Question:
    first = targets[0]
    about = first if effect.target.key else None
    body: dict[str, Any] = {
        "application": state.pipeline.application,
        "release": state.id,
        "commit": state.opened.commit,
        "subject": state.opened.subject,
        "revision": state.revision.digest if state.revision else None,
        "gate": gate.name,
        "when": gate.when,
        "wave": wave.name,
        "target": _place(about.target) if about else None,
        "functions": _functions(about) if about else [],
    }
    return Question(target=first.target, body=json.dumps(body, ensure_ascii=False), key=f"{state.id}/{effect.key}")


def _place(target: Target) -> dict[str, str]:
    return {"account": target.account, "region": target.region, "stack": target.stack}


def _functions(deployment: Deployment) -> list[dict[str, str | None]]:
    """What serves, and what is to serve: a hook may call either by its version."""
    staged = deployment.staged.functions if deployment.staged else ()
    return [
        {
            "logical_id": each.logical_id,
            "name": each.name,
            "alias": each.alias,
            "baseline": each.baseline,
            "candidate": each.candidate,
        }
        for each in staged
    ]
