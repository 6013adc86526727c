"""People's levers: hold, resume, abort, roll back."""

from __future__ import annotations

import sys

import typer

from shoreward.app import releases
from shoreward.bootstrap import Project, wish
from shoreward.cli.carry import carry
from shoreward.cli.output import console, print_json
from shoreward.cli.show import chosen
from shoreward.domain import Outcome, Refused

_LEVERS = {
    "hold": (releases.hold, "is held"),
    "resume": (releases.resume, "may move again"),
    "abort": (releases.abort, "goes back everywhere"),
    "roll_back": (releases.roll_back, "goes back everywhere"),
}


def pull(project: Project, what: str, release: str | None, why: str, *, json: bool) -> int:
    """Say it in the journal; what goes back is carried back here unless another process carries it already."""
    act, so = _LEVERS[what]
    of = chosen(project, release).id
    state = act(project.journal, of, wish(why or _ask_why(of, json=json)))
    if what in ("hold", "resume"):
        if json:
            print_json({"id": state.id, "held": state.hold is not None})
        else:
            console.print(f"{state.id} {so}.")
        return 0
    if not json:
        console.print(f"{state.id} {so}.")
    return carry(project, state.id, json=json, wished=Outcome.ABORTED)


def _ask_why(release: str, *, json: bool) -> str:
    if json or not sys.stdin.isatty():
        raise Refused("WHY_MISSING", "The journal keeps why a person steps in.", next="Say it with --why TEXT.")
    return typer.prompt(f"Why ({release})", err=True)
