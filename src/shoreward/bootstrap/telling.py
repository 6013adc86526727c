"""Who is told on this machine: the configuration that holds here, and the threads that tell beside whoever carries."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.app.surroundings import UNCONDITIONAL, Conditions
from shoreward.domain.notifications import Notifications

if TYPE_CHECKING:
    from shoreward.app.telling.courier import Courier
    from shoreward.app.telling.ports import Outbox
    from shoreward.bootstrap.project import Project


def notifications(project: Project) -> Notifications | None:
    """See `Project.notifications`."""
    from shoreward.spec.notifications import FILE, load_notifications

    named = os.environ.get("SHOREWARD_NOTIFICATIONS")
    file = Path(named) if named else project.config.parent / FILE
    return load_notifications(file) if named or file.exists() else None


def telling(
    journal: Path,
    notifications: Notifications | None,
    now: Callable[[], float] = time.time,
    *,
    conditions: Conditions = UNCONDITIONAL,
    drain: float = 5.0,
) -> AbstractContextManager[object]:
    """Tells of what happens in a journal while it is entered; nobody is told where nobody is configured.

    Args:
        conditions: what bears on releases beside what is in the journal.
        drain: seconds that leaving it gives receivers for what has just happened.
    """
    if notifications is None:
        return nullcontext()
    from shoreward.adapters.journal import SqliteJournal
    from shoreward.adapters.journal.outbox import SqliteOutbox
    from shoreward.app.telling.listener import Listener
    from shoreward.app.telling.teller import Teller

    # Connections of its own: nothing that is told makes a release wait for a lock of this process.
    outbox = SqliteOutbox(journal)
    listener = Listener(
        journal=SqliteJournal(journal),
        outbox=outbox,
        now=now,
        patience=notifications.blocked_after,
        conditions=conditions,
    )
    return Teller(outbox=outbox, listener=listener, couriers=couriers(outbox, notifications, now), drain=drain)


def couriers(outbox: Outbox, notifications: Notifications, now: Callable[[], float] = time.time) -> tuple[Courier, ...]:
    """Whoever carries notices to each receiver."""
    from shoreward.adapters.telling import messenger_for
    from shoreward.app.telling.courier import Courier

    return tuple(
        Courier(
            receiver=each,
            messenger=messenger_for(each, notifications.page, os.environ, now),
            outbox=outbox,
            now=now,
            chance=random.random,
            give_up_after=notifications.give_up_after,
        )
        for each in notifications.receivers
    )
