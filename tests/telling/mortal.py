"""A process that listens and delivers for ever, to be killed; it imports little, since it is started often."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

from shoreward.adapters.journal import SqliteJournal
from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.app.telling.listener import Listener
from shoreward.app.telling.ports import Standing

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["shoreward.app.telling.listener", "shoreward.adapters.journal.outbox"])


def tell(file: Path, out: Connection, pause: float) -> None:
    """Deliver by sending the key to the other side, which outlives this one."""
    journal, outbox = SqliteJournal(file), SqliteOutbox(file)
    listener = Listener(journal=journal, outbox=outbox, now=time.time, patience=1e9)
    while True:
        listener.step()
        standing = outbox.standing("team")
        for posted in outbox.after(standing.cursor, limit=3):
            out.send(posted.notice.key)
            time.sleep(pause)
            outbox.stand("team", Standing(cursor=posted.id))
