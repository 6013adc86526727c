"""Telling beside what happens: nobody who is told holds up a release, another receiver, or the end of the process."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.app.telling.courier import Courier
from shoreward.app.telling.listener import Listener
from shoreward.app.telling.teller import Teller
from shoreward.bootstrap.telling import telling
from shoreward.domain import Outcome
from shoreward.domain.notifications import FOR_PEOPLE, Chat, Kind, Mail, Notifications, Receiver, Webhook
from shoreward.testing.receivers import HttpReceiver, answers, closes, drips, hangs, in_turn, never_ends

from .conftest import PAGE, Heard, Shore, Story
from .test_mail import Inbox, smtp

EVERYTHING = frozenset(Kind)


@pytest.fixture
def receivers() -> Iterator[dict[str, HttpReceiver]]:
    """One that takes everything, and some that do not."""
    behaviours = {
        "good": answers(202),
        "hangs": hangs,
        "drips": drips,
        "closes": closes,
        "endless": never_ends,
        "gone": answers(410),
        "busy": answers(429, headers={"Retry-After": "1000"}),
    }
    with ExitStack() as stack:
        yield {name: stack.enter_context(HttpReceiver(behaviour)) for name, behaviour in behaviours.items()}


def webhooks(receivers: dict[str, HttpReceiver]) -> Notifications:
    told = [Receiver(name=name, means=Webhook(url=each.url), about=EVERYTHING) for name, each in receivers.items()]
    return Notifications(page=PAGE, receivers=tuple(told))


def finished(receiver: HttpReceiver) -> list[tuple[str, str]]:
    """Releases that a receiver knows to have finished, with their outcomes."""
    events = [each.json()["data"] for each in receiver.received]
    runs = [each["subject"] for each in events if "pipelinerun.finished" in each["context"]["type"]]
    return list(dict.fromkeys((each["id"], each["content"]["outcome"]) for each in runs))


def test_receivers_that_misbehave_hold_up_nobody(
    shore: Shore, told: tuple[Story, Story], receivers: dict[str, HttpReceiver]
):
    """Given six receivers of the worst kind, releases end, and the good receiver knows of it, in order."""
    with telling(shore.file, webhooks(receivers), drain=0.1):
        for story in told:
            shore.tell_again(story)
        assert [header.outcome for header in shore.journal.releases()] == [Outcome.SUCCEEDED, Outcome.ROLLED_BACK]
        good = receivers["good"]
        until(lambda: len(finished(good)) == 2)
    assert finished(good) == [("app-1", "success"), ("app-2", "failure")]
    ids = [each.json()["id"] for each in good.received]
    for release in ("app-1", "app-2"):
        numbers = [int(each.split("/")[1]) for each in ids if each.startswith(f"{release}/")]
        assert numbers == sorted(numbers)
    with closing(SqliteOutbox(shore.file)) as outbox:
        assert outbox.standing("gone").gone
        assert "429" in outbox.standing("busy").error


def test_leaving_waits_for_no_receiver(shore: Shore, told: tuple[Story, Story]):
    """The end of this test is the assertion: whoever hangs would keep it for ever."""
    with HttpReceiver(hangs) as receiver:
        with telling(shore.file, webhooks({"hangs": receiver}), drain=0.1):
            shore.tell_again(told[0])
            assert receiver.wait_for(1)
        assert not receiver.over.is_set()


def test_what_has_just_happened_is_told_before_the_process_ends(shore: Shore, told: tuple[Story, Story]):
    with HttpReceiver(answers(202)) as receiver:
        with telling(shore.file, webhooks({"good": receiver}), drain=60.0):
            shore.tell_again(told[0])
        assert finished(receiver) == [("app-1", "success")]


def test_what_was_not_told_is_told_by_the_next_process(shore: Shore, told: tuple[Story, Story]):
    """Given a receiver that is away while a release goes its way, the next teller tells all of it."""
    with HttpReceiver(in_turn(answers(503), answers(202))) as receiver:
        with telling(shore.file, webhooks({"good": receiver})):
            shore.tell_again(told[0])
            assert receiver.wait_for(1)
        with closing(SqliteOutbox(shore.file)) as outbox:
            waits = outbox.standing("good").next_at - time.time()
            assert waits > 0
        with telling(shore.file, webhooks({"good": receiver}), now=lambda: time.time() + waits):
            until(lambda: finished(receiver))
        assert finished(receiver) == [("app-1", "success")]


def test_two_processes_tell_once(shore: Shore, told: tuple[Story, Story]):
    def teller(heard: Heard) -> Teller:
        journal, outbox = SqliteJournal(shore.file), SqliteOutbox(shore.file)
        listener = Listener(journal=journal, outbox=outbox, now=time.time, patience=1e9)
        receiver = Receiver(name="team", means=Chat(address="X"), about=EVERYTHING)
        courier = Courier(
            receiver=receiver, messenger=heard, outbox=outbox, now=time.time, chance=lambda: 0.0, give_up_after=1e9
        )
        return Teller(outbox=outbox, listener=listener, couriers=[courier])

    both = Heard(), Heard()
    with teller(both[0]), teller(both[1]):
        shore.tell_again(told[0])
        ends = lambda heard: "app-1/ended" in {f"{each[0].release}/{each[0].kind}" for each in heard.told}  # noqa: E731
        until(lambda: any(map(ends, both)))
    other, one = sorted(both, key=lambda heard: len(heard.told))  # whichever came first
    assert len(one.keys) == len(set(one.keys))
    assert other.told == []


def until(true: object, seconds: float = 30.0) -> None:
    assert callable(true)
    pause, end = threading.Event(), time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it has not happened"
        pause.wait(0.05)


def test_a_release_is_told_by_all_means(shore: Shore, told: tuple[Story, Story], monkeypatch: pytest.MonkeyPatch):
    """A rollback, from the journal to a chat, a mailbox and a signed webhook."""
    inbox = Inbox()
    with HttpReceiver(answers(200)) as chat, HttpReceiver(answers(202)) as events, smtp(inbox) as port:
        monkeypatch.setenv("SLACK", f"{chat.url}/services/T0/B0/x")
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{port}")
        monkeypatch.setenv("KEY", f"whsec_{base64.b64encode(bytes(32)).decode()}")
        mail = Mail(server="SMTP_URL", sender="s@example.org", recipients=("a@example.org",))
        notifications = Notifications(
            page=PAGE,
            receivers=(
                Receiver(name="team", means=Chat(address="SLACK"), about=FOR_PEOPLE),
                Receiver(name="on-call", means=mail, about=frozenset((Kind.ROLLBACK,))),
                Receiver(name="platform", means=Webhook(url=events.url, secret="KEY"), about=EVERYTHING),
            ),
        )
        now = told[1].events[-1].at
        with telling(shore.file, notifications, now=lambda: now):
            for story in told:
                shore.tell_again(story)
            until(lambda: inbox.mails and len(finished(events)) == 2 and chat.received)
    texts = "\n".join(json.loads(each.body)["text"] for each in chat.received)
    assert "Release app-2" in texts
    assert f"{PAGE}/releases/app-2" in texts or f"{PAGE}/pipelines" in texts
    [envelope] = inbox.mails
    assert b"Release app-2 goes back: it harms customers" in (envelope.content or b"")
    assert all(each.headers["webhook-signature"].startswith("v1,") for each in events.received)
