"""The pure centre: `evolve(state, event)` and `decide(state, now)`.

Everything that happens is an event (`core.events`), everything we do is an effect (`core.effects`). No clock, no
chance, no network: a whole release can be simulated, replayed and explained with what is in this folder.
"""

from shoreward.core.decide import decide, unwanted
from shoreward.core.decision import Blocker, Decision
from shoreward.core.effects import Effect
from shoreward.core.events import Event
from shoreward.core.state import Deployment, Phase, Release, Restored, evolve, opened, replay

__all__ = [
    "Blocker",
    "Decision",
    "Deployment",
    "Effect",
    "Event",
    "Phase",
    "Release",
    "Restored",
    "decide",
    "evolve",
    "opened",
    "replay",
    "unwanted",
]
