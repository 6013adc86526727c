"""Several applications, released and rolled back together: what users see happen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.line import EAST, NORTH, WEST, Line, a_line
from shoreward.app.people.gates import standings
from shoreward.core import Phase
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.domain import After, Checked, Outcome, Target, Verdict, relied_on
from shoreward.testing.builders import some_checks

SHOP = {"orders": (), "payments": ("orders",)}
THREE = {"orders": (), "payments": ("orders",), "web": ("orders", "payments")}


def a_shop(*applications: str, **pipeline: object) -> Line:
    return Line(*(a_line(name, **pipeline) for name in applications or SHOP))


def served(line: Line) -> dict[str, set[str]]:
    return {name: set(line.serving(name)) for name in line.pipelines}


def place(line: Line, kind: type[e.Event], region: str) -> dict[str, list[int]]:
    """When in the line of all events such an event came to a region, by application."""
    found: dict[str, list[int]] = {}
    for number, (release, event) in enumerate(line.heard):
        if isinstance(event, kind) and region in event.target:
            found.setdefault(release.rpartition("-")[0], []).append(number)
    return found


def listening(line: Line) -> Line:
    line.heard = []
    line.watch = lambda release, event: line.heard.append((release, event))
    return line


# Forward


def test_a_consumer_enters_a_region_when_its_provider_has_baked_there():
    line = listening(a_shop())
    orders, payments = line.open_group("new", SHOP)
    assert line.carry(orders, payments).outcome is Outcome.SUCCEEDED
    for region in (NORTH, WEST, EAST):
        entered, finished = place(line, e.TargetEntered, region), place(line, e.TargetFinished, region)
        assert finished["orders"][-1] < entered["payments"][0]
    assert served(line) == {"orders": {"orders new"}, "payments": {"payments new"}}


def test_who_waits_names_what_it_waits_for_as_a_gate():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    line.expose(orders, NORTH)
    assert line.waits_for(payments) == (
        f"wave wave 1: gate group/orders: release {orders} has not baked 111111111111/{NORTH} yet"
    )
    [gate] = standings(line.states[payments], line.now, line.scene().around(line.states[payments]))
    assert (gate.standing.gate, gate.standing.kind, gate.standing.open) == ("group/orders", "group", False)


def test_nobody_enters_the_first_wave_before_all_have_passed_their_checks():
    line = a_shop(*SHOP)
    line.change("payments", checks=some_checks())
    orders, payments = line.open_group("new", SHOP)
    line.until(lambda: line.states[orders].revision is not None)
    line.tick_all()
    assert line.waits_for(orders) == (
        f"wave wave 1: gate group/payments: release {payments} has not passed its checks yet"
    )
    failed = Checked(revision="x", verdict=Verdict.FAIL, at=line.now, seconds=1.0, results=(), report="")
    line.say(payments, e.RevisionChecked(at=line.now, checked=failed))
    assert line.carry(payments, orders).outcome is Outcome.ROLLED_BACK
    assert line.states[payments].outcome is Outcome.FAILED
    assert not line.acts(orders, e.WaveEntered)


def test_a_gate_that_names_a_fellow_leaves_the_order_to_the_group():
    """Given such a gate, when a newer release of the fellow goes back, then nobody waits for that."""
    line = a_shop()
    line.change("payments", gates=(After(name="provider", application="orders"),))
    first = line.open_group("one", SHOP)
    line.bake(first[0])
    newer = line.open("orders two", "orders", on=["orders one"])
    line.expose(newer, NORTH)
    line.abort(newer)
    assert "provider" not in line.waits_for(first[1])
    assert line.carry(*first, newer).outcome is Outcome.ABORTED


def test_a_provider_of_other_regions_comes_first_everywhere():
    north, west = Target(account="1", region=NORTH, stack="x"), Target(account="1", region=WEST, stack="x")
    other = replace(west, account="2")
    assert relied_on(replace(north, stack="y"), [north, west]) == (north,)
    assert relied_on(west, [north, west, other]) == (west,)
    assert relied_on(replace(west, account="3"), [north, west, other]) == (west, other)
    assert relied_on(replace(west, region=EAST), [north, west]) == (north, west)


def test_a_hold_of_a_provider_holds_what_depends_on_it():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    line.expose(payments, NORTH)
    line.hold(orders)
    line.tick_all()
    assert line.waits_for(payments) == f"release {orders}, which it depends on, is held by kim: lunch"
    line.resume(orders)
    assert line.carry(orders, payments).outcome is Outcome.SUCCEEDED


def test_a_hold_of_a_consumer_leaves_its_provider_until_the_end():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    line.until(lambda: line.states[payments].revision is not None)
    line.hold(payments)
    line.bake(orders, waves=2)
    assert line.waits_for(orders) == f"release {payments} of its group has not come to its end"
    line.resume(payments)
    assert line.carry(orders, payments).outcome is Outcome.SUCCEEDED


def test_where_a_provider_was_left_out_its_consumer_waits_for_a_person():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    line.skip(orders, EAST)
    line.until(lambda: "left out" in line.waits_for(payments))
    [blocker] = [each for each in line.decision(payments).blockers if each.gate]
    assert blocker.person
    assert f"`shoreward skip 111111111111/{EAST}`" in blocker.what
    line.skip(payments, EAST)
    assert line.carry(orders, payments).outcome is Outcome.SUCCEEDED


def test_a_wave_that_is_left_out_on_both_sides_waits_for_nobody():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    for release in (orders, payments):
        for region in (WEST, EAST):
            line.skip(release, region)
    assert line.carry(orders, payments).outcome is Outcome.SUCCEEDED


def test_a_person_may_open_the_order_for_a_wave():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    line.hold(orders, target=line.key(NORTH, orders))
    line.until(lambda: "has not baked" in line.waits_for(payments))
    line.say(payments, e.GateOpened(at=line.now, gate="group/orders", wave="wave 1", by="kim", why="it is urgent"))
    line.bake(payments)
    assert line.states[orders].baked == 0


# The end


def test_nobody_ends_before_all_have_come_to_their_end():
    line = listening(a_shop())
    orders, payments = line.open_group("new", SHOP)
    line.carry(orders, payments)
    ends = [number for number, (_, event) in enumerate(line.heard) if isinstance(event, e.ReleaseEnded)]
    baked = [number for number, (_, event) in enumerate(line.heard) if isinstance(event, e.WaveBaked)]
    assert min(ends) > max(baked)


def test_harm_at_the_very_end_takes_all_back():
    """Given a provider that waits for its consumer, when its alarm fires, then nobody stays."""
    line = a_shop(alarms=["errors"])
    orders, payments = line.open_group("new", SHOP)
    line.bake(orders, waves=2)
    line.cloud.firing_alarms[line.key(WEST, orders)] = ("errors",)
    assert line.carry(orders, payments).outcome is Outcome.ROLLED_BACK
    assert line.states[orders].rollback.cause == "alarm"
    assert line.states[payments].rollback.cause == "group"
    assert served(line) == {"orders": {"orders old"}, "payments": {"payments old"}}


def test_whoever_ended_well_bound_the_others():
    """Given one that has ended, when the other finds harm before it has looked, then it ends well, too."""
    line = a_shop(alarms=["errors"])
    orders, payments = line.open_group("new", SHOP)
    line.until(lambda: line.states[payments].baked == 2 and line.states[orders].outcome is not None)
    assert line.states[orders].outcome is Outcome.SUCCEEDED
    assert line.carry(payments).outcome is Outcome.SUCCEEDED


# Back


@pytest.mark.parametrize("bad", ["orders", "payments"])
def test_when_one_goes_back_all_do_consumers_before_providers(bad: str):
    line = listening(a_shop())
    orders, payments = line.open_group("new", SHOP)
    line.bake(payments)
    line.until(lambda: line.states[payments].deployments[line.key(WEST, payments)].phase is Phase.BAKING)
    line.bad = {f"{bad} new"}
    line.say(
        f"{bad}-2",
        e.RollbackBegan(at=line.now, cause="judged", reason="errors", target=line.key(WEST, f"{bad}-2")),
    )
    line.carry(orders, payments)
    other = payments if bad == "orders" else orders
    assert line.states[other].rollback.cause == "group"
    assert f"{bad}-2" in line.states[other].rollback.reason
    assert {line.states[each].outcome for each in (orders, payments)} == {Outcome.ROLLED_BACK}
    for region in (NORTH, WEST):
        back = place(line, e.StackRestored, region)
        assert back["payments"][-1] < back["orders"][0]
    assert served(line) == {"orders": {"orders old"}, "payments": {"payments old"}}


def test_where_a_consumer_has_nothing_its_provider_goes_back_at_once():
    line = a_shop()
    orders, _ = line.open_group("new", SHOP)
    line.expose(orders, NORTH)
    line.abort(orders)
    line.tick(orders)
    assert [it.effect.verb for it in line.under_way if it.release == orders] == ["restore-traffic"]


def test_a_chain_goes_back_from_its_end():
    line = listening(a_shop(*THREE))
    releases = line.open_group("new", THREE)
    line.bake(releases[2])
    line.abort(releases[0])
    line.carry(*releases)
    back = place(line, e.StackRestored, NORTH)
    assert max(back["web"]) < min(back["payments"]) <= max(back["payments"]) < min(back["orders"])


def test_traffic_goes_back_without_waiting_for_stacks():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    line.bake(payments)
    line.abort(payments)
    for _ in range(10):
        line.tick_all()
        for it in [it for it in line.under_way if not isinstance(it.effect, do.RestoreStack)]:
            line.end(it)
    assert line.key(NORTH, orders) in [event.target for event in line.acts(orders, e.TrafficRestored)]
    assert f"restore-stack/{line.key(NORTH, payments)}" in [it.effect.key for it in line.under_way]
    assert f"restore-stack/{line.key(NORTH, orders)}" not in [it.effect.key for it in line.under_way]
    line.carry(orders, payments)
    assert served(line) == {"orders": {"orders old"}, "payments": {"payments old"}}


def test_a_consumer_that_cannot_be_brought_back_is_told_with_what_to_do():
    line = a_shop()
    orders, payments = line.open_group("new", SHOP)
    line.bake(payments)
    line.abort(payments)
    keeps = f"restore-stack/{line.key(NORTH, payments)}"
    while not (stuck := [it for it in line.under_way if it.effect.key == keeps]):
        line.end_all()
        line.tick_all()
    line.fail(stuck[0], retryable=False)
    line.until(lambda: f"release {payments} depends on it there" in line.waits_for(orders))
    [blocker] = [each for each in line.decision(orders).blockers if "depends on it" in each.what]
    assert blocker.person
    assert f"`shoreward override {orders} group/payments --wave 'wave 1'`" in blocker.what
    line.say(orders, e.GateOpened(at=line.now, gate="group/payments", wave="wave 1", by="kim", why="it is stuck"))
    assert "depends on it" not in line.waits_for(orders)


# With what is before and after


def test_a_group_is_superseded_as_one():
    line = a_shop()
    first = line.open_group("one", SHOP)
    line.expose(first[0], NORTH)
    second, third = line.open_group("two", SHOP, on=["one"]), line.open_group("three", SHOP, on=["two"])
    assert line.carry(*first, *second, *third).outcome is Outcome.SUCCEEDED
    assert [line.states[each].outcome for each in second] == [Outcome.SUPERSEDED] * 2
    assert served(line) == {"orders": {"orders three"}, "payments": {"payments three"}}


def test_a_group_gives_way_as_one_and_each_member_says_whether_it_is_carried():
    """Given a branch of payments whose newest commit is gone from it."""
    line = a_shop()
    first = line.open_group("one", SHOP)
    line.expose(first[0], NORTH)
    second = line.open_group("two", SHOP, on=["one"])
    third = line.open_group("three", SHOP, on={"orders": ["orders two"], "payments": ["payments one"]})
    line.carry(*first, *second, *third)
    assert [line.states[each].outcome for each in second] == [Outcome.SUPERSEDED, Outcome.DISPLACED]
    assert {line.states[each].outcome for each in third} == {Outcome.SUCCEEDED}


def test_a_group_is_not_superseded_by_what_carries_a_part_of_it():
    line = a_shop()
    first = line.open_group("one", SHOP)
    line.hold(first[0], wave="wave 2")
    line.bake(first[0])
    second = line.open_group("two", SHOP, on=["one"])
    third = line.open("payments three", "payments", on=["payments two"])
    line.until(lambda: not line.tick_all() and not line.under_way)
    assert line.states[second[1]].outcome is None
    line.resume(first[0], wave="wave 2")
    assert line.carry(*first, *second, third).outcome is Outcome.SUCCEEDED
    assert {line.states[each].outcome for each in second} == {Outcome.SUCCEEDED}
    assert served(line) == {"orders": {"orders two"}, "payments": {"payments three"}}


def test_one_member_in_quarantine_takes_the_others_along():
    line = a_shop()
    first = line.open_group("one", SHOP)
    line.bake(first[0])
    second = line.open_group("two", SHOP, on=["one"])
    line.expose(second[0], NORTH)
    line.bad = {"orders one"}
    line.say(first[0], e.RollbackBegan(at=line.now, cause="judged", reason="errors"))
    line.carry(*first, *second)
    assert [line.states[each].rollback.cause for each in (*first, *second)] == [
        "judged",
        "group",
        "quarantine",
        "group",
    ]
    assert served(line) == {"orders": {"orders old"}, "payments": {"payments old"}}


def test_a_group_whose_order_was_turned_round_gives_way_to_an_older_one_that_goes_back():
    """Given a newer group that waits on the way forward for what an older one, the other way round, takes back."""
    line = a_shop()
    orders, payments = line.open_group("one", SHOP)
    line.bake(payments)
    newer = line.open_group("two", {"payments": (), "orders": ("payments",)})
    line.expose(newer[0], NORTH)
    line.abort(orders)
    line.carry(orders, payments, *newer)
    assert [line.states[each].rollback.cause for each in newer] == ["group", "in the way"]
    assert "the other way round" in line.states[newer[1]].rollback.reason
    assert served(line) == {"orders": {"orders old"}, "payments": {"payments old"}}
