"""Who is told of what: the format of a file with notifications, which is also a section of `fleet.yaml`.

Whoever runs Shoreward writes it, never a commit that is released: it names addresses, and variables with secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from shoreward.domain import SpecErrors
from shoreward.domain.notifications import (
    FOR_PEOPLE,
    Chat,
    ForgeKind,
    Kind,
    Mail,
    Means,
    Notifications,
    Receiver,
    Statuses,
    Webhook,
    is_private,
)
from shoreward.spec._kinds import Choice, Duration, Flag, Text, duration_text
from shoreward.spec._shapes import At, Field, ListOf, Record, Schema
from shoreward.spec.load import decoded, in_order, read_file
from shoreward.spec.yaml import read_yaml

FILE = "notifications.yaml"
"""Its name where nobody gave another one."""

_DEFAULT = Notifications(page="", receivers=())
_KINDS = tuple(kind.value for kind in Kind if kind is not Kind.TEST)
_ADDRESS = Text(r"https?://[^\s#?@]{1,1000}", "an address (https://..., without a query)", "SPEC_ADDRESS")
_ENVIRONMENT = Text(r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")
_MAILBOX = Text(r"[^\s@<>,;\"]{1,64}@[A-Za-z0-9.-]{1,255}", "an address, such as beach@example.org")
_NAME = Text(r"[a-z][a-z0-9-]{0,62}", "a receiver's name (small letters, digits and -, a letter first)")
_PLACE = Text(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", "a repository, such as beach/castles")
_APIS = {"github": "https://api.github.com", "gitlab": "https://gitlab.com/api/v4"}

_INSECURE = Field("insecure", Flag(), "Plain connections to other machines are wanted.", default=False)

_WEBHOOK = Record(
    "'cdevents'",
    (
        Field("url", _ADDRESS, "Where events are posted.", required=True),
        Field("secret", _ENVIRONMENT, "Environment variable with the key that they are signed with."),
        _INSECURE,
    ),
)
_CHAT = Record(
    "'slack'",
    (Field("address", _ENVIRONMENT, "Environment variable with the webhook's address.", required=True), _INSECURE),
)
_MAIL = Record(
    "'mail'",
    (
        Field("server", _ENVIRONMENT, "Environment variable with the SMTP URL.", required=True),
        Field("from", _MAILBOX, "The sender.", required=True),
        Field("to", ListOf(_MAILBOX, empty=("NOTIFY_NOBODY", "Name at least one.")), "Who gets it.", required=True),
        _INSECURE,
    ),
)
_STATUSES = Record(
    "'statuses'",
    (
        Field("forge", Choice(get_args(ForgeKind)), "The kind of server.", default="github"),
        Field("repository", _PLACE, "The repository on it.", required=True),
        Field("token", _ENVIRONMENT, "Environment variable with a token that may write statuses.", required=True),
        Field("url", _ADDRESS, "Address of its API, where it is not github.com's or gitlab.com's."),
        _INSECURE,
    ),
)
_MEANS = {"cdevents": _WEBHOOK, "slack": _CHAT, "mail": _MAIL, "statuses": _STATUSES}

_RECEIVER = Record(
    "a receiver",
    (
        Field("name", _NAME, "What it is called; what it has been told is remembered by it.", required=True),
        *(Field(name, shape, "One of them says how it is told.") for name, shape in _MEANS.items()),
        Field(
            "about",
            ListOf(Choice(_KINDS), empty=("NOTIFY_NOTHING", "Name at least one, or leave it out."), distinct=True),
            "What it is told of.",
        ),
        Field(
            "pipelines",
            ListOf(Text(r"[A-Za-z][A-Za-z0-9-]{0,127}", "an application's name"), distinct=True),
            "Only of these; of all when there are none.",
        ),
    ),
)

NOTIFICATIONS = Record(
    "'notifications'",
    (
        Field("page", _ADDRESS, "Address of the server's pages, to which every notification links.", required=True),
        Field(
            "blocked-after",
            Duration(),
            "How long a release may stand still without being told of.",
            default=duration_text(_DEFAULT.blocked_after),
        ),
        Field(
            "give-up-after",
            Duration(),
            "How long a notification is tried to be delivered.",
            default=duration_text(_DEFAULT.give_up_after),
        ),
        Field(
            "receivers",
            ListOf(_RECEIVER, empty=("NOTIFY_NOBODY", "Name at least one.")),
            "Who is told.",
            required=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Section:
    """The same as a section of a file; read into `Notifications`."""

    def read(self, value: Any, at: At) -> Notifications | None:
        before = len(at.errors)
        found = NOTIFICATIONS.read(value, at) or {}
        receivers = [_receiver(each, at / "receivers" / index) for index, each in enumerate(found.get("receivers", ()))]
        _once(receivers, at)
        if len(at.errors) > before:
            return None
        return Notifications(
            page=found["page"].rstrip("/"),
            receivers=tuple(each for each in receivers if each),
            blocked_after=found.get("blocked-after", _DEFAULT.blocked_after),
            give_up_after=found.get("give-up-after", _DEFAULT.give_up_after),
        )

    def schema(self) -> Schema:
        return NOTIFICATIONS.schema()


SECTION = _Section()


def load_notifications(path: Path) -> Notifications:
    """Read a file with notifications.

    Raises:
        SpecError: the file cannot be read or is wrong; `SpecErrors` when several things are.
    """
    document = read_yaml(decoded(read_file(path), str(path)), str(path), intrinsics=False)
    at = At(document, [])
    found = SECTION.read(document.value, at)
    if errors := in_order(at.errors):
        raise errors[0] if len(errors) == 1 else SpecErrors(errors)
    assert found
    return found


def _receiver(found: dict[str, Any] | None, at: At) -> Receiver | None:
    if found is None:
        return None
    named = [name for name in _MEANS if at.holds(name)]
    if len(named) != 1:
        what = "A receiver is told in one way" + (", not in several." if named else ", and here is none.")
        return at.complain("NOTIFY_MEANS", what, f"Write one of: {', '.join(_MEANS)}.", key=True)
    means = _means(named[0], found.get(named[0]), at / named[0])
    if means is None:
        return None
    return Receiver(
        name=found.get("name", ""),
        means=means,
        about=_about(found, means),
        pipelines=tuple(found.get("pipelines", ())),
    )


def _about(found: dict[str, Any], means: Means) -> frozenset[Kind]:
    if "about" in found:
        return frozenset(Kind(each) for each in found["about"] if each)
    return FOR_PEOPLE if isinstance(means, Chat | Mail) else frozenset(Kind)


def _means(name: str, found: dict[str, Any] | None, at: At) -> Means | None:
    if found is None:
        return None
    insecure = found.get("insecure", False)
    if (url := found.get("url")) and not (insecure or is_private(url)):
        what = "Anybody on the way could read what is sent there."
        (at / "url").complain("NOTIFY_INSECURE", what, "Write https://, or `insecure: true` beside it.")
    match name:
        case "cdevents":
            return Webhook(url=found.get("url", ""), secret=found.get("secret", ""), insecure=insecure)
        case "slack":
            return Chat(address=found.get("address", ""), insecure=insecure)
        case "mail":
            recipients = tuple(each for each in found.get("to", ()) if each)
            server, sender = found.get("server", ""), found.get("from", "")
            return Mail(server=server, sender=sender, recipients=recipients, insecure=insecure)
        case _:
            forge = found.get("forge", "github")
            url = found.get("url") or _APIS.get(forge, "")
            if not url:
                return at.complain(
                    "SPEC_REQUIRED", "'url' is missing in 'statuses'.", "Gitea has no address of its own."
                )
            repository, token = found.get("repository", ""), found.get("token", "")
            return Statuses(forge=forge, repository=repository, token=token, url=url, insecure=insecure)


def _once(receivers: list[Receiver | None], at: At) -> None:
    names = [each.name if each else "" for each in receivers]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            what = f"There is another receiver '{name}'."
            (at / "receivers" / index / "name").complain("NOTIFY_TWICE", what, "Give it another name.")
