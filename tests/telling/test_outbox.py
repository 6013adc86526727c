"""The outbox keeps what is to be told as safely as the journal keeps what happened."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing, suppress
from dataclasses import fields
from pathlib import Path
from random import Random

from shoreward.adapters.journal import SqliteJournal
from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.app.telling.notice import Harm, Notice
from shoreward.app.telling.ports import DeadLetter, Heard, Standing
from shoreward.domain import Outcome
from shoreward.domain.notifications import Kind
from shoreward.testing.builders import an_opening

from .conftest import Shore, a_notice
from .mortal import CONTEXT, tell

FULL = a_notice(
    Kind.ROLLBACK,
    why="it harms \N{WAVE DASH} \x1b[31m",
    next="blame",
    target="a/b/c",
    wave="quiet bay",
    first=True,
    outcome=Outcome.ROLLED_BACK,
    cause="judged",
    harm=Harm(failed=3, requests=40),
)


def test_a_notice_is_read_as_it_was_written(shore: Shore):
    blank = Notice(key="k", kind=Kind.TEST, at=0, application="", what="", path="")
    differs = [field.name for field in fields(Notice) if getattr(FULL, field.name) != getattr(blank, field.name)]
    assert len(differs) == len(fields(Notice)), "the sample shows every field"
    shore.outbox.post([FULL], Heard(event=1, orders=0), 5.0)
    assert [(each.at, each.notice) for each in shore.outbox.after(0, limit=9)] == [(5.0, FULL)]


def test_a_key_that_is_known_is_posted_once(shore: Shore):
    for event in (1, 2):
        shore.outbox.post([FULL], Heard(event=event, orders=0), 5.0)
    assert len(shore.outbox.after(0, limit=9)) == 1
    assert shore.outbox.heard() == Heard(event=2, orders=0)


def test_what_is_old_is_forgotten_with_its_dead_letters(shore: Shore):
    shore.outbox.post([a_notice(number=1)], Heard(event=1, orders=0), 100.0)
    shore.outbox.post([a_notice(number=2)], Heard(event=2, orders=0), 200.0)
    for posted in shore.outbox.after(0, limit=9):
        letter = DeadLetter(receiver="team", posted=posted, at=300.0, error="no")
        shore.outbox.stand("team", Standing(cursor=posted.id), [letter])
    shore.outbox.prune(150.0)
    assert [letter.posted.notice.key for letter in shore.outbox.dead()] == ["sandcastles-12/2"]
    shore.outbox.bury(shore.outbox.dead()[0])
    assert shore.outbox.dead() == ()


def test_one_tells_at_a_time(shore: Shore):
    with closing(SqliteOutbox(shore.file)) as another, shore.outbox.lease() as first, another.lease() as second:
        assert (first, second) == (True, False)
    with closing(SqliteOutbox(shore.file)) as another, another.lease() as third:
        assert third


def test_a_journal_that_knew_of_no_outbox_has_one_when_it_is_asked_for(tmp_path: Path):
    file = tmp_path / "journal.db"
    with closing(SqliteJournal(file)) as journal:
        journal.open(an_opening())
    with closing(SqliteOutbox(file)) as outbox, closing(SqliteJournal(file)) as journal:
        assert outbox.heard() is None
        assert len(journal.events("app-1")) == 1


def test_a_process_that_is_killed_at_any_instant_loses_nothing(tmp_path: Path):
    """Given a process that listens and delivers and is killed (-9) again and again, each key arrives in its order."""
    file, chance = tmp_path / "journal.db", Random(7)
    arrived: list[str] = []
    with closing(SqliteJournal(file)) as journal, closing(SqliteOutbox(file)) as outbox:
        outbox.post((), Heard(event=0, orders=0), 0.0)
        outbox.standing("team")
        for number in range(1, 17):
            journal.open(an_opening(f"commit {number}"))
        wanted = [f"app-{number}/1" for number in range(1, 17)]
        deaths = 0
        while set(arrived) != set(wanted):
            ours, theirs = CONTEXT.Pipe(duplex=False)
            process = CONTEXT.Process(target=tell, args=(file, theirs, 0.01))
            process.start()
            theirs.close()
            for number in range(chance.randint(1, 4)):
                if ours.poll(0.2 if number else 30):
                    arrived += [ours.recv()]
            time.sleep(chance.uniform(0.0, 0.02))
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            deaths += 1
            with suppress(EOFError):
                while ours.poll():
                    arrived += [ours.recv()]
    assert list(dict.fromkeys(arrived)) == wanted
    assert deaths > 1
