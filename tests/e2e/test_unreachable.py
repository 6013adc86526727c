"""A region whose API does not answer at all, in the middle of a release."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from shoreward.cloud import FaultRule
from shoreward.core import Restored, decide
from shoreward.domain import Outcome

from .support.customers import Customers
from .support.ground import Ground, ground

DARK = "us-west-2"
WAVES = (("south/ap-southeast-2",), (f"south/{DARK}",))
"""Both in one account: what one region's outage must not touch is the account's other regions."""


def test_a_region_that_stops_answering_holds_back_nobody_else_and_is_named() -> None:
    with ground(waves=WAVES, patience=1.0, deadline="8s") as harbor:
        # Given a release whose canary has traffic in a region that then stops answering
        harbor.carry(harbor.application.greets("ahoy"))
        before = harbor.reality()
        commit = harbor.application.greets("hello")
        with Customers(harbor.cloud.endpoint, harbor.targets), harbor.carrying(commit) as process:
            await_(harbor, process, lambda: exposed(harbor))
            harbor.cloud.faults.set([FaultRule(kind="reset", region=DARK)])

            # When nobody can tell how the canary fares there
            await_(harbor, process, lambda: everyone_else_is_back(harbor))

            # Then the release goes back everywhere else, does not end, and says what it waits for
            release = harbor.latest()
            assert not release.ended
            waits = [blocker.what for blocker in decide(release, time.time()).blockers]
            assert any(DARK in what for what in waits), waits
            for target, standing in harbor.reality_of(*reachable(harbor)).items():
                assert standing.functions[0][1:3] == before[target].functions[0][1:3], target

            # And when the region answers again, the release ends there, too
            harbor.cloud.faults.clear()
            assert process.wait(60) == 0, harbor.said()

        assert harbor.latest().outcome in (Outcome.ROLLED_BACK, Outcome.ERRORED)
        for target, standing in harbor.reality().items():
            assert standing.drift == "IN_SYNC", target
            assert standing.functions[0][1:3] == before[target].functions[0][1:3], target


def reachable(harbor: Ground) -> list[str]:
    return [target.key for target in harbor.targets if target.region != DARK]


def exposed(harbor: Ground) -> bool:
    """Whether the canary has traffic in the region that will go dark."""
    release = harbor.latest()
    return not release.ended and any(
        each.percent > 0 for each in release.deployments.values() if each.target.region == DARK
    )


def everyone_else_is_back(harbor: Ground) -> bool:
    deployments = harbor.latest().deployments
    return all(deployments[key].restored is Restored.STACK for key in reachable(harbor))


def await_(harbor: Ground, process: subprocess.Popen[bytes], seen: Callable[[], bool], limit: float = 90.0) -> None:
    until = time.monotonic() + limit
    while not seen():
        assert process.poll() is None, harbor.said()
        assert time.monotonic() < until, harbor.events(harbor.latest())[-5:]
        time.sleep(0.05)
