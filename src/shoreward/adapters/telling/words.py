"""A message for people: what happened, why, what it cost, what to do, and the link; the same in a chat and in a mail.

Many notices at once are one message: of each release, and of each stop, only what happened last, which is what is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoreward.app.telling.notice import Notice
from shoreward.app.words.wording import counted
from shoreward.domain import Outcome
from shoreward.domain.notifications import Kind

_SHOWN = 20
"""How many things a digest names."""

_BAD = {Kind.ROLLBACK}
_WARNING = {Kind.HELD, Kind.NEEDS_PERSON, Kind.BLOCKED, Kind.ADVISORY, Kind.STOPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message before it has a form; all texts but `link` may hold what strangers wrote.

    Attributes:
        title: one sentence.
        lines: what else is to be said, a paragraph each.
        advice: what to do, in our own words, with commands in backquotes.
        link: of the page that says more.
    """

    sign: str
    title: str
    lines: tuple[str, ...]
    advice: str
    link: str


def message_of(notices: Sequence[Notice], page: str) -> Message:
    """One message about some notices."""
    if len(notices) == 1:
        return _one(notices[0], page)
    last = list({_subject(each): each for each in notices}.values())
    shown = last[-_SHOWN:]
    more = len(last) - len(shown)
    return Message(
        sign=max((sign(each) for each in shown), key=_SIGNS.index),
        title=f"{counted(len(notices), 'thing')} happened, and this is how it stands",
        lines=tuple(f"{sign(each)} {each.what}" + (f": {each.why}" if each.why else "") for each in shown),
        advice=f"And {more} more, on the page." if more else "",
        link=f"{page}/pipelines",
    )


def _one(notice: Notice, page: str) -> Message:
    return Message(
        sign=sign(notice),
        title=notice.what,
        lines=tuple(each for each in (notice.why, f"{notice.harmed}." if notice.harmed else "") if each),
        advice=notice.next,
        link=page + notice.path,
    )


def _subject(notice: Notice) -> tuple[str, str]:
    """What a later notice says anew; people's words about quarantine stand beside the release that they are about."""
    apart = notice.kind in (Kind.CULPRIT, Kind.QUARANTINE_LIFTED, Kind.ADVISORY)
    return notice.release or f"/{notice.application}", notice.kind if apart else ""


_SIGNS = ("⚪", "🟢", "🟡", "🔴")
"""From what can wait to what cannot."""


def sign(notice: Notice) -> str:
    """How much it matters, at a glance."""
    if notice.kind in _BAD or (notice.outcome and notice.outcome in (Outcome.FAILED, Outcome.ERRORED)):
        return "🔴"
    if notice.kind in _WARNING:
        return "🟡"
    return "🟢" if notice.outcome is Outcome.SUCCEEDED else "⚪"
