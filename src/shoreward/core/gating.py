"""Gates of waves and targets: what must be open before they are entered, and when what is closed opens."""

from __future__ import annotations

from shoreward.core.decision import NOTHING, Decision
from shoreward.core.outside import Outside
from shoreward.core.state import Deployment, Release


def wave_gates(state: Release, wave: int, now: float, outside: Outside) -> Decision:
    """What keeps a wave closed; `NOTHING` when it may be entered."""
    return NOTHING


def target_gates(state: Release, deployment: Deployment, now: float, outside: Outside) -> Decision:
    """What keeps a target closed; `NOTHING` when it may be entered."""
    return NOTHING
