"""Who carries notices to a receiver, by the means that it has."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import assert_never

from shoreward.adapters.telling.cdevents import CDEvents
from shoreward.adapters.telling.chat import ChatMessages
from shoreward.adapters.telling.mail import Mails
from shoreward.adapters.telling.statuses import CommitStatuses
from shoreward.adapters.telling.wire import Wire
from shoreward.app.telling.ports import Messenger
from shoreward.domain import Retryable
from shoreward.domain.notifications import Chat, Mail, Receiver, Statuses, Webhook


def messenger_for(
    receiver: Receiver, page: str, environment: Mapping[str, str], now: Callable[[], float] = time.time
) -> Messenger:
    """The messenger of a receiver.

    Args:
        page: address of the pages.
        environment: where secrets are, by the names that the receiver gives.
        now: UNIX seconds.
    """

    def secret(variable: str) -> str:
        if value := environment.get(variable, "").strip():
            return value
        what = f"The environment variable {variable}, which receiver {receiver.name} needs, is not set."
        raise Retryable("NOTIFY_SECRET_MISSING", what, next="Set it where Shoreward runs, and start it again.")

    means = receiver.means
    wire = Wire(insecure=means.insecure)
    match means:
        case Webhook():
            return CDEvents(webhook=means, page=page, secret=secret, now=now, wire=wire)
        case Chat():
            return ChatMessages(chat=means, page=page, secret=secret, wire=wire)
        case Mail():
            return Mails(mail=means, page=page, secret=secret)
        case Statuses():
            return CommitStatuses(statuses=means, page=page, secret=secret, wire=wire)
        case _:
            assert_never(means)
