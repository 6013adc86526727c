"""Waivers: somebody's word that a finding may stay, for a time."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.app.checking.waivers import about_waivers, waive
from shoreward.domain import Finding, Severity, SpecError, Waiver

from .support import World, breaking, finding, result, rules, toy, verdicts

TODAY = date(2026, 9, 21)


def waiver(rule: str = "wrong", subject: str = "*", expires: str = "2026-12-31") -> Waiver:
    return Waiver(rule=rule, subject=subject, reason="We know.", owner="kim", expires=expires)


@pytest.mark.parametrize(
    ("rule", "subject", "covered"),
    [
        ("wrong", "*", True),
        ("wr*", "Castles", True),
        ("*", "Cas*", True),
        ("wrong", "Contest", False),
        ("WRONG", "*", False),
        ("wron", "*", False),
    ],
)
def test_a_waiver_covers_what_its_rule_and_its_subject_name(rule: str, subject: str, covered: bool) -> None:
    (found,) = waive([finding(subject="Castles")], [waiver(rule, subject)], TODAY)
    assert (found.waived is not None) == covered


def test_it_holds_on_its_last_day_and_not_on_the_next() -> None:
    last = waiver(expires="2026-09-21")
    assert waive([finding()], [last], TODAY)[0].waived == last
    assert waive([finding()], [last], date(2026, 9, 22))[0].waived is None


def test_one_that_has_expired_is_a_finding_and_what_it_covered_counts_again() -> None:
    answer = World().run(toy("unit", finding()), waivers=[waiver(expires="2026-09-20")])
    assert verdicts(answer) == {"unit": "fail", "waivers": "fail"}
    assert rules(answer) == ["wrong", "WAIVER_EXPIRED"]


def test_one_that_covers_nothing_is_a_small_finding() -> None:
    answer = World().run(toy("unit"), waivers=[waiver("gone")])
    assert verdicts(answer) == {"unit": "pass", "waivers": "pass"}
    assert [(each.rule, each.severity) for each in answer.findings] == [("WAIVER_UNUSED", Severity.LOW)]


def test_nobody_calls_a_waiver_unused_who_has_not_looked_at_everything() -> None:
    assert rules(World().run(toy("unit"), waivers=[waiver("gone")], unasked=("scan",))) == []
    assert rules(World().run(toy("unit"), breaking("scan"), waivers=[waiver("gone")])) == []


def test_a_waived_finding_is_shown_and_fails_nothing() -> None:
    answer = World().run(toy("unit", finding()), waivers=[waiver()])
    assert answer.verdict.advances
    assert [each.waived for each in answer.findings] == [waiver()]


def test_a_waiver_that_is_written_later_needs_no_second_run() -> None:
    world = World()
    assert verdicts(world.run(toy("unit", finding()))) == {"unit": "fail"}
    again = world.run(toy("unit", finding()), waivers=[waiver()])
    assert (result(again, "unit").kept, verdicts(again)) == (True, {"unit": "pass"})


def test_a_day_that_there_is_not_is_refused_before_anything_is_run() -> None:
    ran: list[str] = []
    check = toy("unit", does=lambda *_: ran.append("unit"))  # type: ignore[func-returns-value]
    with pytest.raises(SpecError, match="WAIVER_DATE"):
        World().run(check, waivers=[waiver(expires="2026-02-30")])
    assert ran == []


findings = st.lists(
    st.builds(finding, st.sampled_from(["a", "b", "c"]), subject=st.sampled_from(["", "x", "y"])), max_size=5
)
waivers = st.lists(
    st.builds(
        waiver,
        st.sampled_from(["a", "b", "*"]),
        st.sampled_from(["*", "x", "z"]),
        st.dates(date(2026, 9, 1), date(2026, 10, 10)).map(date.isoformat),
    ),
    max_size=4,
)


@given(findings, waivers)
def test_waiving_changes_nothing_but_who_answers_for_it(found: list[Finding], given_: list[Waiver]) -> None:
    waived = waive(found, given_, TODAY)
    assert [(one.rule, one.subject, one.severity) for one in waived] == [
        (one.rule, one.subject, one.severity) for one in found
    ]
    assert all(one.waived is None or one.waived.expires >= TODAY.isoformat() for one in waived)


@given(findings, waivers)
def test_every_waiver_is_used_or_told_of(found: list[Finding], given_: list[Waiver]) -> None:
    waived = waive(found, given_, TODAY)
    told = about_waivers(waived, given_, TODAY, whole=True)
    good = [one for one in given_ if one.expires >= TODAY.isoformat()]
    idle = [one for one in good if not any(each.rule == one.rule or one.rule == "*" for each in found)]
    assert sum(one.rule == "WAIVER_EXPIRED" for one in told) == len(given_) - len(good)
    assert sum(one.rule == "WAIVER_UNUSED" for one in told) >= len(idle)
