"""What answers give away, and that a sound answer gives nothing away, whatever was asked."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.adapters.dynamic.attacks import Attack, attacks, marks_of
from shoreward.adapters.dynamic.judging import signs
from shoreward.adapters.dynamic.routes import Route
from shoreward.adapters.dynamic.samples import Sample, sample
from shoreward.adapters.dynamic.sending import Answer
from shoreward.domain import Dynamic, Probe, Severity

ROUTE = Route(api="Api", method="PUT", path="/boats/{name}", functions=("Boats",))
METHODS = Dynamic().methods


def planned(seed: int = 1, route: Route = ROUTE, **more: object) -> list[Attack]:
    given_ = Sample(path={"name": "gull"}, body={"length": 12})
    return list(attacks(route, replace(given_, **more), marks_of(seed, route), METHODS, ()))  # type: ignore[arg-type]


def answer(status: int = 200, body: str = "", **headers: str) -> Answer:
    return Answer(
        status=status,
        body=body.encode()[:200_000],
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_the_same_seed_makes_the_same_requests_and_another_one_others():
    assert planned() == planned()
    assert planned(1) != planned(2)
    assert len(planned()) > 80
    assert len({(one.method, one.target, one.headers, one.body) for one in planned()}) > 80


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31 - 1), st.sampled_from([200, 400, 404, 422, 429, 501]), st.data())
def test_an_answer_that_repeats_what_was_asked_shows_nothing(seed: int, status: int, data: st.DataObject):
    attack = data.draw(st.sampled_from(planned(seed)))
    body = (attack.body or b"").decode(errors="replace")
    said = {"you asked": unquote(attack.target), "raw": attack.target, "with": body, "sent": [*attack.headers]}
    asked = answer(status, json.dumps(said), content_type="application/json", access_control_allow_origin="*")
    assert list(signs(attack, asked)) == []


PLAIN = planned()[0]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('{"error": "Traceback (most recent call last):\\n"}', "attack-leaks-insides"),
        ('File "/opt/python/app.py", line 3, in handler', "attack-leaks-insides"),
        ("TypeError: x\n    at Runtime.handler (/var/task/index.js:3:9)", "attack-leaks-insides"),
        ("at com.example.Boats(Boats.java:12)", "attack-leaks-insides"),
        ('{"errorMessage": "x", "stackTrace": ["a"]}', "attack-leaks-insides"),
        ("An error occurred (AccessDeniedException) when calling the PutItem operation: no", "attack-leaks-insides"),
        ('psycopg2.errors.SyntaxError: unterminated quoted string at or near "\'"', "attack-leaks-insides"),
        ("key ASIAABCDEFGHIJKLMNOP", "attack-leaks-secret"),
        ("{'AWS_SECRET_ACCESS_KEY': 'abcdefghijk'}", "attack-leaks-secret"),
        ("-----BEGIN RSA PRIVATE KEY-----", "attack-leaks-secret"),
        ("root:x:0:0:root:/root:/bin/sh", "attack-reads-files"),
    ],
)
def test_traces_of_the_inside_are_seen_whatever_the_status(body: str, rule: str):
    for status in (200, 400):
        assert [one.rule for one in signs(PLAIN, answer(status, body))] == [rule]


@pytest.mark.parametrize(
    "body",
    [
        "no boat is called 'root'",
        "the path /var/log is not one of ours",
        "An error occurred, try again",
        "File a complaint, line 3",
        "AKIA is how keys begin",
        "meet at noon (sharp)",
    ],
)
def test_words_that_only_sound_like_it_are_no_trace(body: str):
    assert list(signs(PLAIN, answer(200, body))) == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0])
def test_a_crash_is_one(status: int):
    [sign] = signs(PLAIN, answer(status))
    assert (sign.rule, sign.severity) == ("attack-unhandled", Severity.MEDIUM)


def test_a_server_may_hang_up_on_what_is_too_large():
    [heavy] = [one for one in planned() if one.name == "an oversized body"]
    assert list(signs(heavy, answer(0))) == []
    assert list(signs(heavy, answer(413))) == []


def test_browsers_refuse_credentials_for_everybody_so_that_is_little():
    stranger = next(one for one in planned() if "strange origin" in one.name)
    shared = answer(200, access_control_allow_origin="*", access_control_allow_credentials="true")
    assert [one.severity for one in signs(stranger, shared)] == [Severity.LOW]
    open_to_all = answer(200, access_control_allow_origin="*")
    assert list(signs(stranger, open_to_all)) == []


def test_a_guarded_route_is_asked_without_credentials_only():
    guarded = planned(route=replace(ROUTE, guard="Guard"))
    assert all(one.uncredited for one in guarded)
    assert len(guarded) == 5
    assert [list(signs(one, answer(401))) for one in guarded] == [[]] * 5
    assert {sign.rule for one in guarded for sign in signs(one, answer(204))} == {"attack-unauthenticated"}


def test_aws_itself_looks_at_signatures():
    assert [one.name for one in planned(route=replace(ROUTE, guard="AWS_IAM"))] == ["a request without credentials"]


def test_what_probes_send_is_taken_for_a_sensible_request():
    event = (
        '{"routeKey": "PUT /boats/{name}", "pathParameters": {"name": "gull", "x": "y"}, "body": "{\\"length\\": 1}"}'
    )
    other = '{"httpMethod": "GET", "pathParameters": {"name": "tern"}, "queryStringParameters": {"from": "1"}}'
    probes = (Probe(function="Boats", payload=other), Probe(function="Boats", payload=event), Probe(function="Other"))
    assert sample(ROUTE, probes) == Sample(path={"name": "gull"}, query={"from": "1"}, body={"length": 1})
    assert sample(replace(ROUTE, functions=()), probes) == Sample(path={"name": "shoreward-1"})
