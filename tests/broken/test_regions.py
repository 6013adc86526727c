"""A region that does not answer, for a while or for ever: the others do not wait for it, and it is named."""

from __future__ import annotations

import pytest

from shoreward.app.people import levers
from shoreward.cloud import FaultRule
from shoreward.cloud.faults import Control
from shoreward.core import Release
from shoreward.domain import Outcome

from .support import FAR, NEAR, Coast

SILENCES = [FaultRule(kind="reset", region=FAR), FaultRule(kind="error", status=503, region=FAR)]


def failed(times: int) -> object:
    return lambda state: any(failure.attempts >= times for failure in state.failures.values())


def restored_near(coast: Coast) -> object:
    def back(state: Release) -> bool:
        return state.rollback is not None and coast.serves(NEAR) == "one"

    return back


@pytest.mark.parametrize("silence", SILENCES, ids=["reset", "503"])
def test_before_it_is_touched_a_region_is_waited_for(coast: Coast, faults: Control, silence: FaultRule) -> None:
    release = coast.open("two")
    coast.sail(release, lambda state: state.baked == 1)
    faults.set([silence])
    coast.sail(release, failed(3))  # type: ignore[arg-type]
    assert FAR in coast.waits_for(release)
    faults.clear()
    assert coast.sail(release).outcome is Outcome.SUCCEEDED


def test_before_it_is_touched_a_region_that_stays_silent_sends_the_release_back(coast: Coast, faults: Control) -> None:
    release = coast.open("two")
    coast.sail(release, lambda state: state.baked == 1)
    faults.set([SILENCES[0]])
    state = coast.sail(release)
    assert (state.outcome, coast.serves(NEAR)) == (Outcome.ERRORED, "one")
    assert state.rollback is not None
    assert all(word in state.rollback.reason for word in ("AWS_UNREACHABLE", FAR))
    faults.clear()
    assert coast.serves(FAR) == "one"


@pytest.mark.parametrize("silence", SILENCES, ids=["reset", "503"])
def test_under_a_canary_a_region_goes_back_as_soon_as_it_answers(
    coast: Coast, faults: Control, silence: FaultRule
) -> None:
    # Given a region that falls silent under its canary, and does not answer when the next step is due
    release = coast.open("two")
    coast.baking(release)
    faults.set([silence])

    # When the release gives up, the other region goes back, and this one is waited for by name
    coast.sail(release, restored_near(coast))  # type: ignore[arg-type]
    coast.sail(release, failed(2))  # type: ignore[arg-type]
    assert coast.serves(NEAR) == "one"
    assert all(word in coast.waits_for(release) for word in ("restore-traffic", FAR))

    # And when it answers, it goes back by itself
    faults.clear()
    assert (coast.sail(release).outcome, coast.serves()) == (Outcome.ERRORED, "one")


def test_on_the_way_back_others_do_not_wait_for_a_silent_region(coast: Coast, faults: Control) -> None:
    release = coast.open("two")
    coast.moved(release)
    faults.set([SILENCES[1]])
    levers.abort(coast.journal, release, coast.wish)
    coast.sail(release, failed(4))  # type: ignore[arg-type]
    assert coast.serves(NEAR) == "one"
    assert all(word in coast.waits_for(release) for word in ("restore-traffic", FAR))
    faults.clear()
    assert (coast.sail(release).outcome, coast.serves()) == (Outcome.ABORTED, "one")
