"""A webhook is a hint, and only from somebody who knows the secret."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from shoreward.app.merging.webhooks import Push, genuine, push_of, tells_of
from shoreward.domain import Refused

SECRET, BODY = "tide", b'{"ref": "refs/heads/main"}'
MAC = hmac.new(b"tide", BODY, hashlib.sha256).hexdigest()
SIGNED = [
    {"X-Hub-Signature-256": f"sha256={MAC}"},
    {"x-hub-signature-256": f"sha256={MAC}"},
    {"X-Gitea-Signature": MAC},
    {"X-Gitlab-Token": SECRET},
]


@pytest.mark.parametrize("headers", SIGNED, ids=lambda headers: next(iter(headers)))
def test_who_knows_the_secret_is_believed(headers: dict[str, str]):
    assert genuine(headers, BODY, SECRET)


@pytest.mark.parametrize("headers", SIGNED, ids=lambda headers: next(iter(headers)))
def test_another_secret_is_not(headers: dict[str, str]):
    assert not genuine(headers, BODY, "ebb")
    assert not genuine(headers, BODY, "")


@pytest.mark.parametrize("headers", SIGNED[:3], ids=lambda headers: next(iter(headers)))
def test_a_body_that_was_changed_is_not(headers: dict[str, str]):
    assert not genuine(headers, BODY + b" ", SECRET)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature": "sha1=" + hmac.new(b"tide", BODY, hashlib.sha1).hexdigest()},
        {"X-Hub-Signature-256": MAC},
        {"X-Gitea-Signature": ""},
        {"X-Gitlab-Token": "tidé"},
    ],
)
def test_no_signature_an_old_one_or_half_of_one_proves_nothing(headers: dict[str, str]):
    assert not genuine(headers, BODY, SECRET)


def test_a_weaker_header_does_not_help_a_wrong_signature():
    assert not genuine({"X-Hub-Signature-256": "sha256=00", "X-Gitlab-Token": SECRET}, BODY, SECRET)


@pytest.mark.parametrize(
    ("event", "push"),
    [
        (
            {
                "ref": "refs/heads/main",
                "repository": {"clone_url": "https://x.test/a/b.git", "ssh_url": "git@x.test:a/b"},
            },
            Push(repositories=("https://x.test/a/b.git", "git@x.test:a/b"), branch="main"),
        ),
        (
            {"ref": "refs/heads/feature/tide", "project": {"git_http_url": "https://x.test/a/b.git"}},
            Push(repositories=("https://x.test/a/b.git",), branch="feature/tide"),
        ),
        ({"ref": "refs/tags/v1", "repository": {}}, Push(repositories=(), branch="")),
        ({"zen": "Keep it logically awesome."}, Push(repositories=(), branch="")),
        ({"ref": 7, "repository": "b", "project": {"url": 5}}, Push(repositories=(), branch="")),
    ],
    ids=["github", "gitlab", "tag", "ping", "odd"],
)
def test_what_it_tells_of(event: dict, push: Push):
    assert push_of(json.dumps(event).encode()) == push


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"payload=%7B%7D"])
def test_what_is_no_json_object_is_refused(body: bytes):
    with pytest.raises(Refused) as refused:
        push_of(body)
    assert refused.value.code == "WEBHOOK_UNREADABLE"


@pytest.mark.parametrize(
    "watched", ["https://x.test/a/b.git", "https://kim@X.test/a/b", "git@x.test:a/b.git", "ssh://git@x.test/a/b/"]
)
def test_an_address_is_known_again_however_it_is_written(watched: str):
    push = Push(repositories=("https://x.test/a/b.git",), branch="main")
    assert tells_of(push, watched, "main")
    assert not tells_of(push, watched, "other")
    assert not tells_of(push, "https://x.test/a/c.git", "main")
