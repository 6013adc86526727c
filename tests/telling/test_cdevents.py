"""Every notice is CDEvents 0.5.1, in CloudEvents 1.0 over HTTP, signed as Standard Webhooks 1.0.0 does it.

What is asserted of an event is what its schema asks for (https://github.com/cdevents/spec/tree/v0.5.1/schemas).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from shoreward.adapters.telling.cdevents import CDEvents, cloud_event, events_of
from shoreward.adapters.telling.signing import keys_of, signature
from shoreward.adapters.telling.wire import Wire
from shoreward.app.telling.notice import Harm, Notice
from shoreward.domain import Outcome, Retryable
from shoreward.domain.notifications import Kind, Webhook
from shoreward.testing.receivers import HttpReceiver, answers

from .conftest import PAGE, Shore, a_notice

TARGET = "111111111111/eu-north-1/sandcastles"
ENVIRONMENT, ARTIFACT = ("environment",), ("environment", "artifactId")

CONTENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pipelinerun.queued": ((), ("pipelineName", "uri")),
    "pipelinerun.started": (("pipelineName", "uri"), ("pipelineName", "uri")),
    "pipelinerun.finished": ((), ("pipelineName", "uri", "outcome", "errors")),
    "taskrun.started": ((), ("taskName", "uri", "pipelineRun")),
    "taskrun.finished": ((), ("taskName", "uri", "pipelineRun", "outcome", "errors")),
    "service.deployed": (ARTIFACT, ARTIFACT),
    "service.upgraded": (ARTIFACT, ARTIFACT),
    "service.rolledback": (ARTIFACT, ARTIFACT),
    "service.removed": (ENVIRONMENT, ENVIRONMENT),
    "incident.detected": (ENVIRONMENT, ("description", "environment", "service", "artifactId")),
    "incident.resolved": (ENVIRONMENT, ("description", "environment", "service", "artifactId")),
}
"""What the content of a subject must have, and may have; all of these are of version 0.3.0."""


def check(event: dict[str, Any]) -> None:
    """That an event is one of the standard's, or a custom one as the standard wants them."""
    assert set(event) <= {"context", "subject", "customData", "customDataContentType"}
    context, subject = event["context"], event["subject"]
    assert set(context) == {"specversion", "id", "source", "type", "timestamp"}
    assert context["specversion"] == "0.5.1"
    assert datetime.fromisoformat(context["timestamp"]).tzinfo
    assert urlsplit(context["source"]).scheme == "https"
    assert all(isinstance(context[name], str) and context[name] for name in context)
    assert set(subject) == {"id", "source", "content"}
    assert subject["id"]
    assert isinstance(event["customData"], dict)
    if re.fullmatch(r"dev\.cdeventsx\.shoreward-[a-zA-Z]+\.[a-zA-Z]+\.0\.1\.0", context["type"]):
        return
    verb, found, version = context["type"].removeprefix("dev.cdevents.").partition(".0.3.0")
    assert (found, version) == (".0.3.0", "")
    must, may = CONTENTS[verb]
    content = subject["content"]
    assert set(must) <= set(content) <= set(may)
    assert content.get("outcome", "success") in ("success", "failure", "cancel", "error")
    assert re.fullmatch(r"pkg:generic/[A-Za-z0-9-]+@[0-9a-z]+", content.get("artifactId", "pkg:generic/a@0"))
    for name in ("environment", "service", "pipelineRun"):
        assert name not in content or set(content[name]) == {"id"}


def types(notice: Notice) -> list[str]:
    events = events_of(notice, PAGE)
    for event in events:
        check(event)
    return [event["context"]["type"].removeprefix("dev.") for event in events]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_notice_is_an_event(kind: Kind):
    outcome = Outcome.SUCCEEDED if kind in (Kind.ENDED, Kind.SUPERSEDED) else None
    assert types(a_notice(kind, outcome=outcome, target=TARGET, wave="quiet bay"))


def test_a_whole_story_is_events_with_ids_of_their_own(past: Shore):
    events = [event for notice in past.notices() for event in events_of(notice, PAGE)]
    for event in events:
        check(event)
    ids = [event["context"]["id"] for event in events]
    assert len(set(ids)) == len(ids)
    assert "." not in "".join(ids), "a dot would let somebody move the border of what is signed"
    said = [event["context"]["type"] for event in events]
    assert said[:3] == [
        "dev.cdevents.pipelinerun.queued.0.3.0",
        "dev.cdevents.pipelinerun.started.0.3.0",
        "dev.cdevents.taskrun.started.0.3.0",
    ]
    assert said[-2:] == ["dev.cdevents.pipelinerun.finished.0.3.0", "dev.cdevents.incident.resolved.0.3.0"]
    assert "dev.cdevents.incident.detected.0.3.0" in said


def test_a_target_is_an_environment_and_what_it_serves_an_artifact():
    first = a_notice(Kind.DEPLOYED, target=TARGET, first=True)
    assert types(first) == ["cdevents.service.deployed.0.3.0"]
    assert types(a_notice(Kind.DEPLOYED, target=TARGET)) == ["cdevents.service.upgraded.0.3.0"]
    assert types(a_notice(Kind.RESTORED, target=TARGET)) == ["cdevents.service.rolledback.0.3.0"]
    assert types(a_notice(Kind.RESTORED, target=TARGET, first=True)) == ["cdevents.service.removed.0.3.0"]
    [event] = events_of(a_notice(Kind.RESTORED, target=TARGET), PAGE)
    assert event["subject"]["content"] == {
        "environment": {"id": TARGET},
        "artifactId": "pkg:generic/sandcastles@9f1c2ab7d04e55aa01b2c3d4e5f60718293a4b5c",
    }


def test_a_release_that_harms_is_an_incident():
    harm = Harm(failed=14, requests=240)
    bad = a_notice(Kind.ROLLBACK, target=TARGET, cause="judged", why="it harms", harm=harm)
    assert types(bad) == ["cdeventsx.shoreward-release.goingback.0.1.0", "cdevents.incident.detected.0.3.0"]
    assert events_of(bad, PAGE)[1]["customData"]["harm"] == {"failed": 14, "requests": 240}
    assert types(a_notice(Kind.ROLLBACK, cause="person")) == ["cdeventsx.shoreward-release.goingback.0.1.0"]
    end = a_notice(Kind.ENDED, outcome=Outcome.ROLLED_BACK, cause="judged")
    assert types(end) == ["cdevents.pipelinerun.finished.0.3.0", "cdevents.incident.resolved.0.3.0"]


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_one_of_the_standard(outcome: Outcome):
    [event] = events_of(a_notice(Kind.ENDED, outcome=outcome), PAGE)
    check(event)
    assert ("errors" in event["subject"]["content"]) == (outcome is not Outcome.SUCCEEDED)


def test_the_envelope_repeats_what_the_event_says():
    [event] = events_of(a_notice(Kind.HELD), PAGE)
    around = cloud_event(event)
    assert around["data"] == event
    assert (around["specversion"], around["datacontenttype"]) == ("1.0", "application/json")
    assert (around["id"], around["source"], around["type"], around["time"]) == (
        event["context"]["id"],
        event["context"]["source"],
        event["context"]["type"],
        event["context"]["timestamp"],
    )
    assert around["subject"] == event["subject"]["id"]


KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def messenger(url: str, environment: Callable[[str], str] = lambda name: KEY, secret: str = "EVENTS_KEY") -> CDEvents:
    webhook = Webhook(url=url, secret=secret)
    return CDEvents(webhook=webhook, page=PAGE, secret=environment, now=lambda: 1_700_000_000.9, wire=Wire())


def test_a_delivery_is_signed_as_a_receiver_verifies_it():
    with HttpReceiver(answers(202)) as receiver:
        messenger(receiver.url).deliver([a_notice(Kind.HELD)])
        [request] = receiver.received
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    name, at, said = (request.headers[f"webhook-{each}"] for each in ("id", "timestamp", "signature"))
    key = base64.b64decode(KEY.removeprefix("whsec_"))
    mac = hmac.new(key, f"{name}.{at}.".encode() + request.body, hashlib.sha256).digest()
    assert said == f"v1,{base64.b64encode(mac).decode()}"
    assert (name, at) == (json.loads(request.body)["id"], "1700000000")


def test_a_signature_is_that_of_the_standards_own_library():
    """Made with the package standardwebhooks 1.1.0."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected


def test_while_keys_are_exchanged_both_sign():
    assert len(keys_of(f"{KEY} {KEY}", "X")) == 2
    with HttpReceiver(answers(202)) as receiver:
        messenger(receiver.url, lambda name: f"{KEY} {KEY}").deliver([a_notice(Kind.HELD)])
        first, second = receiver.received[0].headers["webhook-signature"].split(" ")
    assert first == second


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!"])
def test_what_is_no_key_signs_nothing_and_is_not_repeated(secret: str):
    with HttpReceiver(answers(202)) as receiver:
        with pytest.raises(Retryable) as wrong:
            messenger(receiver.url, lambda name: secret).deliver([a_notice(Kind.HELD)])
        assert not receiver.received
    assert wrong.value.code == "NOTIFY_SECRET_INVALID"
    assert secret == "whsec_" or secret not in str(wrong.value)


def test_a_delivery_again_has_the_same_id_and_the_same_body():
    with HttpReceiver(answers(202)) as receiver:
        for _ in range(2):
            messenger(receiver.url).deliver([a_notice(Kind.HELD)])
        first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
