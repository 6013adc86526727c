import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from tides import BadQuestion, handler, tell

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
VERSION_7 = SimpleNamespace(function_version="7")


def ask(beach, query=None):
    event = {"routeKey": "GET /tides/{beach}", "pathParameters": {"beach": beach}}
    if query:
        event["queryStringParameters"] = query
    response = handler(event, VERSION_7)
    return response["statusCode"], json.loads(response["body"]), response["headers"]


def test_a_visitor_learns_when_the_sea_comes():
    status, answer, headers = ask("brighton")

    assert status == 200
    assert answer["castle_line_m"] == 1.4
    assert 0 <= answer["minutes_left"] <= 30 * 24 * 60
    assert answer["flooded_at"] >= answer["at"]
    assert headers == {"content-type": "application/json", "x-version": "7"}


def test_a_moment_and_a_line_can_be_given():
    answer = tell("nazare", {"at": "2026-07-01T14:00:00+02:00", "castle_line": "-5"}, now=None)

    assert answer["at"] == answer["flooded_at"] == "2026-07-01T12:00:00+00:00"
    assert answer["minutes_left"] == 0


def test_a_safe_castle_has_no_minutes_to_count():
    answer = tell("warnemuende", {}, NOW)

    assert answer["flooded_at"] is None
    assert answer["minutes_left"] is None


def test_an_unknown_beach_is_not_found():
    status, answer, _ = ask("atlantis")

    assert status == 404
    assert answer["error"] == "no beach is called 'atlantis'; there are brighton, nazare, scheveningen, warnemuende"


@pytest.mark.parametrize(
    "query",
    [
        {"at": "yesterday"},
        {"at": "2026-07-01T12:00:00"},
        {"at": "0001-01-01T00:00:00+23:00"},
        {"castle_line": "high"},
        {"castle_line": "nan"},
    ],
)
def test_a_senseless_question_is_refused(query):
    with pytest.raises(BadQuestion):
        tell("brighton", query, NOW)

    assert ask("brighton", query)[0] == 400
