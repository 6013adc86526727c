"""Who is told of what: the receivers of notifications, as the one who runs Shoreward configures them.

Secrets are never here: only the names of the environment variables that hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

HERE = ("127.0.0.1", "localhost", "::1")
"""Names of this machine."""


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent to an address: HTTPS, or this machine."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    except ValueError:
        return False


class Kind(StrEnum):
    """Things that matter; each happens to a release, unless it says otherwise."""

    OPENED = "opened"
    STARTED = "started"
    WAVE_STARTED = "wave-started"
    WAVE_BAKED = "wave-baked"
    DEPLOYED = "deployed"
    RESTORED = "restored"
    HELD = "held"
    RESUMED = "resumed"
    NEEDS_PERSON = "needs-person"
    BLOCKED = "blocked"
    ROLLBACK = "rollback"
    ENDED = "ended"
    SUPERSEDED = "superseded"
    ADVISORY = "advisory"
    """What is live has a vulnerability that nobody knew of when it was checked."""
    CULPRIT = "culprit"
    QUARANTINE_LIFTED = "quarantine-lifted"
    STOPPED = "stopped"
    """Of a pipeline, or of everything; so is the next."""
    STOP_LIFTED = "stop-lifted"
    TEST = "test"
    """Nothing happened: somebody tries a receiver out."""


FOR_PEOPLE = frozenset(Kind) - {
    Kind.OPENED,
    Kind.WAVE_STARTED,
    Kind.WAVE_BAKED,
    Kind.DEPLOYED,
    Kind.RESTORED,
    Kind.SUPERSEDED,
}
"""What a person wants to know of who has not said more or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """CDEvents by HTTP.

    Attributes:
        url: where they are posted.
        secret: the environment variable with the keys that they are signed with; "" when they are not.
        insecure: whether it may be plain HTTP on another machine.
    """

    url: str
    secret: str = ""
    insecure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """An incoming webhook of Slack, or of what speaks as Slack does.

    Attributes:
        address: the environment variable with its address, which is a secret.
    """

    address: str
    insecure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """E-mail.

    Attributes:
        server: the environment variable with the server: `smtp://user:password@host:587?starttls`, `smtps://...`.
        sender, recipients: addresses.
    """

    server: str
    sender: str
    recipients: tuple[str, ...]
    insecure: bool = False


ForgeKind = Literal["github", "gitlab", "gitea"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """Statuses of commits at a git server.

    Attributes:
        repository: `owner/name`.
        token: the environment variable with the token.
        url: of the API.
    """

    forge: ForgeKind
    repository: str
    token: str
    url: str
    insecure: bool = False


Means = Webhook | Chat | Mail | Statuses
"""How somebody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody who is told.

    Attributes:
        name: unique among them; what has been told is remembered by it.
        about: the kinds of things that are told.
        pipelines: names of applications; none: all of them.
    """

    name: str
    means: Means
    about: frozenset[Kind]
    pipelines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Who is told of what.

    Attributes:
        page: address of the server's pages, without a slash at its end; every notification links to one.
        blocked_after: seconds for which a release may stand still without being told of.
        give_up_after: seconds for which a notification is tried to be delivered.
    """

    page: str
    receivers: tuple[Receiver, ...]
    blocked_after: float = 7_200.0
    give_up_after: float = 86_400.0
