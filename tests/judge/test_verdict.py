"""Only a pass advances, and the worst answer wins."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.judge import VERDICTS, Verdict, worst


def test_from_best_to_worst():
    assert [verdict.value for verdict in VERDICTS] == ["pass", "not_enough_evidence", "no_data", "error", "fail"]
    assert [verdict.severity for verdict in VERDICTS] == [0, 1, 2, 3, 4]


def test_only_a_pass_advances():
    assert [verdict for verdict in Verdict if verdict.advances] == [Verdict.PASS]


def test_nothing_judged_is_no_data():
    assert worst([]) is Verdict.NO_DATA


@pytest.mark.parametrize(("one", "other"), list(itertools.product(Verdict, repeat=2)))
def test_of_two_the_later_in_the_list_wins_in_either_order(one: Verdict, other: Verdict):
    assert worst([one, other]) is worst([other, one]) is VERDICTS[max(one.severity, other.severity)]


@given(st.lists(st.sampled_from(Verdict), min_size=1), st.lists(st.sampled_from(Verdict), min_size=1))
def test_joining_in_groups_changes_nothing(some: list[Verdict], others: list[Verdict]):
    assert worst([worst(some), worst(others)]) is worst(some + others)
