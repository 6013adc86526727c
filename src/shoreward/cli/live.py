"""The live view: a release's waves in the terminal, and what each target waits for.

On a terminal that can move its cursor the view redraws itself; elsewhere (a log, a pipe) it prints one line for each
thing that happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from shoreward.app.ports import Recorded
from shoreward.app.words.story import places, tell
from shoreward.app.words.wording import standing
from shoreward.cli.output import clock, console, moment, opening, print_json_line, span
from shoreward.core import Blocker, Deployment, Phase, Release, Restored, decide
from shoreward.domain import Outcome

_WIDTH = 12

_BACK = {Restored.TRAFFIC: "its traffic is back", Restored.STACK: "back"}


Waiting = Callable[[Release, float], Sequence[Blocker]]


def alone(state: Release, now: float) -> Sequence[Blocker]:
    """What a release waits for, as far as it can be told from itself."""
    return decide(state, now).blockers


class LiveView:
    """Shows releases while they move.

    Args:
        waiting: what a release waits for, among others.
        quiet: seconds between redraws of an unchanged view.
    """

    def __init__(self, waiting: Waiting = alone, quiet: float = 0.5) -> None:
        self._waiting = waiting
        self._state: Release | None = None
        self._live = Live(console=console, auto_refresh=False, transient=False) if console.is_terminal else None
        self._quiet = quiet
        self._drawn = 0.0
        self._told: dict[str, list[Recorded]] = {}

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._draw()
            self._live.stop()

    def observe(self, state: Release, recorded: Recorded) -> None:
        """Something happened."""
        self._state = state
        told = self._told.setdefault(state.id, [])
        told.append(recorded)
        if self._live:
            if time.monotonic() - self._drawn > 0.1 or state.ended:
                self._draw()
            return
        line = tell(told)[-1]
        if line.weighty:
            where = f"{places(state.pipeline)[line.target]}: " if line.target else ""
            console.print(f"{clock(line.at)} {escape(where + line.text)}")

    def _draw(self) -> None:
        if self._live and self._state:
            self._drawn = time.monotonic()
            told, now = self._told[self._state.id], time.time()
            self._live.update(picture(self._state, told, self._waiting(self._state, now), now), refresh=True)


class JsonLines:
    """Prints every event's line as JSON."""

    def __init__(self) -> None:
        self._told: dict[str, list[Recorded]] = {}

    def observe(self, state: Release, recorded: Recorded) -> None:
        """Something happened."""
        told = self._told.setdefault(state.id, [])
        told.append(recorded)
        line = tell(told)[-1]
        print_json_line(
            {
                "release": state.id,
                "seq": recorded.seq,
                "at": line.at,
                "event": type(recorded.event).__name__,
                "target": line.target,
                "text": line.text,
            }
        )


def picture(state: Release, recorded: Sequence[Recorded], waiting: Sequence[Blocker], now: float) -> Group:
    """A release as it stands: its waves, what it waits for, and what happened last."""
    names = places(state.pipeline)
    table = Table(box=None, padding=(0, 1), show_header=False)
    for _ in range(3):
        table.add_column(no_wrap=True)
    for index, wave in enumerate(state.pipeline.waves):
        for position, deployment in enumerate(state.in_wave(index)):
            name = Text(wave.name if position == 0 else "", style="bold" if index == state.wave else "dim")
            table.add_row(name, names[deployment.target.key], _bar(deployment), _phase(state, deployment))
    parts: list[Table | Text] = [_title(state, now), table]
    if state.opened.group:
        order = ", then ".join(member.application for member in state.opened.group.members)
        parts.insert(1, _note(f"group {state.opened.group.name}: {order}", "dim"))
    if state.rollback:
        where = f"{names[state.rollback.target]}: " if state.rollback.target else ""
        parts.append(_note(f"why: {where}{_why_back(state)}", "red"))
    parts += [_note(f"waits: {told}", "yellow") for told in waits(waiting)]
    for line in [line for line in tell(recorded) if line.weighty and line.verdict is None][-3:]:
        parts.append(_note(" ".join(filter(None, (clock(line.at), names.get(line.target), line.text))), "dim"))
    return Group(*parts)


def _note(text: str, style: str) -> Text:
    """A line that is as long as it is, on a screen of any width."""
    return Text(f"  {text}", style=style, no_wrap=False, overflow="fold")


def _why_back(state: Release) -> str:
    """Why a release goes back, without the place."""
    if state.rollback is None:
        return ""
    return state.rollback.reason.removeprefix(f"{state.rollback.target.rpartition('/')[0]}: ")


def _title(state: Release, now: float) -> Text:
    until = state.ended_at if state.ended else now
    title = Text.assemble(
        (state.id, "bold"),
        f"  {state.opened.commit[:10]} {state.opened.subject}  ",
        (span(until - state.opened.at), "dim"),
    )
    if state.outcome:
        style = "bold green" if state.outcome is Outcome.SUCCEEDED else "bold red"
        title.append(f"  {state.outcome.value.replace('_', ' ')}", style=style)
    elif state.rollback:
        title.append("  going back", style="bold red")
    elif state.hold:
        title.append(f"  held by {state.hold.by}", style="bold yellow")
    elif now_at := standing(state):
        title.append(f"  {now_at}", style="bold cyan")
    return title


def _bar(deployment: Deployment) -> Text:
    """The share of customers that the new revision serves."""
    exposed = deployment.phase is not Phase.WAITING and deployment.restored is Restored.NOTHING
    share = deployment.percent / 100 if exposed else 0.0
    full = round(share * _WIDTH)
    colour = "green" if deployment.phase is Phase.FINISHED else "cyan"
    return Text.assemble(("█" * full, colour), ("·" * (_WIDTH - full), "dim"), f" {100 * share:3.0f} %")


def _phase(state: Release, deployment: Deployment) -> Text:
    if deployment.restored is not Restored.NOTHING:
        return Text(_BACK[deployment.restored], style="red")
    if state.ended and deployment.phase is Phase.WAITING:
        return Text("untouched", style="dim")
    looked = deployment.judgement
    if deployment.phase is Phase.BAKING and looked:
        return Text(f"baking: {looked.reason}")
    return Text(deployment.phase.value, style="dim" if deployment.phase is Phase.WAITING else "")


def waits(waiting: Sequence[Blocker]) -> list[str]:
    """What a release waits for, a line each, with when that opens."""
    return [f"{blocker.what}{_until(blocker)}" for blocker in waiting if _worth(blocker)]


def _worth(blocker: Blocker) -> bool:
    """What bakes says so beside its target already."""
    return " bakes at " not in blocker.what


def _until(blocker: Blocker) -> str:
    if blocker.gate:
        return f" ({opening(blocker.until, blocker.zone)})" if blocker.until is not None else ""
    return "" if blocker.until is None else f" (until {moment(blocker.until)})"
