"""What other processes do to a journal."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.ports import Conflict
from shoreward.domain import ShorewardError

from .samples import said

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["shoreward.adapters.journal"])

NOBODY = 65_534


def start(work: Callable[..., None], *args: Any) -> tuple[BaseProcess, Connection]:
    """Begin some work in a process of its own; it gets the other end of the connection first."""
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=work, args=(theirs, *args), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def answer_of(work: Callable[..., None], *args: Any) -> Any:
    """What a process sends when it has done some work."""
    process, connection = start(work, *args)
    with connection:
        answer = connection.recv()
    process.join()
    return answer


def kill(process: BaseProcess) -> None:
    """Kill -9, and see it dead."""
    process.kill()
    process.join()


def append_many(connection: Connection, path: Path, release: str, name: str, count: int) -> None:
    """Append `count` pairs of events as soon as told to, against whoever else does."""
    journal = SqliteJournal(path)
    connection.send("ready")
    connection.recv()
    for number in range(count):
        while True:
            after = journal.events(release)[-1].seq
            try:
                journal.append(release, after, (said(f"{name} {number}"), said(f"{name} {number}, too")))
            except Conflict:
                continue
            break
    connection.send("done")


def append_for_ever(connection: Connection, path: Path, release: str) -> None:
    """Append pairs of events, saying so after each, until killed."""
    journal = SqliteJournal(path)
    number = after = len(journal.events(release))
    while True:
        journal.append(release, after, (said(f"{number}"), said(f"{number}, too")))
        journal.put(f"{number}".encode())
        connection.send(number)
        number += 1
        after += 2


def carry_for_ever(connection: Connection, path: Path) -> None:
    """Hold the lease until killed."""
    with SqliteJournal(path).lease():
        connection.send("carrying")
        connection.recv()


def open_journal(connection: Connection, path: Path) -> None:
    """Open a journal at the same moment as others do."""
    connection.send("ready")
    connection.recv()
    connection.send(_said(lambda: SqliteJournal(path).releases()))


def read_as_nobody(connection: Connection, path: Path, release: str) -> None:
    """Open and read a journal without the rights of its owner, then append to it."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)

    def read() -> object:
        return len(SqliteJournal(path).events(release))

    def append() -> object:
        return SqliteJournal(path).append(release, 1, (said("hello"),))

    connection.send((_said(read), _said(append)))


def _said(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except ShorewardError as error:
        return error


def close_beneath_readers(connection: Connection, path: Path, rounds: int) -> None:
    """Close the journal while threads read from it, again and again; sends the codes of what they were told then."""
    codes = set[str]()

    def read(journal: SqliteJournal, begin: threading.Barrier) -> None:
        begin.wait()
        try:
            while True:
                journal.changes()
        except ShorewardError as error:
            codes.add(error.code)

    for _ in range(rounds):
        journal, begin = SqliteJournal(path), threading.Barrier(5)
        readers = [threading.Thread(target=read, args=(journal, begin)) for _ in range(4)]
        for reader in readers:
            reader.start()
        begin.wait()
        journal.close()
        for reader in readers:
            reader.join()
    connection.send(codes)
