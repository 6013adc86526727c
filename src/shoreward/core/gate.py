"""The gate: in a release the checks run first, and nothing reaches a wave without their pass.

A release whose pipeline has no checks (it is from before there were any) has no gate. A verdict that is kept makes the
gate instant: nothing here waits.
"""

from __future__ import annotations

from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.decision import Blocker, Decision, attempt
from shoreward.core.state import Release
from shoreward.domain import Outcome, Verdict


def is_open(state: Release) -> bool:
    """Whether waves may be entered: the checks passed, or there are none."""
    return state.pipeline.checks is None or (state.checked is not None and state.checked.verdict.advances)


def pass_gate(state: Release, now: float) -> Decision:
    """Ask for the verdict."""
    waiting = Blocker(what="its checks have not come to a verdict yet")
    return attempt(state, do.CheckRevision(commit=state.opened.commit), now) + Decision(blockers=(waiting,))


def turned_away(state: Release, now: float) -> e.ReleaseEnded | None:
    """The end of a release whose checks failed, held or not: nobody was touched, so there is nothing to take back."""
    if state.checked is None or state.checked.verdict is not Verdict.FAIL:
        return None
    return e.ReleaseEnded(at=now, outcome=Outcome.FAILED)
