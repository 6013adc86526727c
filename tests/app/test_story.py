"""A release told from its journal: every line once, in words, with names no longer than they need to be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shoreward.app import releases
from shoreward.app.ports import Recorded
from shoreward.app.story import line_json, places, summary, tell, weights
from shoreward.app.wording import counted, odds, rate, telling
from shoreward.core import Phase
from shoreward.core import events as e
from shoreward.domain import Evidence, Judgement, Verdict, Wave
from shoreward.testing.builders import a_pipeline, a_target, an_opening

from .support import EAST, NORTH, WEST, Beach, wish


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
    releases.abort(beach.journal, release, wish("wrong day", at=beach.cloud.clock.now()))
    assert texts(beach, release)[-1] == "ROLLBACK (person) by kim: wrong day"


def test_holds_are_told_with_who_and_why(beach: Beach):
    release = beach.open("new")
    releases.hold(beach.journal, release, wish("lunch"))
    releases.resume(beach.journal, release, wish("fed", by="robin"))
    assert texts(beach, release)[1:] == ["held by kim: lunch", "resumed by robin: fed"]


def test_weights_follow_the_canary_there_and_back(beach: Beach):
    release = beach.open("new")
    beach.until(release, lambda state: state.deployments[WEST].phase is Phase.BAKING)
    releases.abort(beach.journal, release, wish(at=beach.cloud.clock.now()))
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
