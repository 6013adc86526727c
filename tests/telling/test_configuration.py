"""notifications.yaml: what it may say, and every mistake with its place."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from shoreward.domain import SpecError, SpecErrors
from shoreward.domain.notifications import FOR_PEOPLE, Chat, Kind, Mail, Notifications, Receiver, Statuses, Webhook
from shoreward.spec.fleet import load_fleet
from shoreward.spec.notifications import load_notifications
from shoreward.spec.schema import notifications_schema_text

FULL = """
page: https://shoreward.example.org/
blocked-after: 4h
give-up-after: 12h
receivers:
  - name: platform
    cdevents: {url: "https://events.example.org/in", secret: EVENTS_KEY}
  - name: team
    slack: {address: SLACK_ADDRESS}
  - name: on-call
    mail: {server: SMTP_URL, from: shoreward@example.org, to: [a@example.org, b@example.org]}
    about: [rollback, needs-person]
    pipelines: [sandcastles, ferry]
  - name: commits
    statuses: {repository: beach/castles, token: GITHUB_TOKEN}
  - name: inside
    statuses: {forge: gitea, repository: beach/pier, token: TOKEN, url: "http://forge.internal/api/v1", insecure: true}
"""


def load(tmp_path: Path, text: str) -> Notifications:
    file = tmp_path / "notifications.yaml"
    file.write_text(text)
    return load_notifications(file)


def test_all_that_may_be_said(tmp_path: Path):
    everything = frozenset(Kind)
    assert load(tmp_path, FULL) == Notifications(
        page="https://shoreward.example.org",
        blocked_after=14_400,
        give_up_after=43_200,
        receivers=(
            Receiver(
                name="platform",
                means=Webhook(url="https://events.example.org/in", secret="EVENTS_KEY"),
                about=everything,
            ),
            Receiver(name="team", means=Chat(address="SLACK_ADDRESS"), about=FOR_PEOPLE),
            Receiver(
                name="on-call",
                means=Mail(
                    server="SMTP_URL", sender="shoreward@example.org", recipients=("a@example.org", "b@example.org")
                ),
                about=frozenset((Kind.ROLLBACK, Kind.NEEDS_PERSON)),
                pipelines=("sandcastles", "ferry"),
            ),
            Receiver(
                name="commits",
                means=Statuses(
                    forge="github", repository="beach/castles", token="GITHUB_TOKEN", url="https://api.github.com"
                ),
                about=everything,
            ),
            Receiver(
                name="inside",
                means=Statuses(
                    forge="gitea",
                    repository="beach/pier",
                    token="TOKEN",
                    url="http://forge.internal/api/v1",
                    insecure=True,
                ),
                about=everything,
            ),
        ),
    )


def test_a_fleet_has_the_same_in_its_file(tmp_path: Path):
    section = "\n".join(f"  {line}" for line in FULL.strip().splitlines())
    (tmp_path / "fleet.yaml").write_text(f"pipelines: [{{repository: a}}]\nnotifications:\n{section}\n")
    assert load_fleet(tmp_path / "fleet.yaml").notifications == load(tmp_path, FULL)


@pytest.mark.parametrize(
    ("receiver", "code", "place"),
    [
        ("name: a", "NOTIFY_MEANS", "3:5"),
        ("{name: a, slack: {address: A}, mail: {server: S, from: a@b.c, to: [a@b.c]}}", "NOTIFY_MEANS", "3:5"),
        ("{name: a, cdevents: {url: 'http://x.test/in'}}", "NOTIFY_INSECURE", "3:31"),
        ("{name: a, cdevents: {url: 'https://user:pw@x.test/in'}}", "SPEC_ADDRESS", "3:31"),
        ("{name: a, slack: {address: 'https://hooks.slack.com/services/T/B/x'}}", "SPEC_NAME", "3:32"),
        ("{name: a, mail: {server: S, from: 'a@b.c\\nBcc: x', to: [a@b.c]}}", "SPEC_NAME", "3:39"),
        ("{name: a, mail: {server: S, from: a@b.c, to: []}}", "NOTIFY_NOBODY", "3:46"),
        ("{name: a, statuses: {forge: gitea, repository: a/b, token: T}}", "SPEC_REQUIRED", "3:25"),
        ("{name: a, statuses: {repository: ../b, token: T}}", "SPEC_NAME", "3:38"),
        ("{name: a, slack: {address: A}, about: [helt]}", "SPEC_CHOICE", "3:44"),
        ("{name: a, slack: {address: A}, about: []}", "NOTIFY_NOTHING", "3:36"),
        ("{name: a, slack: {address: A}, channel: b}", "SPEC_UNKNOWN_KEY", "3:36"),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, receiver: str, code: str, place: str):
    with pytest.raises(SpecError) as wrong:
        load(tmp_path, f"page: https://x.test\nreceivers:\n  - {receiver}\n")
    errors = wrong.value.errors if isinstance(wrong.value, SpecErrors) else (wrong.value,)
    assert [(error.code, str(error.where).partition(".yaml:")[2]) for error in errors] == [(code, place)]


def test_two_of_one_name(tmp_path: Path):
    twice = "page: https://x.test\nreceivers:\n" + "  - {name: a, slack: {address: A}}\n" * 2
    with pytest.raises(SpecError) as wrong:
        load(tmp_path, twice)
    assert wrong.value.code == "NOTIFY_TWICE"


def test_the_schema_for_editors_accepts_what_is_read(tmp_path: Path):
    text = notifications_schema_text()
    kept = Path(__file__).parents[2] / "docs" / "schema" / "notifications.schema.json"
    assert kept.read_text() == text
    jsonschema.validate(yaml.safe_load(FULL), json.loads(text))


@pytest.mark.parametrize("text", ["", "page: https://x.test", "receivers: []", "[]", "page: x"])
def test_what_is_missing_is_told(tmp_path: Path, text: str):
    with pytest.raises(SpecError):
        load(tmp_path, text)
