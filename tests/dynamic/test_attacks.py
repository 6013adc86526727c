"""Attacks on an API: what is wrong is found at its route, with the request that shows it; what is sound is not."""

from __future__ import annotations

import subprocess

import pytest

from .harbour import BOATS, GUARD, TEMPLATE, Harbour, line_of


def broken(*edits: tuple[str, str]) -> str:
    code = BOATS
    for old, new in edits:
        assert old in code
        code = code.replace(old, new)
    return code


CRASHES = broken(("except (ValueError, RecursionError)", "except KeyError"))


def test_a_sound_application_gives_no_finding_and_its_verdict_is_kept(harbour: Harbour):
    found = harbour.check()
    assert (found["verdict"], found["findings"]) == ("pass", [])
    assert found["summary"].startswith("3 routes, ")
    assert found["summary"].endswith("; 1 route asked without credentials only")
    # Kept: nobody brings a sandbox up to ask again
    assert harbour.shop.run("down").code == 0
    assert harbour.check()["verdict"] == "pass"
    assert "stacks" not in harbour.shop.left()


UNKNOWN = 'return 404, {"error": f"there is no boat {name!r}"}'
REFUSED = 'return 400, {"error": "this is no boat"}'
HEADERS = '"headers": {"content-type": "application/json"}'

DEFECTS = {
    "crashes, and pages for strangers": (
        broken(
            ("except (ValueError, RecursionError)", "except KeyError"),
            (UNKNOWN, 'return 404, f"<p>no boat {name}</p>"'),
            ('"body": json.dumps(body)', '"body": body if isinstance(body, str) else json.dumps(body)'),
            (
                HEADERS,
                '"headers": {"content-type": "text/html", "access-control-allow-credentials": "true", '
                '"access-control-allow-origin": event["headers"].get("origin", "*")}',
            ),
        ),
        {
            "Show: attack-reflects-script: GET /boats/{name} puts a script that it was sent into its page: "
            "a script in {name}.",
            "Show: attack-shares-answers: GET /boats/{name} lets any page read its answers with the customer's "
            "credentials: a request from a strange origin.",
            "Enter: attack-shares-answers: PUT /boats/{name} lets any page read its answers with the customer's "
            "credentials: a request from a strange origin.",
            "Enter: attack-reflects-script: PUT /boats/{name} puts a script that it was sent into its page: "
            "a script in {name}.",
            "Enter: attack-unhandled: PUT /boats/{name} answers 500: malformed JSON.",
        },
    ),
    "insides, and input that is run": (
        broken(
            (REFUSED, "import traceback; return 400, traceback.format_exc() + 'AKIA' + 'ABCDEFGH' * 2"),
            (UNKNOWN, "return 404, run(name)"),
        )
        + "\n\ndef run(name):\n    import re\n"
        + "    return re.sub(r'{{(\\d+)[*](\\d+)}}', lambda found: str(int(found[1]) * int(found[2])), name)\n",
        {
            "Show: attack-runs-input: GET /boats/{name} works out what it was sent, so it runs what anybody writes: "
            "a template in {name}.",
            "Enter: attack-leaks-insides: PUT /boats/{name} shows a stack trace: malformed JSON.",
            "Enter: attack-leaks-secret: PUT /boats/{name} shows an AWS access key: malformed JSON.",
        },
    ),
    "files, and types that nobody thought of": (
        broken(
            (' or not isinstance(boat.get("flag"), str)', ""),
            ('"flag": boat["flag"]}', '"flag": boat["flag"].upper()}'),
            (UNKNOWN, "return 404, look(name)"),
        )
        + "\n\ndef look(name):\n    from urllib.parse import unquote\n"
        + "    return open('/etc/passwd').read() if 'etc/passwd' in unquote(name) else ''\n",
        {
            "Show: attack-reads-files: GET /boats/{name} shows a file of the machine: "
            "a path that leads upwards, encoded twice in {name}.",
            "Enter: attack-unhandled: PUT /boats/{name} answers 500: no field flag.",
        },
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_defects_are_found_at_their_routes(harbour: Harbour, name: str):
    code, expected = DEFECTS[name]
    harbour.build(code)
    found = harbour.check()
    assert found["verdict"] == "fail"
    events = {line_of(TEMPLATE, event): event for event in ("Show:", "Enter:", "Log:")}
    assert {f"{events[one['line']]} {one['rule']}: {one['what']}" for one in found["findings"]} == expected
    assert {one["file"] for one in found["findings"]} == {"template.yaml"}
    assert all(one["request"].startswith(("curl -i -X ", "head -c ")) for one in found["findings"])


def test_the_request_that_is_told_shows_it_again(harbour: Harbour):
    harbour.build(CRASHES)
    [finding] = harbour.check()["findings"]
    assert finding["attacks"].startswith("malformed JSON; a body that is empty; ")
    done = subprocess.run(["sh", "-c", finding["request"]], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.startswith("HTTP/1.1 500 ")


def test_an_authorizer_that_lets_everybody_in_is_found(harbour: Harbour):
    harbour.build(guard='def handler(event, context):\n    return {"isAuthorized": True}\n')
    [finding] = harbour.check()["findings"]
    assert (finding["rule"], finding["severity"]) == ("attack-unauthenticated", "critical")
    assert finding["line"] == line_of(TEMPLATE, "Log:")
    assert finding["what"] == (
        "GET /log answers 200, although Guard should ask for credentials: a request without credentials."
    )


def test_an_authorizer_that_believes_any_token_is_found(harbour: Harbour):
    harbour.build(guard=GUARD.replace('== "sesame"', "is not None"))
    [finding] = harbour.check()["findings"]
    assert finding["what"].endswith("should ask for credentials: a made-up token.")


def test_with_credentials_a_guarded_route_is_attacked_too(harbour: Harbour, monkeypatch: pytest.MonkeyPatch):
    harbour.build(broken(('return 200, {"entries": 3}', "return 200, int(event['queryStringParameters']['q'])")))
    harbour.declare("  dynamic: {headers: {authorization: HARBOUR_TOKEN}}\n")
    # Without the variable nobody can tell
    found = harbour.check()
    assert (found["verdict"], found["error"]["code"]) == ("error", "DYNAMIC_CREDENTIALS")
    # With it the crash is found, and the token is not told
    monkeypatch.setenv("HARBOUR_TOKEN", "sesame")
    [finding] = harbour.check()["findings"]
    assert (finding["rule"], finding["line"]) == ("attack-unhandled", line_of(TEMPLATE, "Log:"))
    assert '-H "authorization: $HARBOUR_TOKEN"' in finding["request"]
    assert "sesame" not in str(finding)


def test_only_what_is_asked_for_is_sent_and_no_more_than_that(harbour: Harbour):
    harbour.build(CRASHES)
    harbour.declare("  dynamic: {methods: [GET], requests: 10}\n")
    found = harbour.check()
    assert (found["verdict"], found["findings"]) == ("pass", [])
    assert found["summary"].startswith("2 routes, 10 requests; ")
    assert "beyond the limit not sent" in found["summary"]


def test_without_an_address_nobody_can_tell(harbour: Harbour):
    harbour.build(template=TEMPLATE.split("Outputs:")[0])
    found = harbour.check()
    assert (found["verdict"], found["error"]["code"]) == ("error", "DYNAMIC_ADDRESS")
    assert "Harbour" in found["error"]["what"]
