"""Rights that somebody took away in mid-release: named with what to allow, and gone on with once they are back."""

from __future__ import annotations

import pytest

from shoreward.app.people import levers
from shoreward.cloud import FaultRule
from shoreward.cloud.faults import Control
from shoreward.core import Release
from shoreward.domain import Outcome

from .support import FAR, NEAR, Coast


def revoked(coast: Coast) -> list[FaultRule]:
    """The role may do nothing any more, and cannot be assumed either."""
    account = coast.accounts[FAR].account_id
    return [
        FaultRule(kind="denied", service="sts", operation="AssumeRole"),
        FaultRule(kind="denied", account=account),
    ]


def near_is_back(coast: Coast, release: str) -> None:
    def back(state: Release) -> bool:
        return bool(state.rollback) and coast.serves(NEAR) == "one" and bool(state.failures)

    coast.sail(release, back)


def test_a_role_that_is_gone_before_its_wave_sends_the_release_back(abroad: Coast, faults: Control) -> None:
    release = abroad.open("two")
    abroad.sail(release, lambda state: state.baked == 1)
    faults.set(revoked(abroad))
    state = abroad.sail(release)
    assert (state.outcome, abroad.serves(NEAR)) == (Outcome.ERRORED, "one")
    assert state.rollback is not None
    assert all(word in state.rollback.reason for word in ("AWS_ACCESS_DENIED", "Allow", "shoreward bootstrap"))


def test_a_role_revoked_under_a_canary_is_named_and_the_region_goes_back_once_it_is_there(
    abroad: Coast, faults: Control
) -> None:
    # Given a canary in an account whose role is revoked
    release = abroad.open("two")
    abroad.baking(release)
    faults.set(revoked(abroad))

    # Then the other region goes back, and what a person has to allow is named
    near_is_back(abroad, release)
    waits = abroad.blockers(release)
    assert any(one.person and "is not allowed" in one.what and "Allow" in one.what for one in waits), waits

    # And once it is allowed, the release ends by itself
    faults.clear()
    assert (abroad.sail(release).outcome, abroad.serves()) == (Outcome.ERRORED, "one")


def test_a_role_revoked_on_the_way_back_is_waited_for(abroad: Coast, faults: Control) -> None:
    release = abroad.open("two")
    abroad.moved(release)
    faults.set(revoked(abroad))
    levers.abort(abroad.journal, release, abroad.wish)
    near_is_back(abroad, release)
    assert "restore-traffic" in abroad.waits_for(release)
    faults.clear()
    assert (abroad.sail(release).outcome, abroad.serves()) == (Outcome.ABORTED, "one")


@pytest.mark.parametrize(
    ("operation", "action"),
    [("ExecuteChangeSet", "cloudformation:ExecuteChangeSet"), ("UpdateAlias", "lambda:UpdateAlias")],
)
def test_a_single_right_that_is_gone_is_named(abroad: Coast, faults: Control, operation: str, action: str) -> None:
    release = abroad.open("two")
    abroad.sail(release, lambda state: state.baked == 1)
    faults.set([FaultRule(kind="denied", operation=operation, account=abroad.accounts[FAR].account_id)])
    state = abroad.sail(release, lambda state: state.rollback is not None)
    assert state.rollback is not None
    assert f"{action} is not allowed" in state.rollback.reason
    faults.clear()
    assert (abroad.sail(release).outcome, abroad.serves()) == (Outcome.ERRORED, "one")


def test_sessions_that_were_revoked_are_replaced(abroad: Coast, faults: Control) -> None:
    # Given a role whose sessions up to now somebody revokes, as the console does
    release = abroad.open("two")
    abroad.baking(release)
    sessions = abroad.bench.adapters.sessions
    target = abroad.pipeline.waves[1].targets[0]
    revoked = sessions.credentials(target).access_key
    faults.set([FaultRule(kind="denied", access_key=revoked)])

    # When they are more than a minute old, the release goes on with a fresh one
    abroad.bench.hour += 120.0
    assert abroad.sail(release).outcome is Outcome.SUCCEEDED
    assert sessions.credentials(target).access_key != revoked


def test_credentials_that_expire_are_replaced_where_a_role_gives_fresh_ones(abroad: Coast, faults: Control) -> None:
    release = abroad.open("two")
    abroad.baking(release)
    faults.set([FaultRule(kind="expired", account=abroad.accounts[FAR].account_id, times=1)])
    assert abroad.sail(release).outcome is Outcome.SUCCEEDED


def test_a_persons_own_credentials_that_expire_are_asked_for(coast: Coast, faults: Control) -> None:
    release = coast.open("two")
    coast.baking(release)
    faults.set([FaultRule(kind="expired", account=coast.bench.account.account_id)])
    coast.sail(release, lambda state: bool(state.rollback) and bool(state.failures))
    assert "Sign in again" in coast.waits_for(release)
    faults.clear()
    assert (coast.sail(release).outcome, coast.serves(NEAR), coast.serves()) == (Outcome.ERRORED, "one", "one")
