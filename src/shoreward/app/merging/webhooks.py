"""Webhooks of git servers: whether one is genuine, and which branch it tells of.

- GitHub: `X-Hub-Signature-256`, HMAC-SHA256 of the body.
  https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
- Gitea and Forgejo: `X-Gitea-Signature`, the same without a prefix. https://docs.gitea.com/usage/webhooks
- GitLab: `X-Gitlab-Token`, the secret itself. https://docs.gitlab.com/user/project/integrations/webhooks/

What a webhook says is only a hint to look at the branch now: the commit that is released is the one that git has.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from shoreward.domain import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """That a branch has moved.

    Attributes:
        repositories: addresses that the server gives for the repository.
        branch: "" for what is no push to a branch (a tag, a ping).
    """

    repositories: tuple[str, ...]
    branch: str


def genuine(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether somebody who knows the secret sent this; header names in any case. An empty secret proves nothing."""
    given = {name.lower(): value for name, value in headers.items()}
    if not secret:
        return False
    if (signature := given.get("x-hub-signature-256")) is not None:
        return _equal(signature, f"sha256={_mac(secret, body)}")
    if (signature := given.get("x-gitea-signature")) is not None:
        return _equal(signature, _mac(secret, body))
    if (token := given.get("x-gitlab-token")) is not None:
        return _equal(token, secret)
    return False


def _mac(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _equal(given: str, meant: str) -> bool:
    return hmac.compare_digest(given.encode(), meant.encode())


def push_of(body: bytes) -> Push:
    """What a webhook tells of, once it is known to be genuine; raises `Refused` (WEBHOOK_UNREADABLE)."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        what = "The webhook's body is no JSON object."
        raise Refused("WEBHOOK_UNREADABLE", what, next="Let the git server send JSON (application/json).")
    event = cast("dict[str, Any]", said)
    told = [event[key] for key in ("repository", "project") if isinstance(event.get(key), dict)]
    place: dict[str, Any] = told[0] if told else {}
    names = ("clone_url", "ssh_url", "html_url", "git_http_url", "git_ssh_url", "git_url", "web_url", "url")
    found = [place[name] for name in names if isinstance(place.get(name), str)]
    ref = event.get("ref")
    branch = ref.removeprefix("refs/heads/") if isinstance(ref, str) and ref.startswith("refs/heads/") else ""
    return Push(repositories=tuple(dict.fromkeys(found)), branch=branch)


def tells_of(push: Push, repository: str, branch: str) -> bool:
    """Whether a push is one to a watched branch, however its repository's address is written."""
    return push.branch == branch and any(_alike(one) == _alike(repository) for one in push.repositories)


def _alike(address: str) -> str:
    """An address without what differs between ways to write it: scheme, user, port's place, `.git`."""
    bare = address.partition("://")[2] or address
    bare = bare.rpartition("@")[2]
    return bare.replace(":", "/").rstrip("/").removesuffix(".git").lower()
