"""What becomes of a sandbox when somebody reaps: always with a reason, and never in doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.sandboxes import Lease, Seen, State
from shoreward.app.sandboxes.reaping import Fate, Known, fate, is_past
from shoreward.domain import Target

NOW = 1_800_000_000.0
TARGET = Target(account="111111111111", region="eu-north-1", stack="shop-sandbox-main--123456")
UP = Lease(
    target=TARGET,
    application="shop",
    owner="kim",
    branch="main",
    commit="c",
    state=State.UP,
    created=NOW - 1_000,
    used=NOW - 500,
    expires=NOW + 500,
)
THERE = Seen(
    target=TARGET,
    status="CREATE_COMPLETE",
    application="shop",
    owner="kim",
    branch="main",
    created=NOW - 1_000,
    expires=NOW + 500,
)


def judged(lease: Lease | None, seen: Seen | None, *, orphans: bool = False, **more: object) -> Fate:
    return fate(Known(lease=lease, seen=seen, **more), now=NOW, owner="kim", orphans=orphans)  # type: ignore[arg-type]


def test_a_sandbox_whose_lease_has_not_ended_stays():
    assert not judged(UP, THERE).doomed


def test_one_whose_lease_has_ended_goes():
    ended = replace(UP, expires=NOW - 1)
    assert judged(ended, replace(THERE, expires=NOW - 1)).doomed


def test_a_lease_that_was_renewed_on_another_machine_has_not_ended():
    assert not judged(replace(UP, expires=NOW - 1), replace(THERE, expires=NOW + 1)).doomed


@pytest.mark.parametrize("state", [State.COMING, State.GOING])
@pytest.mark.parametrize("seen", [THERE, None])
def test_what_a_crash_left_half_done_goes(state: State, seen: Seen | None):
    assert judged(replace(UP, state=state), seen).doomed


@pytest.mark.parametrize("state", list(State))
def test_what_a_running_process_works_with_stays(state: State):
    found = judged(replace(UP, state=state, expires=NOW - 1), THERE, held=True)
    assert not found.doomed
    assert "process" in found.why


def test_what_only_the_ledger_knows_goes_for_functions_may_have_left_logs():
    assert judged(UP, None).doomed


def test_nobody_removes_what_nobody_could_look_at():
    found = judged(replace(UP, expires=NOW - 1), None, unseen="the region is dark")
    assert not found.doomed
    assert "dark" in found.why


def test_one_that_was_removed_and_came_back_goes_again():
    gone = replace(UP, state=State.GONE, ended=NOW - 100)
    assert judged(gone, THERE).doomed


def test_one_that_another_ledger_made_after_ours_was_gone_is_not_ours():
    gone = replace(UP, state=State.GONE, ended=NOW - 100)
    assert not judged(gone, replace(THERE, created=NOW - 50, owner="pat")).doomed


def test_a_strangers_sandbox_stays_until_its_lease_has_ended():
    stranger = replace(THERE, owner="pat")
    assert not judged(None, stranger).doomed
    assert not judged(None, stranger, orphans=True).doomed
    assert judged(None, replace(stranger, expires=NOW - 1)).doomed


def test_ones_own_that_the_ledger_lost_goes_when_it_is_asked_for():
    assert not judged(None, THERE).doomed
    assert judged(None, THERE, orphans=True).doomed


def test_one_that_does_not_say_when_it_ends_goes_when_it_is_asked_for():
    silent = replace(THERE, expires=None)
    assert not judged(None, silent).doomed
    assert judged(None, silent, orphans=True).doomed


def test_what_is_gone_is_not_spoken_of():
    gone = Known(lease=replace(UP, state=State.GONE, ended=NOW), seen=None)
    assert is_past(gone)
    assert not is_past(replace(gone, seen=THERE))
