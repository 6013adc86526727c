"""The order in which checks run: laws over any graph, on a clock that is made up."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.app.checking.check import Check
from shoreward.app.checking.graph import Graph, graph_of
from shoreward.app.checking.schedule import Past, Schedule
from shoreward.domain import Verdict

from .support import toy

ENDS = (Verdict.PASS, Verdict.PASS, Verdict.PASS, Verdict.FAIL, Verdict.ERROR)


@dataclass(frozen=True)
class Course:
    """A graph, what its checks will take and say, and how it is to be run."""

    graph: Graph
    takes: dict[str, int]
    says: dict[str, Verdict]
    past: dict[str, Past]
    jobs: int
    keep_going: bool


@st.composite
def courses(draw: st.DrawFn) -> Course:
    checks: list[Check] = []
    for number in range(draw(st.integers(1, 8))):
        needs = draw(st.lists(st.sampled_from([check.name for check in checks]), unique=True)) if checks else []
        checks.append(
            toy(
                f"c{number}",
                needs=tuple(needs),
                lane=draw(st.sampled_from(["", "", "sandbox", "port"])),
                waits=draw(st.booleans()),
            )
        )
    names = [check.name for check in checks]
    past = st.builds(Past, failed=st.booleans(), seconds=st.floats(0, 100))
    return Course(
        graph=graph_of(draw(st.permutations(checks))),
        takes={name: draw(st.integers(1, 5)) for name in names},
        says={name: draw(st.sampled_from(ENDS)) for name in names},
        past=draw(st.dictionaries(st.sampled_from(names), past)),
        jobs=draw(st.integers(1, 3)),
        keep_going=draw(st.booleans()),
    )


@dataclass
class Log:
    """What happened, in order."""

    began: list[tuple[int, str]] = field(default_factory=list)
    ended: list[tuple[int, str, Verdict]] = field(default_factory=list)
    unrun: dict[str, str] = field(default_factory=dict)
    begun_after_failure: list[str] = field(default_factory=list)


def carried(course: Course) -> Log:
    """Carry a course out, event by event."""
    schedule = Schedule(course.graph, jobs=course.jobs, past=course.past, keep_going=course.keep_going)
    log, now, running = Log(), 0, list[tuple[int, str]]()
    while True:
        for check in schedule.open():
            schedule.admit(check.name)
        for check in schedule.begin():
            log.began.append((now, check.name))
            if any(verdict is Verdict.FAIL for _, _, verdict in log.ended):
                log.begun_after_failure.append(check.name)
            heapq.heappush(running, (now + course.takes[check.name], check.name))
        if not running:
            assert schedule.over, "it waits for nothing"
            return log
        now, name = heapq.heappop(running)
        log.ended.append((now, name, course.says[name]))
        log.unrun |= dict(schedule.end(name, course.says[name]))


def spans(course: Course, log: Log) -> list[tuple[int, int, Check]]:
    return [(at, at + course.takes[name], course.graph[name]) for at, name in log.began]


@settings(deadline=None, max_examples=50)
@given(courses())
def test_every_check_is_run_once_or_not_at_all_and_then_somebody_says_why(course: Course) -> None:
    log = carried(course)
    ran = [name for _, name in log.began]
    assert sorted([*ran, *log.unrun]) == sorted(course.graph.names)


@settings(deadline=None, max_examples=50)
@given(courses())
def test_a_check_begins_when_all_that_it_needs_has_passed(course: Course) -> None:
    log = carried(course)
    passed = {name: at for at, name, verdict in log.ended if verdict is Verdict.PASS}
    for at, name in log.began:
        assert all(need in passed and passed[need] <= at for need in course.graph[name].needs)


@settings(deadline=None, max_examples=50)
@given(courses())
def test_checks_of_a_lane_never_run_side_by_side(course: Course) -> None:
    laned = [span for span in spans(course, carried(course)) if span[2].lane]
    for begin, end, check in laned:
        others = [one for one in laned if one[2] is not check and one[2].lane == check.lane]
        assert not any(begin < other_end and other_begin < end for other_begin, other_end, _ in others)


@settings(deadline=None, max_examples=50)
@given(courses())
def test_no_more_run_at_once_than_there_are_jobs_beside_those_that_wait_for_others(course: Course) -> None:
    busy = [span for span in spans(course, carried(course)) if not span[2].waits]
    for begin, _, _ in busy:
        assert sum(other <= begin < end for other, end, _ in busy) <= course.jobs


@settings(deadline=None, max_examples=50)
@given(courses())
def test_after_the_first_failure_nothing_begins_unless_it_keeps_going(course: Course) -> None:
    log = carried(course)
    if not course.keep_going and any(verdict is Verdict.FAIL for _, _, verdict in log.ended):
        assert log.begun_after_failure == []
        return
    passed = {name for _, name, verdict in log.ended if verdict is Verdict.PASS}
    for name in course.graph.names:
        assert (name in log.unrun) == (not passed.issuperset(course.graph[name].needs))


@settings(deadline=None, max_examples=50)
@given(courses())
def test_nobody_waits_for_a_core_that_is_free(course: Course) -> None:
    log = carried(course)
    ends = {name: at for at, name, _ in log.ended}
    for at, name in log.began:
        check = course.graph[name]
        ready = max((ends[need] for need in check.needs), default=0)
        for moment in range(ready, at):
            others = [one for begin, end, one in spans(course, log) if begin <= moment < end]
            full = not check.waits and sum(not one.waits for one in others) >= course.jobs
            taken = any(check.lane and one.lane == check.lane for one in others)
            assert full or taken


def begun(*checks: Check, **past: Past) -> list[str]:
    """The order in which checks begin, one at a time."""
    graph = graph_of(checks)
    course = Course(
        graph=graph,
        takes=dict.fromkeys(graph.names, 1),
        says=dict.fromkeys(graph.names, Verdict.PASS),
        past=past,
        jobs=1,
        keep_going=False,
    )
    return [name for _, name in carried(course).began]


def test_what_failed_last_time_goes_first_then_what_takes_the_least_time() -> None:
    slow, quick, failed = Past(failed=False, seconds=9), Past(failed=False, seconds=1), Past(failed=True, seconds=30)
    order = begun(toy("slow"), toy("quick"), toy("failed"), toy("new"), slow=slow, quick=quick, failed=failed)
    assert order == ["failed", "new", "quick", "slow"]


def test_without_a_past_the_order_is_the_graphs() -> None:
    assert begun(toy("unit", needs=("build",)), toy("secrets"), toy("build")) == ["build", "unit", "secrets"]


def test_an_error_lets_the_others_go_on_for_it_says_nothing_of_the_change() -> None:
    graph = graph_of([toy("scan"), toy("unit"), toy("sbom", needs=("scan",))])
    schedule = Schedule(graph, jobs=2, past={})
    for check in schedule.open():
        schedule.admit(check.name)
    assert [check.name for check in schedule.begin()] == ["scan", "unit"]
    assert schedule.end("scan", Verdict.ERROR) == (("sbom", "not run: it needs scan, which did not pass"),)
    assert schedule.running == {"unit"}


def test_what_needs_several_is_told_with_the_first_of_them_whichever_ended_first() -> None:
    for order in (("scan", "unit"), ("unit", "scan")):
        graph = graph_of([toy("scan"), toy("unit"), toy("sbom", needs=("scan", "unit")), toy("sign", needs=("sbom",))])
        schedule = Schedule(graph, jobs=2, past={}, keep_going=True)
        for check in schedule.open():
            schedule.admit(check.name)
        schedule.begin()
        assert schedule.end(order[0], Verdict.FAIL) == ()
        assert not schedule.over
        assert schedule.end(order[1], Verdict.ERROR) == (
            ("sbom", "not run: it needs scan, which did not pass"),
            ("sign", "not run: it needs sbom, which did not pass"),
        )
        assert schedule.over
