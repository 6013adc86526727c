"""Messages for Slack's incoming webhooks, and for what takes the same (Mattermost, Rocket.Chat, Discord's `/slack`).

Only `text` is sent, which all of them show. https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shoreward.adapters.telling.wire import Wire
from shoreward.adapters.telling.words import message_of
from shoreward.app.telling.notice import Notice
from shoreward.app.words.plain import for_chat
from shoreward.domain.notifications import Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessages:
    """Implements `app.telling.ports.Messenger`."""

    chat: Chat
    page: str
    secret: Callable[[str], str]
    wire: Wire

    @property
    def digests(self) -> bool:
        """Nobody reads a hundred messages."""
        return True

    def deliver(self, notices: Sequence[Notice]) -> None:
        """See `Messenger.deliver`."""
        body = json.dumps(payload(notices, self.page), ensure_ascii=False).encode()
        self.wire.post(self.secret(self.chat.address), body, {"Content-Type": "application/json; charset=utf-8"})


def payload(notices: Sequence[Notice], page: str) -> dict[str, Any]:
    """What is posted: links are not unfolded, since nobody asked for a picture of a page."""
    message = message_of(notices, page)
    parts = [f"{message.sign} *{for_chat(message.title, most=300)}*", *map(for_chat, message.lines)]
    parts += [for_chat(message.advice)] if message.advice else []
    return {"text": "\n".join([*parts, f"<{message.link}>"]), "unfurl_links": False, "unfurl_media": False}
