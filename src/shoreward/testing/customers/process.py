"""The process in which customers live, and the answering end of its pipe; `customers` is the asking end."""

import asyncio
import contextlib
import itertools
import json
import sys
from dataclasses import asdict

from shoreward.testing.customers.settings import Settings
from shoreward.testing.customers.shore import Shore
from shoreward.testing.customers.tally import chosen


def serve() -> None:
    """The process's main: settings on the first line of standard input, then one answer for every line."""
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(_attend())


async def _attend() -> None:
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    if not (first := await lines.readline()):
        return
    settings = Settings.read(first)
    shores = {beach.name: Shore(beach, settings) for beach in settings.beaches}
    _answer("started")
    while line := await lines.readline():
        match json.loads(line):
            case {"do": "rate", "name": name, "rate": rate}:
                _answer(shores[name].set_rate(rate))
            case {"do": "account", **choice}:
                every = itertools.chain.from_iterable(shore.tallies for shore in shores.values())
                _answer([asdict(tally) for tally in chosen(every, **choice)])
            case _:
                break
    else:
        return  # The parent is gone: nobody will ask.
    for shore in shores.values():
        shore.set_rate(0)
    for shore in shores.values():
        await shore.quiet.wait()
    _answer([asdict(tally) for shore in shores.values() for tally in shore.tallies])


def _answer(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
