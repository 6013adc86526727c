"""What commands print: for people, or with --json for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

if TYPE_CHECKING:  # the help, which is asked for most, needs no word of the domain
    from shoreward.domain import ShorewardError

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What begins a terminal's commands, or turns the reading direction around; Rich does its styles apart from texts."""


class _Steady(Console):
    """One that texts from outside, such as commit messages, do not steer."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or not _STEERING.search(segment.text):
                yield segment
            else:
                yield Segment(_STEERING.sub("\N{REPLACEMENT CHARACTER}", segment.text), segment.style)


class _Console(_Steady):
    """One that leaves it to the command what a closed pipe means; a release goes on when nobody reads."""

    def on_broken_pipe(self) -> None:
        nobody_reads()
        raise BrokenPipeError


console = _Console(highlight=False, soft_wrap=True)
_errors = _Steady(stderr=True, highlight=False, soft_wrap=True)
_wants_json = False


def make_room() -> None:
    """A terminal has its width, or COLUMNS says it; a log or a pipe has room for any table."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        console.width = 160


def nobody_reads() -> None:
    """Let everything that is still to be printed vanish: whoever read it has closed the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def want_json(wanted: bool) -> None:
    """Remember that errors are to be JSON as well."""
    global _wants_json
    _wants_json = wanted


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    _write(as_json(value).removesuffix("\n"))


def as_json(value: Any) -> str:
    """A JSON document as commands print it."""
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n"


def print_text(text: str) -> None:
    """A file's content on standard output, as it is."""
    _write(text.removesuffix("\n"))


def print_json_line(value: Any) -> None:
    """One line of JSON on standard output, at once."""
    _write(json.dumps(value, ensure_ascii=False))


def _write(line: str) -> None:
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        nobody_reads()
        # Without its number, for which Typer would end the process itself.
        raise BrokenPipeError from error


def warn(sentence: str) -> None:
    """Say something to the person at the terminal, apart from what the command prints."""
    _errors.print(sentence, style="yellow", markup=False)


def complain(error: ShorewardError) -> None:
    """Say what is wrong, where, and what to do next."""
    from shoreward.domain import SpecErrors

    errors = error.errors if isinstance(error, SpecErrors) else (error,)
    if _wants_json:
        print_json({"errors": [_error_json(each) for each in errors]})
        return
    for each in errors:
        where = f"[bold]{_plain(str(each.where))}[/]: " if each.where else ""
        _errors.print(f"[bold red]error[/] {where}{_plain(each.what)} [dim]{_plain(f'[{each.code}]')}[/]")
        if each.next:
            _errors.print(f"      {_plain(each.next)}")


def _plain(text: str) -> str:
    """Text that is not markup, whatever is in it."""
    from rich.markup import escape

    return escape(text)


def _error_json(error: ShorewardError) -> dict[str, str]:
    where = str(error.where) if error.where else ""
    return {"code": error.code, "what": error.what, "where": where, "next": error.next}


def clock(at: float) -> str:
    """A time of day, in this machine's zone."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M:%S")


def moment(at: float) -> str:
    """A date and a time to the minute, in this machine's zone."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def opening(until: float | None, zone: str = "") -> str:
    """When something opens, in this machine's zone, and by the clock of the zone that it goes by."""
    if until is None:
        return ""
    here = f"opens {moment(until)}"
    from shoreward.domain.zones import zone_named

    rules = zone_named(zone)
    if rules is None:
        return here
    there = datetime.fromtimestamp(until, rules)
    alike = there.utcoffset() == datetime.fromtimestamp(until, UTC).astimezone().utcoffset()
    return here if alike else f"{here} here, {there:%Y-%m-%d %H:%M} {zone}"


def span(seconds: float) -> str:
    """A span of time in its largest two units: `3 h 20 min`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    parts = [(whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next(index for index, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount)
