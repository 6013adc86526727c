"""What people read: one message, with what happened, why and the link, and nothing that a stranger put into it."""

from __future__ import annotations

import json
import re
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.adapters.telling.chat import ChatMessages, payload
from shoreward.adapters.telling.mail import letter
from shoreward.adapters.telling.wire import Wire
from shoreward.app.telling.notice import Harm
from shoreward.app.words.plain import for_chat, for_markdown, one_line
from shoreward.domain import Outcome
from shoreward.domain.notifications import Chat, Kind, Mail
from shoreward.testing.receivers import HttpReceiver, answers

from .conftest import PAGE, a_notice

BACK = a_notice(
    Kind.ROLLBACK,
    what="Release sandcastles-12 goes back: it harms customers",
    why="eu-north-1: Castles: errors on the canary 14 of 240 (5.8 %), on the baseline 2 of 2,160 (0.093 %)",
    next="`shoreward blame sandcastles-12` names the likely commit.",
    harm=Harm(failed=14, requests=240),
    cause="judged",
)
BY_MAIL = Mail(server="SMTP", sender="shoreward@example.org", recipients=("a@example.org", "b@example.org"))

EVIL = (
    "<!channel> <!here> <@U024BE7LH> @everyone @channel <http://evil.example|click> [fine](http://evil.example) "
    "& *bold* _x_ `code` ![x](http://evil.example/x.png) <script>alert(1)</script>\r\nBcc: everybody@example.org\n\n. "
    "\x00\x1b[31m\u202egnp.exe\u2028"
)


def test_a_message_says_what_why_how_bad_what_next_and_where():
    assert payload([BACK], PAGE)["text"].split("\n") == [
        "🔴 *Release sandcastles-12 goes back: it harms customers*",
        "eu-north-1: Castles: errors on the canary 14 of 240 (5.8 %), on the baseline 2 of 2,160 (0.093 %)",
        "14 of 240 requests to the new revision failed.",
        "`shoreward blame sandcastles-12` names the likely commit.",
        "<https://shoreward.example.org/releases/sandcastles-12>",
    ]


def test_a_chat_gets_one_post():
    with HttpReceiver(answers(200, "ok")) as receiver:
        chat = ChatMessages(
            chat=Chat(address="SLACK"), page=PAGE, secret=lambda name: f"{receiver.url}/services/T0/B0/x", wire=Wire()
        )
        chat.deliver([BACK])
        [request] = receiver.received
    assert request.path == "/services/T0/B0/x"
    assert json.loads(request.body) == payload([BACK], PAGE)


def test_a_stranger_mentions_nobody_and_leads_nobody_astray_in_a_chat():
    text = payload([a_notice(why=EVIL)], PAGE)["text"]
    assert re.findall(r"<[^>]*>", text) == [f"<{PAGE}/releases/sandcastles-12>"]
    assert "@everyone" not in text
    assert "@channel" not in text
    assert "](" not in text
    assert len(text.split("\n")) == 3, "no line of his own"


@given(st.text())
def test_no_text_becomes_markup(text: str):
    chat, markdown, line = for_chat(text), for_markdown(text), one_line(text)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)|@(?!\u200b)|\]\(", chat)
    assert not re.search(r"(?<!\\)[`*_<>\[\]|]|@(?!\u200b)", markdown.replace("\\\\", ""))
    assert len(f"{chat}{markdown}{line}".splitlines()) <= 1
    assert line.isprintable() or not line


def test_many_things_at_once_are_how_it_stands():
    """Given a night in which nobody could be told, then of each release the last thing is told."""
    night = [
        a_notice(Kind.STARTED, 1, what="Release sandcastles-12 has started"),
        a_notice(Kind.STARTED, 2, release="ferry-3", application="ferry", what="Release ferry-3 has started"),
        a_notice(Kind.STOPPED, 3, release="", application="", what="Everything is stopped, says kim", why="a storm"),
        a_notice(Kind.ENDED, 4, what="Release sandcastles-12 is everywhere", outcome=Outcome.SUCCEEDED),
        a_notice(Kind.STOP_LIFTED, 5, release="", application="", what="Everything goes on, says kim", why="calm"),
        a_notice(Kind.CULPRIT, 6, what="Commit 4f2c is to blame"),
    ]
    assert payload(night, PAGE)["text"].split("\n") == [
        "🟢 *6 things happened, and this is how it stands*",
        "🟢 Release sandcastles-12 is everywhere",
        "⚪ Release ferry-3 has started",
        "⚪ Everything goes on, says kim: calm",
        "⚪ Commit 4f2c is to blame",
        "<https://shoreward.example.org/pipelines>",
    ]


def test_a_digest_has_an_end():
    many = [a_notice(Kind.HELD, number, release=f"app-{number}") for number in range(150)]
    lines = payload(many, PAGE)["text"].split("\n")
    assert len(lines) == 23
    assert lines[-2] == "And 130 more, on the page."


def read(mail: EmailMessage) -> tuple[str, str]:
    return str(mail["Subject"]), mail.get_content()


def test_a_mail_is_plain_text_in_the_thread_of_its_release():
    mail = letter([BACK], PAGE, BY_MAIL)
    subject, text = read(mail)
    assert subject == "[shoreward] Release sandcastles-12 goes back: it harms customers"
    assert text.split("\n\n")[-1].strip() == "https://shoreward.example.org/releases/sandcastles-12"
    assert mail.get_content_type() == "text/plain"
    assert mail["To"] == "a@example.org, b@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    held = letter([a_notice(number=2)], PAGE, BY_MAIL)
    assert mail["References"] == held["References"]
    assert mail["Message-ID"] != held["Message-ID"]
    assert letter([BACK], PAGE, BY_MAIL)["Message-ID"] == mail["Message-ID"], "the same again is the same mail"


def test_a_stranger_adds_no_header_and_no_recipient():
    mail = letter([a_notice(what=EVIL, why=EVIL)], PAGE, BY_MAIL)
    raw = mail.as_bytes()
    header, _, _ = raw.partition(b"\n\n")
    assert b"\nBcc" not in header
    assert len(mail["Subject"]) <= 200
    assert set(mail.keys()) == {
        "Subject",
        "From",
        "To",
        "Date",
        "Message-ID",
        "References",
        "Auto-Submitted",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    }


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_makes_a_mail(text: str):
    assert letter([a_notice(what=text, why=text)], PAGE, BY_MAIL).as_bytes()


@pytest.mark.parametrize(
    ("kind", "outcome", "expected"),
    [
        (Kind.ROLLBACK, None, "🔴"),
        (Kind.ENDED, Outcome.ERRORED, "🔴"),
        (Kind.HELD, None, "🟡"),
        (Kind.BLOCKED, None, "🟡"),
        (Kind.ENDED, Outcome.SUCCEEDED, "🟢"),
        (Kind.STARTED, None, "⚪"),
    ],
)
def test_how_much_it_matters_is_seen_at_a_glance(kind: Kind, outcome: Outcome | None, expected: str):
    assert payload([a_notice(kind, outcome=outcome)], PAGE)["text"].startswith(f"{expected} ")
