"""What somebody from outside may try, and what they must not get."""

import json
import urllib.error
import urllib.request

import pytest

EVIL = ["..%2f..%2fetc%2fpasswd", "%00", "a" * 900, "%7b%7b7*7%7d%7d", "x'%20OR%201=1--"]


def ask(method, url, body=None):
    question = urllib.request.Request(url, body, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(question, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("path", ["tides", "castles"])
def test_strange_names_are_refused_and_nothing_is_told_of_the_inside(outputs, path, name):
    status, body = ask("GET", f"{outputs['ApiUrl']}/{path}/{name}")
    assert 400 <= status < 500, f"{status}: {body}"
    assert "Traceback" not in body and "environ" not in body


def test_a_plan_that_is_no_plan_is_refused(outputs):
    status, body = ask(
        "PUT", f"{outputs['ApiUrl']}/castles/evil", json.dumps({"towers": "1e9", "admin": True}).encode()
    )
    assert status == 400, f"{status}: {body}"
