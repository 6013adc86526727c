"""A controller that is killed again and again leaves the cloud as one that is left in peace does."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

from shoreward.domain import Outcome

from .support.application import SHORT_WAVES
from .support.customers import Customers
from .support.ground import Ground, Standing, ground
from .support.storm import Storm


def in_peace() -> dict[str, Standing]:
    """What a first release and a harmful one leave behind, when nobody disturbs them."""
    with ground(waves=SHORT_WAVES) as harbor:
        harbor.carry(harbor.application.greets("ahoy"))
        with Customers(harbor.cloud.endpoint, harbor.targets):
            harbor.carry(harbor.application.harms("oho"))
        return harbor.reality()


def test_killed_controllers_leave_what_an_undisturbed_one_leaves() -> None:
    with ThreadPoolExecutor(1) as aside, ground(waves=SHORT_WAVES) as harbor:
        peace = aside.submit(in_peace)
        storm = Storm(harbor, random.Random(12))

        # Given a first release whose controller was killed on its way
        kills = storm.carry(harbor.application.greets("ahoy"), kills=3)
        assert_ended(harbor, Outcome.SUCCEEDED)

        # When a harmful one follows, and its controllers are killed on the way there and on the way back
        with Customers(harbor.cloud.endpoint, harbor.targets):
            kills += storm.carry(harbor.application.harms("oho"), kills=4, back=2)

        # Then it went back as it should, nothing was done twice, and the cloud is as if nothing had happened
        assert_ended(harbor, Outcome.ROLLED_BACK)
        assert len(kills) >= 7, kills
        assert harbor.reality() == peace.result()


def assert_ended(harbor: Ground, outcome: Outcome) -> None:
    """The release ended so, nothing was done twice, no stack drifts, and no traffic is split."""
    release = harbor.latest()
    assert (release.outcome, harbor.audit(release).findings()) == (outcome, [])
    for target, standing in harbor.reality().items():
        assert standing.drift == "IN_SYNC", target
        assert all(not weights for _, _, weights, _ in standing.functions), target
