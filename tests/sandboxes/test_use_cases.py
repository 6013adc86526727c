"""What sandboxes promise, whatever cloud they are in: reuse, leases, and nothing that a crash could leak."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.app.sandboxes import State, Thing
from shoreward.app.sandboxes.ports import Proof, Quota
from shoreward.domain import Place, Refused, Retryable, SpecError, Terminal

from .pretend import PLACE, Died, Pretence

LONG = 10**9


def test_a_branch_has_one_sandbox_that_is_updated_in_place():
    team = Pretence()
    first, second = team.up(word="hello"), team.up(word="good day")
    assert first.lease.name == second.lease.name
    assert len(team.cloud.stacks) == 1
    assert second.lease.commit == "commit-good day"


def test_branches_and_owners_have_sandboxes_of_their_own():
    team = Pretence()
    made = {team.up(branch, owner=owner).lease.name for branch in ("main", "fix") for owner in ("kim", "pat")}
    assert len(made) == len(team.cloud.stacks) == 4


def test_a_fresh_one_touches_no_other():
    team = Pretence()
    team.up()
    before = dict(team.cloud.stacks)
    fresh = team.up(nonce="release-12")
    assert fresh.lease.fresh
    assert fresh.lease.key not in before
    assert {key: team.cloud.stacks[key] for key in before} == before


def test_the_same_revision_again_changes_nothing_but_the_lease():
    team = Pretence(lease=1_000)
    first = team.up()
    team.clock.time += 300
    second = team.up()
    assert not second.changed
    assert second.lease.expires == first.lease.expires + 300
    assert second.lease.created == first.lease.created


def test_the_cloud_learns_of_a_renewed_lease_before_half_of_it_has_passed():
    team = Pretence(lease=1_000)
    team.up()
    team.clock.time += 501
    second = team.up()
    assert second.changed
    assert team.known()[0].seen is not None
    assert team.known()[0].seen.expires == second.lease.expires


def test_a_stack_of_somebody_else_is_never_taken():
    team = Pretence()
    made = team.up()
    stack = team.cloud.stacks[made.lease.key]
    stack.tags = tuple((name, "pat" if name == "shoreward:owner" else value) for name, value in stack.tags)
    with pytest.raises(Refused, match="SANDBOX_TAKEN"):
        team.up()


def test_a_full_quota_stops_before_anything_is_created():
    team = Pretence(cloud=Pretence().cloud)
    team.cloud.account = (Quota(name="stacks", limit=2_000, used=2_000, needed=1),)
    with pytest.raises(Refused, match="2000 of 2000 are used, and it needs 1"):
        team.up()
    assert not team.cloud.stacks
    assert not team.ledger.all()


def test_a_quota_that_cannot_be_read_is_told_and_stops_nothing():
    team = Pretence()
    team.cloud.account = (Quota(name="stacks", unread="not allowed"),)
    assert [one.unread for one in team.up().quotas] == ["not allowed"]
    assert team.up().quotas == ()  # what is there already needs no room


def test_data_is_put_into_a_fresh_sandbox_once():
    team = Pretence(seed="python seed.py")
    assert team.up().seeded
    assert not team.up(word="good day").seeded
    assert team.up(seed=True).seeded
    assert len(team.seeds.asked) == 2
    assert team.seeds.asked[0]["AWS_SAM_STACK_NAME"].startswith("shop-sandbox-main--")
    assert team.seeds.asked[0]["AWS_SECRET_ACCESS_KEY"]


def test_a_seed_that_failed_is_run_again():
    team = Pretence(seed="python seed.py")
    team.seeds.failure = SpecError("SEED_FAILED", "no such table")
    with pytest.raises(SpecError, match="SEED_FAILED"):
        team.up()
    team.seeds.failure = None
    assert team.up().seeded


def test_a_stack_that_somebody_deleted_is_made_anew_with_its_data():
    team = Pretence(seed="python seed.py")
    first = team.up()
    team.cloud.stacks.clear()
    team.clock.time += 10
    second = team.up()
    assert second.seeded
    assert second.lease.created == first.lease.created + 10


def test_a_change_that_cannot_be_made_is_the_changes_fault_and_leaves_a_lease():
    team = Pretence()
    team.cloud.refusal = SpecError("SANDBOX_NOT_MADE", "Guests is misspelt.", where=Place(file="template.yaml"))
    with pytest.raises(SpecError, match="misspelt"):
        team.up()
    assert team.states() == [State.COMING]
    assert [one.why for one in team.fates() if one.doomed] == ["its creation was not finished"]


def test_down_leaves_nothing_and_says_where_it_looked():
    team = Pretence()
    team.up()
    proof = team.sandboxes.down(team.known()[0], team.progress)
    assert proof.clean
    assert proof.looked
    assert not team.cloud.everything()
    assert team.states() == [State.GONE]
    assert team.known() == ()


def test_what_cannot_be_removed_is_named_and_not_forgotten():
    team = Pretence()
    made = team.up()
    held = Thing(type="AWS::Lambda::Function", id=f"{made.lease.name}-Hello")
    team.cloud.stuck = {held}
    assert team.sandboxes.down(team.known()[0], team.progress).left == (held,)
    assert team.states() == [State.GOING]
    # and whoever wants the sandbox again is told so
    with pytest.raises(Terminal, match="SANDBOX_LEFT"):
        team.up()
    # until it can be removed
    team.cloud.stuck = set()
    assert team.up().changed


def test_an_expired_one_is_reaped_and_no_other():
    team = Pretence(lease=1_000)
    team.up("old")
    team.clock.time += 900
    young = team.up("young")
    team.clock.time += 200
    team.reap()
    assert list(team.cloud.stacks) == [young.lease.key]


def test_reaping_shows_what_it_would_do_first():
    team = Pretence(lease=1_000)
    team.up()
    team.clock.time += 2_000
    assert [(one.doomed, one.why) for one in team.fates()] == [(True, "its lease has ended")]
    assert len(team.cloud.stacks) == 1


def test_a_sandbox_in_use_is_not_reaped():
    team = Pretence(lease=1_000)
    made = team.up()
    team.clock.time += 2_000
    with team.ledger.hold(made.lease.key):
        assert team.reap() == {}
    assert len(team.cloud.stacks) == 1


def test_a_lease_that_was_renewed_since_somebody_looked_is_kept():
    team = Pretence(lease=1_000)
    made = team.up()
    team.clock.time += 2_000
    judged = team.fates()
    assert judged[0].doomed
    team.up()
    (stays,) = team.reap_those(judged).values()
    assert stays.why == "its lease has not ended"
    assert list(team.cloud.stacks) == [made.lease.key]


def test_what_somebody_else_has_removed_meanwhile_is_gone():
    team = Pretence(lease=1_000)
    team.up()
    team.clock.time += 2_000
    judged = team.fates()
    team.reap()
    (gone,) = team.reap_those(judged).values()
    assert gone.why == "it is gone"


def test_a_ledger_that_was_lost_costs_no_more_than_the_lease():
    team = Pretence(lease=1_000)
    team.up()
    stranger = Pretence(cloud=team.cloud, clock=team.clock)
    assert stranger.reap() == {}
    assert team.cloud.stacks
    team.clock.time += 1_001
    stranger.reap()
    assert not team.cloud.stacks


def test_sandboxes_of_other_applications_are_none_of_ours():
    team = Pretence(lease=1_000)
    team.up()
    team.clock.time += 2_000
    stranger = Pretence(cloud=team.cloud, clock=team.clock)
    assert stranger.sandboxes.survey([PLACE], "another").known == ()
    assert len(team.sandboxes.survey([PLACE], "another").known) == 1  # what the ledger knows, it knows


def test_a_region_that_is_dark_is_said_and_nothing_there_is_judged():
    team = Pretence(lease=1_000)
    team.up()
    team.clock.time += 2_000
    team.cloud.dark = Retryable("AWS_UNREACHABLE", "AWS did not answer.")
    survey = team.sandboxes.survey([PLACE], "shop")
    assert [place for place, _ in survey.unseen] == ["999999999999/eu-north-1"]
    assert not any(one.doomed for one in team.fates())


def test_one_failure_does_not_keep_the_others_from_being_reaped():
    team = Pretence(lease=1_000)
    held = team.up("held")
    team.up("other")
    team.cloud.stuck = {Thing(type="AWS::Lambda::Function", id=f"{held.lease.name}-Hello")}
    team.clock.time += 2_000
    results = team.reap()
    assert sorted(isinstance(one, Proof) and one.clean for one in results.values()) == [False, True]


def steps_of(act: str) -> int:
    """How many steps a life has at which a process may die."""
    team = Pretence()
    if act == "down":
        team.up()
    steps = team.dying_at(LONG)
    if act == "up":
        team.up()
    else:
        team.sandboxes.down(team.known()[0], team.progress)
    return len(steps)


@pytest.mark.parametrize("number", range(1, steps_of("up") + 1))
def test_whenever_its_maker_dies_a_sandbox_is_found_and_removed(number: int):
    team = Pretence()
    steps = team.dying_at(number)
    with pytest.raises(Died):
        team.up()
    assert len(steps) == number
    team.reborn()
    done = steps[-1] == "after up"
    if done:  # all is written down: it stays until its lease has ended
        team.clock.time += 2_000
    team.reap()
    assert not team.cloud.everything()
    assert not team.cloud.stacks
    assert set(team.states()) <= {State.GONE}


@pytest.mark.parametrize("number", range(1, steps_of("down") + 1))
def test_whenever_its_remover_dies_somebody_else_finishes(number: int):
    team = Pretence(lease=1_000)
    team.up()
    team.dying_at(number)
    with pytest.raises(Died):
        team.sandboxes.down(team.known()[0], team.progress)
    team.reborn()
    team.clock.time += 2_000
    team.reap()
    assert not team.cloud.everything()
    assert set(team.states()) == {State.GONE}


@pytest.mark.parametrize("number", range(1, steps_of("up") + 1))
def test_whoever_asks_again_after_a_crash_gets_a_whole_sandbox(number: int):
    team = Pretence()
    team.dying_at(number)
    with pytest.raises(Died):
        team.up()
    team.reborn()
    made = team.up()
    assert team.states() == [State.UP]
    assert set(team.ledger.things(made.lease.key)) >= team.cloud.everything()


acts = st.lists(
    st.tuples(st.sampled_from(["up", "down", "reap"]), st.integers(0, 2), st.none() | st.integers(1, 20)), max_size=12
)


@settings(max_examples=150)
@given(acts)
def test_after_any_life_nothing_is_left(life: list[tuple[str, int, int | None]]):
    team = Pretence(lease=1_000)
    for act, branch, death in life:
        team.dying_at(death or LONG)
        team.clock.time += 100
        try:
            if act == "up":
                team.up(f"branch-{branch}", word=act)
            elif act == "down" and (known := team.known()):
                team.sandboxes.down(known[branch % len(known)], team.progress)
            elif act == "reap":
                team.reap()
        except Died:
            pass
        # What is in the cloud is in the ledger, or carries tags.
        team.reborn()
        written = {lease.key for lease in team.ledger.all()}
        assert set(team.cloud.stacks) <= written
    team.clock.time += 2_000
    team.reap()
    assert not team.cloud.everything()
    assert set(team.states()) <= {State.GONE}


def test_a_request_that_was_on_its_way_when_its_sender_died_is_found_later():
    team = Pretence()
    # Given a process that died after its intent was written, while its request was on its way
    team.dying_at(2)
    with pytest.raises(Died):
        team.up()
    team.reborn()
    team.reap()
    assert team.states() == [State.GONE]
    # When the request arrives after all, with the tags of the time when it was sent
    lease = team.ledger.all()[0]
    ghost = Pretence(cloud=team.cloud)
    ghost.clock.time = lease.created
    team.clock.time += 10
    team.ledger.put(replace(lease, ended=team.clock.time))
    ghost.up()
    # Then whoever reaps next removes it
    assert [one.why for one in team.fates()] == ["it was removed, and is there again"]
    team.reap()
    assert not team.cloud.stacks
