"""A process that listens and delivers for ever, to be killed; it imports little, since it is started often."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from shoreward.adapters.journal import SqliteJournal
from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.app.telling.courier import Courier
from shoreward.app.telling.listener import Listener
from shoreward.app.telling.notice import Notice
from shoreward.domain.notifications import Chat, Kind, Receiver

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["shoreward.app.telling.listener", "shoreward.app.telling.courier", "shoreward.adapters.journal.outbox"]
)


@dataclass(frozen=True)
class Across:
    """Delivers by sending keys to a process that lives on."""

    out: Connection
    pause: float
    digests: bool = False

    def deliver(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self.out.send(notice.key)
        time.sleep(self.pause)


def tell(file: Path, out: Connection, pause: float) -> None:
    """Listen and deliver until somebody kills this process."""
    journal, outbox = SqliteJournal(file), SqliteOutbox(file)
    listener = Listener(journal=journal, outbox=outbox, now=time.time, patience=1e9)
    courier = Courier(
        receiver=Receiver(name="team", means=Chat(address="X"), about=frozenset(Kind)),
        messenger=Across(out, pause),
        outbox=outbox,
        now=time.time,
        chance=lambda: 0.0,
        give_up_after=1e9,
    )
    while True:
        listener.step()
        courier.step()
