import json
import time
import urllib.error
import urllib.request
import uuid

import boto3
import pytest

PLAN = {"beach": "brighton", "builder": "Ada", "towers": 3, "height_cm": 40, "shells": 16, "moat": True}


def request(method, url, body=None):
    """Status and JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    question = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(question, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def castle(outputs):
    """The address of a castle that is not built yet; it is washed away afterwards."""
    name = f"test-{uuid.uuid4()}"
    yield f"{outputs['ApiUrl']}/castles/{name}"
    table = boto3.resource("dynamodb").Table(outputs["CastlesTableName"])
    table.delete_item(Key={"castle_id": name})


def scored(castle, seconds=60):
    """The castle once the jury has scored it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _, seen = request("GET", castle)
        if seen["score"] is not None:
            return seen
        time.sleep(0.5)
    raise AssertionError(f"the jury gave no score within {seconds} s: {seen}")


def test_the_tide_is_told(outputs):
    status, tide = request("GET", f"{outputs['ApiUrl']}/tides/brighton?at=2026-07-01T12:00:00Z")

    assert status == 200
    assert tide["beach"] == "brighton"
    assert tide["flooded_at"] >= "2026-07-01T12:00:00"


def test_the_tide_of_an_unknown_beach_is_not_found(outputs):
    status, answer = request("GET", f"{outputs['ApiUrl']}/tides/atlantis")

    assert status == 404
    assert "atlantis" in answer["error"]


def test_a_castle_is_built_shown_and_scored(castle):
    assert request("GET", castle)[0] == 404

    status, built = request("PUT", castle, PLAN)
    assert status == 201
    assert built["score"] is None

    seen = scored(castle)
    assert seen == built | {"score": 40}


def test_a_castle_built_anew_is_scored_anew(castle):
    request("PUT", castle, PLAN)
    first = scored(castle)
    request("PUT", castle, PLAN | {"moat": False})
    second = scored(castle)

    assert (first["score"], second["score"]) == (40, 25)
    assert first["build_id"] < second["build_id"]


def test_a_bad_plan_is_refused(castle):
    status, answer = request("PUT", castle, PLAN | {"towers": 0})

    assert status == 400
    assert answer["error"] == "towers must be a whole number from 1 to 20"
    assert request("GET", castle)[0] == 404
