"""A controller carries a release while whoever is told of it hangs: it takes the same steps, and waits for nobody."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from controller.support import Scene, pipeline, run, wait
from shoreward.adapters.journal import SqliteJournal
from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.bootstrap.telling import telling
from shoreward.core import events as e
from shoreward.domain import Outcome
from shoreward.domain.notifications import Chat, Kind, Mail, Notifications, Receiver, Webhook
from shoreward.testing.receivers import HttpReceiver, hangs

from .conftest import PAGE

EVERYTHING = frozenset(Kind)


@contextmanager
def silent() -> Iterator[socket.socket]:
    """A server that lets everybody in, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Notifications, list[HttpReceiver], socket.socket]]:
    """A webhook, a chat and a mail server that hang."""
    with HttpReceiver(hangs) as events, HttpReceiver(hangs) as chat, silent() as mail:
        monkeypatch.setenv("SLACK", f"{chat.url}/services/T0/B0/x")
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{mail.getsockname()[1]}")
        letters = Mail(server="SMTP_URL", sender="s@example.org", recipients=("a@example.org",))
        told = Notifications(
            page=PAGE,
            receivers=(
                Receiver(name="platform", means=Webhook(url=events.url), about=EVERYTHING),
                Receiver(name="team", means=Chat(address="SLACK"), about=EVERYTHING),
                Receiver(name="on-call", means=letters, about=EVERYTHING),
            ),
        )
        yield told, [events, chat], mail


@contextmanager
def carried(file: Path, *, bad: bool, told: Notifications | None) -> Iterator[Scene]:
    """A release that has been carried over two waves of a target each; telling goes on."""
    with closing(SqliteJournal(file)) as journal:
        scene = Scene(journal, pipeline([["eu-north-1"], ["us-east-1"]]))
        if bad:
            scene.bad(region="us-east-1")
        with telling(file, told, drain=0.0):
            run(scene.controller())
            yield scene


def steps(scene: Scene) -> list[tuple[str, str]]:
    """What happened, and where; how often the judge looked meanwhile says nothing."""
    happened = [event for event in scene.events() if not isinstance(event, e.TargetJudged)]
    return [(type(event).__name__, getattr(event, "target", "")) for event in happened]


@pytest.mark.parametrize("bad", [False, True], ids=["a good release", "one that harms"])
def test_a_release_ends_as_it_would_if_nobody_were_told(
    tmp_path: Path, deaf: tuple[Notifications, list[HttpReceiver], socket.socket], bad: bool
):
    """Given receivers that hang, then a release comes to its end before one of them has answered anything."""
    notifications, receivers, mail = deaf
    with carried(tmp_path / "alone.db", bad=bad, told=None) as scene:
        alone = steps(scene)
    with carried(tmp_path / "told.db", bad=bad, told=notifications) as scene:
        assert scene.state().outcome is (Outcome.ROLLED_BACK if bad else Outcome.SUCCEEDED)
        assert steps(scene) == alone
        wait(lambda: all(receiver.received for receiver in receivers))
        mail.settimeout(30)
        with mail.accept()[0], closing(SqliteOutbox(tmp_path / "told.db")) as outbox:
            wait(lambda: "ended" in {each.notice.kind for each in outbox.after(0, limit=1_000)})
        assert [len(receiver.received) for receiver in receivers] == [1, 1], "whoever hangs is not asked twice at once"
