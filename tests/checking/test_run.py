"""Running a graph: verdicts, what is told apart, what is kept, and how it ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from shoreward.app.checking.check import Check, Materials, Outside, Report, Result, Running
from shoreward.app.checking.graph import graph_of
from shoreward.app.checking.manner import Manner
from shoreward.app.checking.observing import Nobody
from shoreward.app.checking.run import run_graph
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.domain import Place, Retryable, Severity, SpecError, SpecErrors, UserError, Verdict
from shoreward.testing.shelf import MemoryShelf

from .support import NOON, World, breaking, finding, result, rules, toy, verdicts

PATIENCE = 30.0


class Ran:
    """Checks that count how often they run."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def check(self, name: str, *found: Any, report: Report | None = None, **more: Any) -> Check:
        def run(materials: Materials, running: Running) -> Report | None:
            self.names.append(name)
            return report

        return toy(name, *found, does=run, **more)


# Verdicts


def test_what_finds_nothing_passes() -> None:
    answer = World().run(toy("unit"), toy("secrets"))
    assert verdicts(answer) == {"unit": "pass", "secrets": "pass"}
    assert answer.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("severity", "block", "verdict"),
    [
        (Severity.MEDIUM, Severity.MEDIUM, "fail"),
        (Severity.LOW, Severity.MEDIUM, "pass"),
        (Severity.LOW, Severity.LOW, "fail"),
        (Severity.HIGH, Severity.CRITICAL, "pass"),
        (Severity.NOTE, Severity.NOTE, "fail"),
    ],
)
def test_the_least_severity_that_blocks_draws_the_line(severity: Severity, block: Severity, verdict: str) -> None:
    assert verdicts(World().run(toy("unit", finding(severity=severity)), block=block)) == {"unit": verdict}


def test_findings_are_signed_and_in_the_order_of_their_places() -> None:
    there = [Place(file="b.py", line=1), Place(file="a.py", line=9), Place(file="a.py", line=2, column=7), None]
    answer = World().run(toy("unit", *(finding(where=place) for place in there)))
    assert [(str(one.where or ""), one.check) for one in answer.findings] == [
        ("", "unit"),
        ("a.py:2:7", "unit"),
        ("a.py:9", "unit"),
        ("b.py:1", "unit"),
    ]


def test_a_mistake_in_the_change_fails_with_its_place_wherever_the_line_is_drawn() -> None:
    wrong = SpecError(
        "HANDLER_MISSING", "There is no handler.", where=Place(file="template.yaml", line=7), next="Write it."
    )
    answer = World().run(breaking("build", wrong), block=Severity.CRITICAL)
    (found,) = answer.findings
    assert verdicts(answer) == {"build": "fail"}
    assert (found.rule, str(found.where), found.what, found.fix) == (
        "HANDLER_MISSING",
        "template.yaml:7",
        "There is no handler.",
        "Write it.",
    )


def test_several_mistakes_are_several_findings() -> None:
    both = SpecErrors((SpecError("ONE", "One."), SpecError("TWO", "Two.")))
    assert rules(World().run(breaking("build", both))) == ["ONE", "TWO"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Retryable("OSV_UNREACHABLE", "Nobody answers."), "OSV_UNREACHABLE"),
        (UserError("GIT_LFS", "It is elsewhere."), "GIT_LFS"),
        (ZeroDivisionError("division by zero"), "INTERNAL"),
        (SystemExit(3), "INTERNAL"),
    ],
)
def test_a_check_that_cannot_look_errors_and_never_passes(error: Exception, code: str) -> None:
    world = World()
    answer = world.run(breaking("scan", error), toy("unit"))
    assert verdicts(answer) == {"scan": "error", "unit": "pass"}
    assert answer.verdict is Verdict.ERROR
    trouble = result(answer, "scan").error
    assert trouble
    assert trouble.code == code


def test_a_check_that_breaks_shows_where() -> None:
    assert "ZeroDivisionError: division by zero" in result(World().run(breaking("scan")), "scan").report.log


def test_a_key_that_cannot_be_made_is_told_apart_like_everything_else() -> None:
    def key(materials: Materials) -> str:
        raise SpecError("PATTERN_INVALID", "That is no pattern.")

    check = Check(name="unit", about="", key=key, run=lambda *_: Report())
    assert (verdicts(World().run(check)), rules(World().run(check))) == ({"unit": "fail"}, ["PATTERN_INVALID"])


# What is not run


def test_what_needs_a_check_that_did_not_pass_is_not_run_and_says_which() -> None:
    answer = World().run(breaking("build"), toy("sandbox", needs=("build",)), toy("parity", needs=("sandbox",)))
    assert verdicts(answer) == {"build": "error", "sandbox": "no_data", "parity": "no_data"}
    assert result(answer, "parity").report.summary == "not run: it needs sandbox, which did not pass"


def test_the_first_failure_ends_the_rest() -> None:
    ran = Ran()
    answer = World().run(toy("unit", finding()), ran.check("secrets"))
    assert (verdicts(answer), ran.names) == ({"unit": "fail", "secrets": "no_data"}, [])
    assert result(answer, "secrets").report.summary == "not run: unit failed first"


def test_whoever_keeps_going_sees_everything() -> None:
    answer = World().run(toy("unit", finding()), toy("secrets", finding()), keep_going=True)
    assert verdicts(answer) == {"unit": "fail", "secrets": "fail"}


def test_what_runs_when_another_fails_is_told_to_stop_and_its_half_answer_is_not_taken() -> None:
    running = threading.Event()

    def slow(materials: Materials, line: Running) -> Report:
        running.set()
        assert line.stop.wait(PATIENCE)
        return Report()

    def fails(materials: Materials, line: Running) -> Report:
        assert running.wait(PATIENCE)
        return Report(findings=(finding(),))

    world = World()
    answer = world.run(toy("slow", does=slow, key="s"), toy("fails", does=fails), jobs=2)
    assert verdicts(answer) == {"slow": "no_data", "fails": "fail"}
    assert result(answer, "slow").report.summary == "stopped: fails failed first"
    assert verdicts(world.run(toy("slow", finding(), key="s"))) == {"slow": "fail"}


def test_what_is_skipped_is_said_and_does_not_count() -> None:
    ran = Ran()
    answer = World().run(ran.check("unit"), toy("secrets"), skipped={"unit": "skipped"})
    assert (answer.verdict, answer.skipped, ran.names) == (Verdict.PASS, ("unit",), [])
    assert result(answer, "unit").verdict is Verdict.NO_DATA


def test_when_everything_is_skipped_nothing_has_passed() -> None:
    assert World().run(toy("unit"), skipped={"unit": "skipped"}).verdict is Verdict.NO_DATA


# What goes from one to the other


def test_a_product_goes_to_those_that_need_it_and_to_nobody_else() -> None:
    seen: dict[str, dict[str, str]] = {}

    def look(name: str) -> Any:
        def run(materials: Materials, running: Running) -> None:
            seen[name] = dict(materials.products)

        return run

    build = toy("build", does=lambda *_: Report(product='{"revision": "1"}'))
    World().run(build, toy("unit", does=look("unit")), toy("sbom", does=look("sbom"), needs=("build",)))
    assert seen == {"unit": {}, "sbom": {"build": '{"revision": "1"}'}}


def test_what_a_check_does_not_see_of_a_product_is_no_reason_to_run_it_again() -> None:
    seen: list[str] = []

    def look(materials: Materials, running: Running) -> None:
        seen.append(materials.products["build"])

    def built(product: str, engine: str) -> Check:
        return toy("build", does=lambda *_: Report(product=product), key=engine)

    world = World()
    policies = toy("policies", does=look, needs=("build",), sees=lambda need, product: f"{need} {product[:5]}")
    for number, product in enumerate(("shape of one", "shape of two", "shake")):
        world.run(built(product, str(number)), policies)
    assert seen == ["build shape", "build shake"]


def test_the_observer_hears_everything_from_one_thread() -> None:
    told: list[str] = []
    threads: set[int] = set()

    class Heard(Nobody):
        def begun(self, check: Check) -> None:
            told.append(f"{check.name} begun")
            threads.add(threading.get_ident())

        def said(self, check: str, text: str) -> None:
            told.append(f"{check}: {text}")
            threads.add(threading.get_ident())

        def ended(self, result: Result) -> None:
            told.append(f"{result.check} {result.verdict}")
            threads.add(threading.get_ident())

    def says(materials: Materials, running: Running) -> None:
        running.say("3 of 7")

    World().run(toy("unit", does=says), observer=Heard())
    assert told == ["unit begun", "unit: 3 of 7", "unit pass"]
    assert threads == {threading.get_ident()}


# Keeping


def test_an_unchanged_check_is_not_run_again_and_says_so() -> None:
    world, ran = World(), Ran()
    world.run(ran.check("unit"))
    world.clock.at += 7_200
    again = result(world.run(ran.check("unit")), "unit")
    assert (ran.names, again.kept, again.at, again.verdict) == (["unit"], True, NOON, Verdict.PASS)


def test_a_failure_is_kept_like_a_pass() -> None:
    world, ran = World(), Ran()
    world.run(ran.check("unit", finding()))
    again = world.run(ran.check("unit", finding()))
    assert (ran.names, verdicts(again), rules(again)) == (["unit"], {"unit": "fail"}, ["wrong"])


def test_a_kept_failure_ends_the_rest_before_anything_is_run() -> None:
    world, ran = World(), Ran()
    world.run(toy("unit", finding()))
    answer = world.run(ran.check("secrets"), toy("unit", finding()))
    assert (verdicts(answer), ran.names) == ({"secrets": "no_data", "unit": "fail"}, [])


def test_what_could_not_look_looks_again() -> None:
    world = World()
    world.run(breaking("scan"))
    assert verdicts(world.run(toy("scan"))) == {"scan": "pass"}


@pytest.mark.parametrize(
    ("first", "more"),
    [(Report(lasting=False), {}), (Report(), {"key": None})],
    ids=["a verdict that another look might change", "a check without a key"],
)
def test_what_cannot_be_kept_is_run_again(first: Report, more: dict[str, Any]) -> None:
    world, ran = World(), Ran()
    for _ in range(2):
        answer = world.run(ran.check("unit", report=first, **more))
        assert result(answer, "unit").key is None
    assert ran.names == ["unit", "unit"]


def test_another_product_of_what_it_needs_means_another_look() -> None:
    world, ran = World(), Ran()
    for product in ("one", "one", "two"):
        build = toy("build", key=product, does=lambda *_, made=product: Report(product=made))
        world.run(build, ran.check("sbom", needs=("build",)))
    assert ran.names == ["sbom", "sbom"]


@pytest.mark.parametrize("change", ["environment", "engine"])
def test_another_variable_or_another_shoreward_means_another_look(change: str) -> None:
    world, ran = World(), Ran()
    check = ran.check("unit", depends=Outside(environment=("TZ",)))
    world.run(check)
    if change == "engine":
        world.engine = "2"
    else:
        world.environment["TZ"] = "CET"
    world.run(check)
    assert ran.names == ["unit", "unit"]


def test_a_verdict_that_ages_is_kept_for_its_time_and_no_longer() -> None:
    world, ran = World(), Ran()
    check = ran.check("scan", depends=Outside(good_for=60.0))
    for at in (0.0, 60.0, 61.0):
        world.clock.at = NOON + at
        world.run(check)
    assert ran.names == ["scan", "scan"]


def test_a_verdict_from_a_clock_that_runs_ahead_is_not_believed() -> None:
    world, ran = World(), Ran()
    world.clock.at = NOON + 3_600
    world.run(ran.check("scan"))
    world.clock.at = NOON
    world.run(ran.check("scan"))
    assert ran.names == ["scan", "scan"]


def test_a_report_that_speaks_of_what_is_gone_is_made_again() -> None:
    world, ran, there = World(), Ran(), [True]
    check = ran.check("sandbox", still=lambda _: there[0])
    world.run(check)
    world.run(check)
    there[0] = False
    world.run(check)
    assert ran.names == ["sandbox", "sandbox"]


def test_whoever_wants_it_fresh_gets_it_and_it_is_kept_for_the_next() -> None:
    world, ran = World(), Ran()
    world.run(ran.check("unit", finding()))
    assert verdicts(world.run(ran.check("unit"), use="fresh")) == {"unit": "pass"}
    assert verdicts(world.run(ran.check("unit", finding()))) == {"unit": "pass"}
    assert ran.names == ["unit", "unit"]


def test_what_failed_last_time_is_looked_at_first_the_next_time() -> None:
    world, ran = World(), Ran()
    world.run(ran.check("one", key=None), ran.check("two", finding(), key=None), keep_going=True)
    ran.names.clear()
    world.run(ran.check("one", key=None), ran.check("two", finding(), key=None))
    assert ran.names == ["two"]


# Verifying


def test_a_kept_verdict_that_comes_out_otherwise_is_a_finding_that_names_the_check() -> None:
    world = World()
    world.run(toy("unit"))
    answer = world.run(toy("unit", finding(subject="test_tide")), use="verify")
    assert rules(answer) == ["KEPT_VERDICT_WRONG", "wrong"]
    wrong = answer.findings[0]
    assert (wrong.subject, wrong.severity) == ("unit", Severity.CRITICAL)
    assert "test_tide" in wrong.what


def test_a_verdict_that_was_found_wrong_is_forgotten() -> None:
    world, ran = World(), Ran()
    world.run(toy("unit"))
    world.run(toy("unit", finding()), use="verify")
    world.run(ran.check("unit"))
    assert ran.names == ["unit"]


def test_a_kept_verdict_that_comes_out_the_same_is_taken() -> None:
    world, ran = World(), Ran()
    for summary in ("3 tests in 1 s", "3 tests in 2 s"):
        answer = world.run(ran.check("unit", report=Report(summary=summary, log=summary)), use="verify")
        assert verdicts(answer) == {"unit": "pass"}
    assert ran.names == ["unit", "unit"]


def test_a_failure_that_does_not_come_again_is_no_pass() -> None:
    world = World()
    world.run(toy("unit", finding()))
    answer = world.run(toy("unit"), use="verify")
    assert (verdicts(answer), rules(answer)) == ({"unit": "fail"}, ["KEPT_VERDICT_WRONG"])


# Being interrupted


def test_an_interruption_stops_what_runs_and_waits_for_its_end() -> None:
    ended = threading.Event()

    class Impatient(Nobody):
        def begun(self, check: Check) -> None:
            raise KeyboardInterrupt

    def run(materials: Materials, running: Running) -> Report:
        assert running.stop.wait(PATIENCE)
        ended.set()
        return Report()

    class Hurried(Nobody):
        def said(self, check: str, text: str) -> None:
            raise KeyboardInterrupt

    def talks(materials: Materials, running: Running) -> Report:
        running.say("here")
        return run(materials, running)

    with pytest.raises(KeyboardInterrupt):
        World().run(toy("unit", does=talks), observer=Hurried())
    assert ended.is_set()
    with pytest.raises(KeyboardInterrupt):
        World().run(toy("unit"), observer=Impatient())


def test_another_thread_can_end_a_run() -> None:
    world, interruption = World(), Interruption()

    def run(materials: Materials, running: Running) -> Report:
        interruption.use()
        assert running.stop.wait(PATIENCE)
        return Report()

    materials = Materials(source=None, commit="c", pipeline=world.pipeline)  # type: ignore[arg-type]
    graph = graph_of([toy("unit", does=run)])
    with pytest.raises(Abandoned):
        run_graph(graph, materials, world.surroundings(), Manner(jobs=1), interruption=interruption)


def test_an_interruption_that_came_too_early_ends_the_next_run() -> None:
    world, interruption = World(shelf=MemoryShelf()), Interruption()
    interruption.use()
    materials = Materials(source=None, commit="c", pipeline=world.pipeline)  # type: ignore[arg-type]
    with pytest.raises(Abandoned):
        run_graph(graph_of([toy("unit")]), materials, world.surroundings(), Manner(jobs=1), interruption=interruption)
