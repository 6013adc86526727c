"""A release told from its journal: every line once, in words, with names no longer than they need to be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shoreward.app.people import levers
from shoreward.app.ports import Recorded
from shoreward.app.words.story import line_json, places, summary, tell, weights
from shoreward.app.words.wording import checked_words, counted, odds, rate, standing, telling
from shoreward.core import Phase
from shoreward.core import events as e
from shoreward.domain import Checked, CheckResult, Evidence, Judgement, Retryable, Verdict, Wave
from shoreward.testing.builders import a_pipeline, a_target, an_opening, some_checks
from shoreward.testing.gate import a_finding, an_advisory

from .support import EAST, NORTH, WEST, Beach, a_pipeline_of_minutes, wish


@pytest.fixture
def beach() -> Beach:
    beach = Beach()
    beach.release("old")
    return beach


def texts(beach: Beach, release: str, *, all_of_it: bool = False) -> list[str]:
    told = tell(beach.journal.events(release))
    return [line.text for line in told if line.weighty or all_of_it]


def test_a_good_release_is_told_from_its_opening_to_its_end(beach: Beach):
    beach.release("new")
    told = texts(beach, "app-2")
    assert told[0] == "kim released new (Change new)"
    assert told[1].startswith("built revision")
    assert told[1].endswith("0 artifacts")
    assert "wave 1 (wave 1) began" in told
    assert told[-1] == "ended: succeeded"
    assert "staged 0 changes; new: Function v2" in told
    assert "serves Function v1" in told


def test_every_event_has_its_line_in_order(beach: Beach):
    beach.release("new")
    events = beach.events("app-2")
    lines = tell(beach.journal.events("app-2"))
    assert [line.at for line in lines] == [event.at for event in events]
    assert [line.target for line in lines] == [getattr(event, "target", "") for event in events]


def looks(*verdicts: Verdict, shifted: float | None = None) -> list[Recorded]:
    events: list = [an_opening()]
    for at, verdict in enumerate(verdicts):
        events.append(e.TargetJudged(at=at, target=NORTH, judgement=Judgement(verdict=verdict, until=at, reason="so")))
        if shifted is not None:
            events.append(e.TrafficShifted(at=at, target=NORTH, step=0, percent=shifted, since=at))
    return [Recorded(seq=seq, event=event) for seq, event in enumerate(events, start=1)]


def weighty(recorded: list[Recorded]) -> list[bool]:
    return [line.weighty for line in tell(recorded) if line.verdict]


def test_a_look_that_says_nothing_new_has_no_weight():
    wait, passed, failed = Verdict.NOT_ENOUGH_EVIDENCE, Verdict.PASS, Verdict.FAIL
    assert weighty(looks(wait, wait, wait, passed, passed, failed)) == [True, False, False, True, False, True]


def test_a_step_begins_the_telling_anew():
    assert weighty(looks(Verdict.PASS, Verdict.PASS, shifted=50.0)) == [True, True]


def test_looking_on_once_all_traffic_has_moved_is_no_news():
    assert weighty(looks(Verdict.PASS, Verdict.PASS, shifted=100.0)) == [True, False]


def test_a_rollback_does_not_repeat_the_look_before_it(beach: Beach):
    beach.bad = {"new"}
    beach.release("new")
    told = texts(beach, "app-2")
    at = told.index("ROLLBACK (judged)")
    assert told[at - 1].startswith("fail: ")
    assert "errors on the canary" in told[at - 1]


def test_a_rollback_that_a_person_wanted_says_who_and_why(beach: Beach):
    release = beach.open("new")
    beach.until(release, lambda state: state.baked == 1)
    levers.abort(beach.journal, release, wish("wrong day", at=beach.cloud.clock.now()))
    assert texts(beach, release)[-1] == "ROLLBACK (person) by kim: wrong day"


def test_holds_are_told_with_who_and_why(beach: Beach):
    release = beach.open("new")
    levers.hold(beach.journal, release, wish("lunch"))
    levers.resume(beach.journal, release, wish("fed", by="robin"))
    assert texts(beach, release)[1:] == ["held by kim: lunch", "resumed by robin: fed"]


def test_weights_follow_the_canary_there_and_back(beach: Beach):
    release = beach.open("new")
    beach.until(release, lambda state: state.deployments[WEST].phase is Phase.BAKING)
    levers.abort(beach.journal, release, wish(at=beach.cloud.clock.now()))
    beach.carry(release)
    found = weights(beach.journal.events(release))
    assert [percent for _, percent in found[NORTH]] == [0.0, 20.0, 100.0, 0.0]
    assert [percent for _, percent in found[WEST]] == [0.0, 20.0, 0.0]
    assert EAST not in found
    assert all([at for at, _ in steps] == sorted(at for at, _ in steps) for steps in found.values())


def test_a_summary_is_json_and_says_where_everything_is(beach: Beach):
    beach.bad = {"new"}
    state = beach.release("new")
    told = json.loads(json.dumps(summary(state, beach.journal.events(state.id))))
    assert (told["id"], told["outcome"], told["application"]) == ("app-2", "rolled_back", "app")
    [first], others = (wave["targets"] for wave in told["waves"])
    assert (first["region"], first["restored"], first["percent"]) == ("eu-north-1", "stack", 0.0)
    assert [each["phase"] for each in others] == ["waiting", "waiting"]
    assert first["weights"][0][1] == 0.0
    assert all(0 <= at <= told["seconds"] for at, _ in first["weights"])
    [failed] = [line for line in told["why"] if line.get("verdict") == "fail"]
    assert failed["evidence"][0]["verdict"] == "fail"


def test_a_line_counts_its_seconds_from_the_opening(beach: Beach):
    beach.release("new")
    lines = tell(beach.journal.events("app-2"))
    assert line_json(lines[0], lines[0].at) == {"t": 0.0, "target": "", "text": "kim released new (Change new)"}


def test_places_are_called_as_briefly_as_they_can_be():
    assert list(places(a_pipeline()).values()) == ["eu-north-1", "eu-west-1", "us-east-1"]
    twins = (a_target(), a_target(account="2" * 12), a_target(region="eu-west-1"), a_target(stack="other"))
    pipeline = replace(a_pipeline(), waves=(Wave(name="all", targets=twins),))
    assert list(places(pipeline).values()) == [
        "111111111111/eu-north-1/app",
        "222222222222/eu-north-1",
        "eu-west-1",
        "111111111111/eu-north-1/other",
    ]


@pytest.mark.parametrize(
    ("bad", "requests", "words"),
    [
        (0, 0, "no requests"),
        (0, 40, "0 of 40 (0 %)"),
        (14, 240, "14 of 240 (5.8 %)"),
        (110, 110, "110 of 110 (100 %)"),
        (2, 1_234_567, "2 of 1,234,567 (0.00016 %)"),
        (129, 1_000, "129 of 1,000 (12.9 %)"),
    ],
)
def test_rates(bad: int, requests: int, words: str):
    assert rate(bad, requests) == words


@pytest.mark.parametrize(
    ("log_e", "words"),
    [(0.0, "x 1"), (-2.3, "x 0.1"), (2.58, "x 13.2"), (7.83, "x 2,510"), (23.0, "x 10^10"), (-1e9, "x 9.36e-14")],
)
def test_odds(log_e: float, words: str):
    assert odds(log_e) == words


def test_counted():
    assert [counted(amount, "file") for amount in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_all_functions_together_are_left_out_where_they_are_one():
    def seen(function: str, requests: int) -> Evidence:
        return Evidence(function=function, metric="errors", verdict=Verdict.PASS, canary_requests=requests)

    assert [each.function for each in telling([seen("*", 9), seen("A", 9)])] == ["A"]
    assert [each.function for each in telling([seen("*", 9), seen("A", 4), seen("B", 5)])] == ["*", "A", "B"]


# Checks and advisories


@pytest.fixture
def gated() -> Beach:
    """One whose pipeline has checks, with advisories looked up every 20 seconds."""
    beach = Beach(pipeline=replace(a_pipeline_of_minutes(), checks=some_checks(poll=20)))
    beach.release("old")
    return beach


def test_a_pass_is_told_with_its_manifest(gated: Beach):
    state = gated.release("new")
    assert state.checked is not None
    told = texts(gated, "app-2")
    assert told[2] == f"checks passed (2 checks in 1.5 s); manifest {state.checked.manifest[:10]}"


def test_kept_verdicts_and_what_was_left_out_are_said_aloud():
    results = (
        CheckResult(name="unit", verdict=Verdict.PASS, kept=True),
        CheckResult(name="policies", verdict=Verdict.PASS),
        CheckResult(name="dynamic", verdict=Verdict.NO_DATA, skipped=True),
    )
    checked = Checked(
        revision="r", verdict=Verdict.PASS, at=1.0, seconds=0.0312, results=results, report="", manifest="m" * 64
    )
    assert checked_words(checked) == (
        "checks passed (2 checks in 0.0312 s, 1 of them kept, left out: dynamic); manifest mmmmmmmmmm"
    )


def test_a_failure_is_told_with_the_first_findings_and_their_places(gated: Beach):
    gated.cloud.gate.verdicts["new"] = [Verdict.FAIL]
    gated.cloud.gate.findings["new"] = tuple(a_finding(line=line) for line in range(1, 6))
    state = gated.release("new")
    told = texts(gated, "app-2")
    assert told[2] == (
        "checks failed (2 checks in 1.5 s): template.yaml:1: It may do more than before. [IAM_BROADENED]; "
        "template.yaml:2: It may do more than before. [IAM_BROADENED]; "
        "template.yaml:3: It may do more than before. [IAM_BROADENED]; and 2 more"
    )
    assert told[-1] == "ended: failed"
    summed = json.loads(json.dumps(summary(state, gated.journal.events("app-2"))))
    assert (summed["checked"]["verdict"], summed["checked"]["blocked"]) == ("fail", 5)
    assert summed["checked"]["blocking"][0]["where"] == "template.yaml:1"
    assert summed["checked"]["manifest"] is None
    assert len(summed["why"][2]["findings"]) == 5


def test_checks_that_could_not_look_are_named_with_their_reason():
    results = (CheckResult(name="vulnerabilities", verdict=Verdict.ERROR, summary="OSV does not answer"),)
    checked = Checked(revision="r", verdict=Verdict.ERROR, at=1.0, seconds=3.0, results=results, report="")
    assert checked_words(checked) == "checks could not tell (1 check in 3 s): vulnerabilities: OSV does not answer"


def test_a_release_says_that_it_is_being_built_and_checked(gated: Beach):
    release = gated.open("new")
    assert standing(gated.until(release, lambda state: True)) == "building"
    assert standing(gated.until(release, lambda state: state.revision)) == "checking"
    assert standing(gated.until(release, lambda state: state.checked)) == ""
    assert standing(gated.carry(release)) == ""


def test_a_held_release_is_held_and_not_checking(gated: Beach):
    release = gated.open("new")
    levers.hold(gated.journal, release, wish("lunch"))
    assert standing(gated.until(release, lambda state: state.hold)) == ""


def test_a_look_at_advisories_has_weight_when_it_says_something_new(gated: Beach):
    release = gated.open("new")
    gated.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)
    gated.until(release, lambda state: state.reviewed_at > state.opened.at)
    gated.cloud.gate.published.append((gated.cloud.clock.now(), an_advisory()))
    held = gated.until(release, lambda state: state.hold)
    assert held.hold is not None
    told = [line for line in tell(gated.journal.events(release)) if "advisor" in line.text or line.findings]
    assert [(line.text, line.weighty) for line in told[-3:]] == [
        ("no new advisory", False),
        ("1 finding about vulnerabilities would fail the checks now", True),
        (f"held by shoreward: {held.hold.why}", True),
    ]
    assert held.hold.why == (
        "new advisory GHSA-652x-xj99-gmcc requests 2.31.0: Credentials leak to another host. Take 2.32.0."
    )


def test_of_looks_at_advisories_that_fail_alike_the_first_has_weight(gated: Beach):
    release = gated.open("new")
    gated.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)
    gated.cloud.gate.dark = Retryable
    gated.until(release, lambda state: any(failure.attempts == 3 for failure in state.failures.values()))
    gated.cloud.gate.dark = None
    gated.carry(release)
    told = [line for line in tell(gated.journal.events(release)) if line.text.startswith("review failed")]
    assert [line.weighty for line in told].count(True) == 1
    assert len(told) > 2
    assert told[0].text == "review failed: Nobody answers. [ADVISORIES_UNREACHABLE]"
