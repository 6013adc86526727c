"""Several releases of an application, one after the other: what users see happen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.ports import Reply
from shoreward.app.surroundings import Limits, turn
from shoreward.core import Phase
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.control import StopPlaced
from shoreward.core.decision import FORWARD_ATTEMPTS
from shoreward.core.watching import LINGERS
from shoreward.domain import Hook, Outcome, Retryable

from .line import EAST, NORTH, WEST, Line, a_line

# A wave holds one release at a time, and nobody passes


def test_a_release_enters_a_wave_when_the_one_before_has_baked_it():
    line = Line()
    first = line.open("one")
    line.expose(first, NORTH)
    second = line.open("two", on=["one"])
    line.until(lambda: bool(line.acts(second, e.RevisionBuilt)))
    assert line.waits_for(second) == f"release {first} comes before in wave wave 1; it is in its wave 1"
    line.bake(first)
    line.expose(second, NORTH)
    assert line.states[first].wave == 1
    assert line.carry(first, second).outcome is Outcome.SUCCEEDED
    assert line.serving() == ["two"] * 3


def test_of_those_that_wait_the_newest_goes_on_and_carries_the_others():
    line = Line()
    first = line.open("one")
    line.expose(first, NORTH)
    second, third, fourth = (
        line.open("two", on=["one"]),
        line.open("three", on=["two"]),
        line.open("four", on=["three"]),
    )
    assert line.carry(first, second, third, fourth).outcome is Outcome.SUCCEEDED
    assert [line.states[each].outcome for each in (first, second, third)] == [
        Outcome.SUCCEEDED,
        Outcome.SUPERSEDED,
        Outcome.SUPERSEDED,
    ]
    assert not line.acts(second, e.WaveEntered)
    assert line.serving() == ["four"] * 3


def test_what_the_newest_does_not_contain_is_displaced():
    """Given a person who releases a commit from another branch while a merged one waits."""
    line = Line()
    first = line.open("one")
    line.expose(first, NORTH)
    merged, by_hand = line.open("two", on=["one"]), line.open("hotfix")
    assert line.carry(first, merged, by_hand).outcome is Outcome.SUCCEEDED
    assert line.states[merged].outcome is Outcome.DISPLACED
    assert line.serving() == ["hotfix"] * 3


def test_the_newest_says_what_it_carries_of_those_that_wait():
    line = Line()
    first = line.open("one")
    line.hold(first)
    dropped = line.open("dropped", on=["one"])
    kept = line.open("kept", on=["one"])
    newest = line.open("newest", on=["kept"])
    line.until(lambda: line.states[dropped].ended and line.states[kept].ended)
    assert [line.states[each].outcome for each in (dropped, kept)] == [Outcome.DISPLACED, Outcome.SUPERSEDED]
    assert line.states[newest].outcome is None


def test_who_was_opened_when_nobody_asked_carries_what_came_before():
    line = Line()
    first = line.open("one")
    line.hold(first)
    second, third = line.open("two"), line.open("three")
    state = line.states[third]
    line.states[third] = replace(state, opened=replace(state.opened, carries=None))
    line.until(lambda: line.states[second].ended)
    assert line.states[second].outcome is Outcome.SUPERSEDED


def test_what_is_in_a_wave_is_never_superseded():
    line = Line()
    first = line.open("one")
    line.expose(first, NORTH)
    line.hold(first)
    second = line.open("two", on=["one"])
    line.until(lambda: line.waits_for(second) != "")
    assert line.states[first].outcome is None
    assert "held" in line.waits_for(second)


def test_between_two_waves_the_newest_supersedes_as_well():
    line = Line()
    first = line.open("one")
    line.bake(first)
    line.hold(first, wave="wave 2")
    second = line.open("two", on=["one"])
    line.bake(second)
    third = line.open("three", on=["two"])
    line.bake(third)
    line.until(lambda: line.states[second].ended)
    assert line.states[second].outcome is Outcome.SUPERSEDED
    line.resume(first, wave="wave 2")
    assert line.carry(first, third).outcome is Outcome.SUCCEEDED
    assert line.serving() == ["three"] * 3


def test_a_release_whose_checks_are_not_through_supersedes_nobody():
    line = Line()
    first = line.open("one")
    line.expose(first, NORTH)
    second, third = line.open("two", on=["one"]), line.open("three", on=["two"])
    line.hold(third)
    line.until(lambda: bool(line.acts(second, e.RevisionBuilt)))
    line.tick_all()
    assert line.states[third].revision is None
    assert line.states[second].outcome is None


def test_what_a_person_holds_is_not_superseded_and_keeps_its_place():
    line = Line()
    first = line.open("one")
    line.hold(first, target=line.key(EAST))
    second = line.open("two", on=["one"])
    line.until(lambda: line.states[first].wave == 1)
    line.until(lambda: line.states[second].wave == 0)
    assert line.states[first].outcome is None
    line.resume(first, target=line.key(EAST))
    assert line.carry(first, second).outcome is Outcome.SUCCEEDED


def test_what_is_in_quarantine_supersedes_nobody():
    """Given a fix that waits, and behind it a commit from a branch without it."""
    line = Line()
    line.bad = {"bad"}
    bad = line.open("bad")
    line.expose(bad, NORTH)
    fix, branch = line.open("fix", on=["bad"], fixes=["bad"]), line.open("branch", on=["bad"])
    line.until(lambda: line.tick(branch) and not line.end_all() and line.states[branch].revision is not None)
    line.hold(branch)
    line.until(lambda: line.states[bad].rollback is not None)
    line.resume(branch)
    assert line.carry(bad, branch, fix).outcome is Outcome.SUCCEEDED
    assert line.states[branch].rollback.cause == "quarantine"
    assert line.serving() == ["fix"] * 3


def test_with_other_waves_targets_decide_who_comes_first():
    """Given a newer pipeline whose first wave is an older one's last."""
    line = Line()
    first = line.open("one")
    line.expose(first, NORTH)
    north, others = line.pipelines["app"].waves
    line.change(waves=(replace(others, name="wave 1"), replace(north, name="wave 2")))
    second = line.open("two", on=["one"])
    line.bake(first)
    line.until(lambda: line.states[second].revision is not None)
    line.tick_all()
    assert line.states[second].wave == -1
    assert line.carry(first, second).outcome is Outcome.SUCCEEDED
    assert line.serving() == ["two"] * 3


# The way back


def test_what_is_on_top_goes_back_first():
    line = Line()
    first = line.open("one")
    line.bake(first)
    second = line.open("two", on=["one"])
    line.expose(second, NORTH)
    line.abort(first)
    line.tick_all()
    assert "on top of it, and ends first" in line.waits_for(first)
    line.abort(second)
    line.carry(first, second)
    order = [line.acts(each, e.StackRestored)[0].at for each in (second, first)]
    assert order == sorted(order)
    assert line.serving() == ["app old"] * 3


def test_where_a_later_release_stayed_there_is_nothing_to_take_back():
    line = Line()
    first = line.open("one")
    line.bake(first)
    fix = line.open("fix", on=["one"], fixes=["one"])
    line.bad = {"one"}
    line.expose(fix, NORTH)
    line.until(lambda: line.states[first].rollback is not None)
    assert line.carry(first, fix).outcome is Outcome.SUCCEEDED
    assert line.states[first].outcome is Outcome.ROLLED_BACK
    assert line.states[first].deployments[line.key(NORTH)].overtaken == fix
    assert line.serving() == ["fix"] * 3


def a_fix_above_what_harms() -> tuple[Line, str, str]:
    """A release that has baked its first wave, and its fix, which has a tenth of the customers there."""
    line = Line()
    first = line.open("one")
    line.bake(first)
    fix = line.open("fix", on=["one"], fixes=["one"])
    line.expose(fix, NORTH)
    return line, first, fix


@pytest.mark.parametrize("still", ["release", "wave", "target", "everything"])
def test_what_stands_still_gives_way_to_an_older_release_that_goes_back(still: str):
    line, first, fix = a_fix_above_what_harms()
    match still:
        case "wave":
            line.hold(fix, wave="wave 1")
        case "target":
            line.hold(fix, target=line.key(NORTH))
        case "everything":
            line.order(StopPlaced(at=line.now, by="kim", why="fire"))
        case _:
            line.hold(fix)
    line.abort(first)
    assert line.carry(fix, first).outcome is Outcome.ABORTED
    assert line.states[fix].outcome is Outcome.ROLLED_BACK
    assert line.states[fix].rollback.cause == "in the way"
    assert line.serving() == ["app old"] * 3


def test_what_stands_still_through_another_member_of_its_group_gives_way_as_well():
    """Given a fix that was released together with what it depends on, which a person holds."""
    line = Line(a_line("orders"), a_line("shop"))
    first = line.open("one", "shop")
    line.bake(first)
    orders, fix = line.open_group("fix", {"orders": [], "shop": ["orders"]})
    line.expose(fix, NORTH)
    line.hold(orders)
    assert line.waits_for(fix) == f"release {orders}, which it depends on, is held by kim: lunch"
    line.abort(first)
    assert line.carry(first).outcome is Outcome.ABORTED
    assert line.states[fix].rollback.cause == "in the way"
    assert line.serving("shop") == ["shop old"] * 3


NO = Reply(answer="closed", why="not now")
NOBODY_THERE = Retryable("X", "x", where="desk")


@pytest.mark.parametrize("reply", [NO, NOBODY_THERE], ids=["closed", "not to be asked"])
def test_what_a_hook_keeps_from_its_customers_gives_way_as_well(reply: Reply | Retryable):
    """Given one whose new version is there, and has no customers as long as a hook does not let it."""
    line = Line()
    line.change(gates=(Hook(name="desk", function="desk", when="before"),))
    first = line.open("one")
    line.bake(first)
    line.cloud.hooks.replies["desk"] = reply
    fix = line.open("fix", on=["one"], fixes=["one"])
    line.until(lambda: "gate desk" in line.waits_for(fix))
    line.abort(first)
    assert line.carry(first).outcome is Outcome.ABORTED
    assert line.states[fix].rollback.cause == "in the way"
    assert line.serving() == ["app old"] * 3


def test_what_cannot_see_its_targets_gives_way_as_well():
    """Given one that comes to the second wave, and whose first target nobody can see any more."""
    line = Line(a_line(alarms=["errors"]))
    first = line.open("one")
    assert line.carry(first).outcome is Outcome.SUCCEEDED
    second = line.open("two", on=["one"])
    line.until(lambda: line.states[second].deployments[line.key(WEST)].phase is Phase.STAGED)
    for _ in range(FORWARD_ATTEMPTS):
        line.say(second, unseen(line, NORTH))
    line.abort(first)
    line.tick(second)
    assert line.states[second].rollback.cause == "in the way"
    assert line.carry(second, first).outcome is Outcome.ABORTED
    assert line.serving() == ["app old"] * 3


def unseen(line: Line, region: str) -> e.EffectFailed:
    """A look at a target that failed."""
    key = line.key(region)
    return e.EffectFailed(at=line.now, effect=f"judge/{key}", target=key, code="X", what="x", next="", retryable=True)


def test_what_stands_still_with_all_customers_of_a_target_is_in_nobodys_way():
    line, first, fix = a_fix_above_what_harms()
    line.bake(fix)
    line.hold(fix)
    line.abort(first)
    line.tick_all()
    assert line.states[fix].rollback is None
    line.resume(fix)
    assert line.carry(first, fix).outcome is Outcome.SUCCEEDED
    assert line.serving() == ["fix"] * 3


def test_a_target_is_not_entered_while_an_older_release_goes_back_from_it():
    """Given one that is in the second wave, on the first of its targets, when the one before is taken back."""
    line = Line()
    first = line.open("one")
    assert line.carry(first).outcome is Outcome.SUCCEEDED
    second = line.open("two", on=["one"])
    line.expose(second, WEST)
    line.abort(first)
    line.tick(first)
    assert [each.effect.target.key for each in line.under_way if each.release == first] == [line.key(EAST)]
    assert line.scene().around(line.states[second]).beneath(line.key(EAST)).id == first
    assert line.carry(second, first).outcome is Outcome.ABORTED
    assert line.serving() == ["two"] * 3


def test_what_a_newer_release_has_entered_is_its_own_before_it_has_looked():
    line = Line()
    first = line.open("one")
    line.bake(first)
    second = line.open("two", on=["one"])
    line.until(lambda: line.states[second].deployments[line.key(NORTH)].entered)
    line.abort(first)
    line.tick(first)
    restored = [each for each in line.under_way if isinstance(each.effect, do.RestoreStack | do.RestoreTraffic)]
    assert line.key(NORTH) not in [each.effect.target.key for each in restored]
    assert line.carry(second, first).outcome is Outcome.ABORTED
    assert line.serving() == ["two"] * 3


def test_what_is_found_of_a_target_after_the_way_back_began_is_no_matter():
    line = Line()
    first = line.open("one")
    line.until(lambda: any(isinstance(each.effect, do.InspectTarget) for each in line.under_way) or line.tick(first))
    line.abort(first)
    line.end_all()
    assert line.states[first].deployments[line.key(NORTH)].phase is Phase.WAITING
    assert line.carry(first).outcome is Outcome.ABORTED
    assert not line.acts(first, e.StackRestored)


def test_a_third_release_waits_only_for_what_is_right_under_it():
    """Given a first that waits for the second to stay, the third need not wait for the first."""
    line = Line()
    first = line.open("one")
    line.bake(first)
    second = line.open("two", on=["one"], fixes=["one"])
    line.until(lambda: line.states[second].deployments[line.key(NORTH)].phase is Phase.BAKING)
    line.bad = {"one"}
    line.until(lambda: line.states[first].rollback is not None)
    line.bake(second)
    line.hold(second, wave="wave 2")
    third = line.open("three", on=["two"])
    line.expose(third, NORTH)
    assert not line.states[first].ended
    line.resume(second, wave="wave 2")
    assert line.carry(first, second, third).outcome is Outcome.SUCCEEDED


def test_an_alarm_on_a_target_is_the_newer_releases_as_soon_as_its_customers_are_there():
    line = Line(a_line(alarms=["errors"]))
    first = line.open("one")
    line.bake(first)
    line.hold(first)
    second = line.open("two", on=["one"])
    line.expose(second, NORTH)
    line.cloud.firing_alarms[line.key(NORTH)] = ("errors",)
    line.until(lambda: line.states[second].rollback is not None)
    assert line.states[first].rollback is None


def test_an_alarm_that_lingers_is_not_the_older_releases_once_the_newer_one_has_left():
    line = Line(a_line(alarms=["errors"]))
    first = line.open("one")
    line.bake(first)
    line.hold(first)
    second = line.open("two", on=["one"])
    line.expose(second, NORTH)
    line.cloud.firing_alarms[line.key(NORTH)] = ("errors",)
    line.carry(second)
    assert line.states[second].outcome is Outcome.ROLLED_BACK
    left = line.now
    line.until(lambda: line.now > left + LINGERS / 2)
    assert line.states[first].rollback is None
    line.until(lambda: line.states[first].rollback is not None)
    assert line.now >= left + LINGERS - 60, "what goes on firing is the older one's after all"


def test_a_look_that_fails_holds_nobody_up_once_a_newer_release_watches():
    line = Line(a_line(alarms=["errors"]))
    first = line.open("one")
    line.bake(first)
    second = line.open("two", on=["one"])
    line.expose(second, NORTH)
    line.say(first, unseen(line, NORTH))
    assert line.carry(first, second).outcome is Outcome.SUCCEEDED


# Quarantine


def test_what_is_in_flight_and_contains_the_culprit_goes_back_before_it_is_in_any_wave():
    line = Line()
    line.bad = {"bad"}
    bad = line.open("bad")
    line.expose(bad, NORTH)
    after = line.open("after", on=["bad"])
    assert line.carry(bad, after).outcome is Outcome.ROLLED_BACK
    assert line.states[after].rollback.cause == "quarantine"
    assert not line.acts(after, e.WaveEntered)


def test_what_stands_on_the_culprit_goes_back_in_every_wave():
    line = Line()
    first = line.open("one")
    line.bake(first)
    second = line.open("two", on=["one"])
    line.expose(second, NORTH)
    line.expose(first, WEST)
    line.bad = {"one"}
    line.carry(first, second)
    assert [line.states[each].outcome for each in (first, second)] == [Outcome.ROLLED_BACK] * 2
    assert line.serving() == ["app old"] * 3


def test_a_fix_may_go():
    line = Line()
    line.bad = {"bad"}
    line.carry(line.open("bad"))
    assert line.carry(line.open("fix", on=["bad"], fixes=["bad"])).outcome is Outcome.SUCCEEDED


def test_a_person_may_let_it_go_with_a_reason():
    line = Line()
    line.bad = {"bad"}
    line.carry(line.open("bad"))
    line.bad = set()
    assert line.carry(line.open("again", on=["bad"], despite="it was the network")).outcome is Outcome.SUCCEEDED


def test_what_is_brought_back_is_never_sent_back_by_quarantine():
    line = Line()
    line.bad = {"bad"}
    line.carry(line.open("bad"))
    line.bad = set()
    returned = line.open("again", on=["bad"], back_to="app-1")
    assert line.carry(returned).outcome is Outcome.SUCCEEDED


# Room


def most_at_once(line: Line, *releases: str, where: str = "") -> int:
    """The most targets, whose keys contain something, that were under way at a time until all had ended."""
    most = [0]

    def ended() -> bool:
        states = [line.states[each] for each in releases]
        entered = [each for state in states for each in state.deployments.values() if each.entered and not each.done]
        most.append(sum(where in each.target.key for each in entered))
        return all(state.ended for state in states)

    line.until(ended)
    return max(most)


def test_no_more_targets_of_a_wave_are_under_way_than_it_says():
    line = Line(a_line(at_once=1))
    assert most_at_once(line, line.open("one")) == 1
    assert line.serving() == ["one"] * 3


def test_no_more_targets_are_under_way_over_all_pipelines_than_may_be():
    line = Line(a_line("app"), a_line("web"), limits=Limits(targets=2))
    assert most_at_once(line, line.open("one"), line.open("1", "web")) == 2


def test_no_more_targets_of_a_region_are_under_way_than_may_be():
    line = Line(a_line("app"), a_line("web"), limits=Limits(region=1))
    assert most_at_once(line, line.open("one"), line.open("1", "web"), where=NORTH) == 1


def test_no_more_targets_of_an_account_are_under_way_than_may_be():
    line = Line(a_line("app"), a_line("web"), limits=Limits(account=1))
    first, second = line.open("one"), line.open("1", "web")
    assert most_at_once(line, first, second, where="111111111111/") == 1
    assert line.serving("web") == ["1"] * 3


def test_who_waits_for_room_says_so():
    line = Line(a_line("app"), a_line("web"), limits=Limits(region=1))
    first = line.open("one")
    line.expose(first, NORTH)
    line.hold(first)
    second = line.open("1", "web")
    line.until(lambda: line.states[second].wave == 0)
    assert line.waits_for(second) == (
        "111111111111/eu-north-1 waits for room: 1 targets in eu-north-1 are under way, and no more may be"
    )


def test_who_goes_back_comes_first_then_who_has_least_under_way_then_who_came_first():
    line = Line(a_line("app"), a_line("web"))
    busy = line.open("one")
    line.expose(busy, NORTH)
    line.cloud.clock.advance(1)
    waiting = line.open("1", "web")
    line.cloud.clock.advance(1)
    later = line.open("2", "web", on=["1"])
    back = line.open("two", on=["one"])
    line.abort(back)
    assert sorted((busy, waiting, later, back), key=lambda each: turn(line.states[each])) == [
        back,
        waiting,
        later,
        busy,
    ]


def test_a_way_back_takes_the_room_that_it_needs():
    """Given one target that may be under way, held by somebody else, a release goes back all the same."""
    line = Line(a_line("app"), a_line("web"), limits=Limits(targets=1))
    first = line.open("one")
    line.carry(first)
    second = line.open("1", "web")
    line.expose(second, NORTH)
    line.hold(second)
    line.abort(first)
    assert line.carry(first).outcome is Outcome.ABORTED


def test_what_waits_under_a_newer_release_takes_none_of_its_room():
    line = Line(limits=Limits(targets=1))
    first = line.open("one")
    line.bake(first)
    fix = line.open("fix", on=["one"])
    line.expose(fix, NORTH)
    line.abort(first)
    assert line.carry(fix, first).outcome is Outcome.ABORTED
    assert line.serving() == ["fix"] * 3


# People's words


def test_a_held_target_stays_and_the_others_of_its_wave_go_on():
    line = Line()
    first = line.open("one")
    line.hold(first, target=line.key(EAST))
    line.until(lambda: line.states[first].deployments[line.key(WEST)].phase is Phase.FINISHED)
    assert line.waits_for(first) == "111111111111/us-east-1 is held by kim: lunch"
    line.resume(first, target=line.key(EAST))
    assert line.carry(first).outcome is Outcome.SUCCEEDED


def test_a_held_wave_is_not_touched_and_the_one_before_goes_on():
    line = Line()
    first = line.open("one")
    line.hold(first, wave="wave 2")
    line.until(lambda: line.states[first].wave == 1)
    line.tick_all()
    assert line.waits_for(first) == "wave wave 2 is held by kim: lunch"
    assert not line.under_way


def test_a_stop_lets_nothing_move_forward_and_everything_back():
    line = Line(a_line("app"), a_line("web"))
    first, second = line.open("one"), line.open("1", "web")
    line.expose(first, NORTH)
    line.expose(second, NORTH)
    line.stop()
    line.end_all()
    line.abort(first)
    assert line.carry(first).outcome is Outcome.ABORTED
    assert line.waits_for(second) == "everything was stopped by kim: odd"
    assert not any(each.effect.forward for each in line.under_way)
    line.lift()
    assert line.carry(second).outcome is Outcome.SUCCEEDED


def test_a_stop_of_one_pipeline_is_no_matter_to_others():
    line = Line(a_line("app"), a_line("web"))
    line.stop("app")
    first = line.open("one")
    assert line.carry(line.open("1", "web")).outcome is Outcome.SUCCEEDED
    assert line.waits_for(first) == "this pipeline was stopped by kim: odd"


def test_a_target_that_is_left_out_keeps_what_it_had():
    line = Line()
    first = line.open("one")
    line.skip(first, EAST)
    assert line.carry(first).outcome is Outcome.SUCCEEDED
    assert line.serving() == ["one", "one", "app old"]


def test_what_was_begun_on_a_target_that_is_left_out_is_taken_back_even_under_a_hold():
    line = Line()
    first = line.open("one")
    line.until(lambda: line.states[first].deployments[line.key(NORTH)].phase is Phase.STAGED)
    line.hold(first)
    line.skip(first, NORTH)
    line.until(lambda: bool(line.acts(first, e.StackRestored)))
    line.resume(first)
    assert line.carry(first).outcome is Outcome.SUCCEEDED
    assert line.serving() == ["app old", "one", "one"]


def test_what_failed_on_a_target_that_is_left_out_is_no_matter_any_more():
    line = Line()
    first = line.open("one")
    line.until(lambda: line.tick(first) and any(isinstance(each.effect, do.StageTarget) for each in line.under_way))
    (staging,) = line.under_way
    line.skip(first, NORTH)
    line.fail(staging, retryable=False, acted=True)
    assert line.carry(first).outcome is Outcome.SUCCEEDED
    assert line.serving() == ["app old", "one", "one"]


def test_it_is_too_late_to_leave_out_what_has_baked():
    line = Line()
    first = line.open("one")
    line.bake(first)
    line.skip(first, NORTH)
    assert line.states[first].deployments[line.key(NORTH)].skipped is None


def test_what_failed_is_tried_again_at_once_when_a_person_says_so():
    line = Line()
    first = line.open("one")
    line.until(lambda: line.tick(first) and any(isinstance(each.effect, do.StageTarget) for each in line.under_way))
    (staging,) = line.under_way
    line.fail(staging)
    line.tick(first)
    assert not line.under_way
    line.say(first, e.TargetRetried(at=line.now, target=line.key(NORTH), by="kim", why="it is mended"))
    line.tick(first)
    assert [each.effect for each in line.under_way] == [staging.effect]
