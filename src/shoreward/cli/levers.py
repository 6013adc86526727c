"""People's levers: on a release, a part of it, its pipeline, or everything."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import typer

from shoreward.app import levers, orders
from shoreward.bootstrap import Project, wish
from shoreward.cli.carry import carry
from shoreward.cli.output import console, print_json
from shoreward.cli.show import chosen
from shoreward.domain import Outcome, Refused, UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold is about: one of these, or a whole release."""

    wave: str = ""
    target: str = ""
    pipeline: bool = False
    everything: bool = False

    def checked(self, release: str | None) -> Scope:
        """The scope, when it is one; raises `UserError` (USAGE) when it is two."""
        named = [bool(self.wave), bool(self.target), self.pipeline, self.everything]
        if sum(named) > 1 or (release and self.everything):
            what = "More than one thing is named."
            raise UserError("USAGE", what, next="Name a release, a wave, a target, --pipeline or --everything.")
        return self


def hold(project: Project, release: str | None, scope: Scope, why: str, *, json: bool) -> int:
    """Stop it in place."""
    return _held(project, release, scope.checked(release), why, placing=True, json=json)


def resume(project: Project, release: str | None, scope: Scope, why: str, *, json: bool) -> int:
    """Let it move again."""
    return _held(project, release, scope.checked(release), why, placing=False, json=json)


def _held(project: Project, release: str | None, scope: Scope, why: str, *, placing: bool, json: bool) -> int:
    if scope.everything or scope.pipeline:
        application = "" if scope.everything else application_of(project, release)
        what = application or "everything"
        act = orders.stop if placing else orders.lift_stop
        control = act(project.journal, application, wish(why or ask_why(what, json=json)))
        answer = {"stopped": sorted(key or "everything" for key in control.stops)}
    else:
        of = chosen(project, release).id
        what = " ".join(filter(None, (of, scope.wave, scope.target)))
        act = levers.hold if placing else levers.resume
        said = wish(why or ask_why(what, json=json))
        state = act(project.journal, of, said, wave=scope.wave, target=scope.target)
        parts = sorted(key.partition("/")[2] for key in state.holds)
        answer = {"id": state.id, "held": state.hold is not None, "parts": parts}
    if json:
        print_json(answer)
    else:
        console.print(f"{what} {'is held' if placing else 'may move again'}.")
    return 0


def application_of(project: Project, release: str | None) -> str:
    """The application of a release, or of the repository."""
    return project.journal.header(release).application if release else project.pipeline().application


def send_back(project: Project, what: str, release: str | None, why: str, *, json: bool) -> int:
    """Abort or roll back; it is carried back here unless another process carries it already."""
    act = {"abort": levers.abort, "rollback": levers.roll_back}[what]
    of = chosen(project, release).id
    state = act(project.journal, of, wish(why or ask_why(of, json=json)))
    if not json:
        console.print(f"{state.id} goes back everywhere.")
    return carry(project, state.id, json=json, wished=Outcome.ABORTED)


def bring_back(project: Project, to: str, why: str, *, json: bool) -> int:
    """Bring an earlier revision back everywhere, by its release or its commit."""
    release = _release_of(project, to)
    said = wish(why or ask_why(f"back to {to}", json=json))
    opened = levers.bring_back(project.journal, release, said, project.quarantine())
    if not json:
        console.print(f"{opened} brings {release} back. The pipeline is stopped until `shoreward resume --pipeline`.")
    return carry(project, opened, json=json)


def _release_of(project: Project, to: str) -> str:
    """The release that is named, or the newest one that carried a commit forward and has ended."""
    headers = project.journal.releases(open=False)
    if any(header.id == to for header in headers):
        return to
    commit, application = project.repository.resolve(to).id, application_of(project, None)
    carried = [
        each.id for each in headers if (each.application, each.commit, each.back_to) == (application, commit, "")
    ]
    if not carried:
        raise Refused(
            "NOT_BROUGHT_BACK",
            f"No release of {application} has carried {to}.",
            next="`shoreward history` lists what has been live; `shoreward release` releases a commit.",
        )
    return carried[-1]


def on_target(project: Project, what: str, release: str | None, target: str, why: str, *, json: bool) -> int:
    """Retry or skip a target."""
    act, so = {"retry": (levers.retry, "is tried again"), "skip": (levers.skip, "is left out")}[what]
    of = chosen(project, release).id
    state = act(project.journal, of, target, wish(why or ask_why(f"{target} of {of}", json=json)))
    key = levers.find_target(state, target).target.key
    if json:
        print_json({"id": state.id, "target": key})
    else:
        console.print(f"{key} {so}.")
    return 0


def ask_why(what: str, *, json: bool) -> str:
    """The reason, from whoever sits at the terminal; raises `Refused` (WHY_MISSING) where nobody does."""
    if json or not sys.stdin.isatty():
        raise Refused("WHY_MISSING", "The journal keeps why a person steps in.", next="Say it with --why TEXT.")
    return typer.prompt(f"Why ({what})", err=True)
