"""The live view of `shoreward check`: which checks run, for how long, and what came of those that have ended.

On a terminal that can move its cursor the view redraws itself; elsewhere (a log, a pipe) it prints a line for each
check that ends. Nobody reading any more is no reason to stop checking.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from shoreward.app.checking.check import Check, Result
from shoreward.app.checking.graph import Graph
from shoreward.cli.answers import SIGNS, row, said, seconds, took
from shoreward.cli.output import clock, console

_FRAMES = 8


class LiveChecks:
    """Draws a graph while it runs; an `app.checking.observing.Observer`."""

    def __init__(self, graph: Graph) -> None:
        self._names = list(graph.names)
        self._running: dict[str, tuple[float, str]] = {}
        self._results: dict[str, Result] = {}
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console,
            get_renderable=self._draw,
            refresh_per_second=_FRAMES,
            transient=True,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def begun(self, check: Check) -> None:
        """A check is being run."""
        with self._lock:
            self._running[check.name] = (time.monotonic(), "")

    def said(self, check: str, text: str) -> None:
        """A check says what it is at."""
        with self._lock:
            if check in self._running:
                self._running[check] = (self._running[check][0], text)

    def ended(self, result: Result) -> None:
        """A check has its verdict."""
        with self._lock:
            self._running.pop(result.check, None)
            self._results[result.check] = result

    def _draw(self) -> Table:
        table = Table(box=None, padding=(0, 1), show_header=False)
        for _ in range(4):
            table.add_column(no_wrap=True)
        now = time.monotonic()
        frame = self._spinner.render(now)
        with self._lock:
            for name in self._names:
                if name in self._results:
                    table.add_row(*row(self._results[name], time.time()))
                elif name in self._running:
                    since, text = self._running[name]
                    table.add_row(frame, Text(name, "bold"), Text(seconds(now - since)), Text(text, "dim"))
                else:
                    table.add_row(Text("·", "dim"), Text(name, "dim"), "", "")
        return table


class CheckLines:
    """Prints a line for each check that ends; an `app.checking.observing.Observer`."""

    def __init__(self) -> None:
        self._read = True

    def begun(self, check: Check) -> None:
        """That it has ended says enough."""

    def said(self, check: str, text: str) -> None:
        """A log is no place for what is true for a moment."""

    def ended(self, result: Result) -> None:
        """A check has its verdict."""
        if not self._read:
            return
        sign, style = SIGNS[result.verdict]
        parts = (took(result, time.time()), said(result))
        line = ": ".join(part for part in parts if part)
        try:
            console.print(f"{clock(time.time())} [{style}]{sign}[/] {escape(f'{result.check} {line}')}")
        except BrokenPipeError:
            self._read = False
