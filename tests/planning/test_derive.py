"""Waves that are derived: few customers first, one fault domain at a time, and every figure with its why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.adapters.journal.codec import decode, encode
from shoreward.app.planning import derive, forecast, settle
from shoreward.app.releases import Wish, begin
from shoreward.domain import Pipeline, SpecError
from shoreward.spec.load import parse
from shoreward.testing.builders import an_opening
from shoreward.testing.memory import MemoryJournal

from .pipelines import automatic, stepped, targets

SEVERAL = (90.0, 40.0, 300.0, 60.0, 1_500.0, 700.0, 200.0, 120.0)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.floats(0.1, 20_000), min_size=1, max_size=9),
    st.floats(1, 1e6),
    st.floats(1, 10),
    st.randoms(use_true_random=False),
)
def test_every_target_has_its_place_once_whatever_the_order_in_which_they_are_named(traffic, budget, growth, random):
    found = list(targets(*traffic))
    waves = derive(automatic(found, budget=budget, growth=growth)).waves
    assert sorted(each.key for wave in waves for each in wave.targets) == sorted(each.key for each in found)
    random.shuffle(found)
    assert derive(automatic(found, budget=budget, growth=growth)).waves == waves


def test_the_first_wave_has_the_fewest_customers_and_none_of_the_first_two_has_two_fault_domains():
    waves = derive(automatic(targets(*SEVERAL))).waves
    assert [len(wave.targets) for wave in waves[:2]] == [1, 1]
    assert waves[0].targets[0].traffic == 40.0
    sizes = [sum(each.weight for each in wave.targets) for wave in waves]
    assert sizes[0] == min(sizes)


def test_a_wave_has_no_more_than_the_growth_times_those_who_have_it_already():
    waves = derive(automatic(targets(*SEVERAL), growth=2.0)).waves
    done = 0.0
    for number, wave in enumerate(waves):
        weight = sum(each.weight for each in wave.targets)
        assert number < 2 or len(wave.targets) == 1 or weight <= 2 * done
        done += weight


def test_targets_of_one_fault_domain_go_together():
    found = [
        replace(each, fault_domain="north" if number < 2 else "") for number, each in enumerate(targets(50, 60, 900))
    ]
    first = derive(automatic(found)).waves[0]
    assert [each.fault_domain for each in first.targets] == ["north", "north"]


def test_customers_count_and_not_traffic_where_both_are_known():
    busy, crowded = targets(500.0, 50.0)
    waves = derive(automatic([replace(busy, customers=10), replace(crowded, customers=90_000)])).waves
    assert waves[0].targets[0].region == busy.region


def test_a_region_that_is_too_thin_to_be_judged_comes_last_and_says_so():
    derived = derive(automatic(targets(0.01, 300.0, 600.0)))
    assert derived.waves[-1].targets[0].traffic == 0.01
    assert "too thin" in " ".join(reason.why for reason in derived.reasons[-1])


def test_the_one_box_share_is_never_more_than_was_asked_for():
    waves = derive(automatic(targets(*SEVERAL), one_box=2.0)).waves
    assert {wave.ramp.first for wave in waves if wave.ramp} == {2.0}


def test_bakes_are_as_long_as_the_judge_needs_to_find_harm_and_no_shorter_than_the_minimum():
    thin, thick = (derive(automatic(targets(rate))).waves[0].bake.minimum for rate in (0.3, 3_000.0))
    assert thick == 600
    assert thin > 600


def test_every_wave_has_its_reasons():
    derived = derive(automatic(targets(*SEVERAL)))
    assert len(derived.reasons) == len(derived.waves)
    assert all(reason.figure and reason.why for reasons in derived.reasons for reason in reasons)


def test_less_time_takes_away_care_and_says_which():
    found = targets(*SEVERAL)
    plenty = forecast(settle(automatic(found)))
    assert plenty is not None
    hurried = derive(automatic(found, max_duration=plenty.total * 0.8))
    assert hurried.relaxed
    told = forecast(replace(automatic(found), waves=hurried.waves))
    assert told is not None
    assert told.total <= plenty.total * 0.8


def test_a_duration_that_no_waves_can_keep_is_refused_at_its_place():
    text = """\
application: beach
accounts: {main: {id: "111111111111"}}
waves: {max-duration: 5m}
targets: [{target: main/eu-north-1, traffic: 50}]
"""
    with pytest.raises(SpecError, match="at the least") as refused:
        settle(parse(text))
    assert refused.value.code == "WAVES_TOO_SLOW"
    assert str(refused.value.where) == "shoreward.yaml:3:8"


def test_waves_that_are_written_down_stay_as_they_are():
    pipeline = stepped(10.0)
    assert settle(pipeline) is pipeline


def test_a_release_keeps_the_waves_that_it_was_opened_with():
    pipeline = settle(automatic(targets(*SEVERAL)))
    journal = MemoryJournal()
    opened = journal.events(begin(journal, pipeline, "c0ffee", "A change", Wish(by="kim", at=1.0)))[0].event
    assert decode(*encode(opened)) == opened
    assert opened.pipeline.waves == pipeline.waves
    assert settle(opened.pipeline) is opened.pipeline


def test_a_release_without_waves_is_never_opened():
    with pytest.raises(AssertionError, match="derived before"):
        begin(MemoryJournal(), automatic(targets(10.0)), "c0ffee", "A change", Wish(by="kim", at=1.0))


def test_all_targets_are_known_before_the_waves_are():
    pipeline: Pipeline = automatic(targets(10.0, 20.0))
    assert {each.region for each in pipeline.targets} == {"r00", "r01"}
    assert an_opening("new", pipeline).pipeline.waves == ()
