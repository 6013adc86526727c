"""People's levers: on a release, a part of it, its pipeline, or everything."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import typer

from shoreward.app.people import commands as c
from shoreward.app.people.levers import find_target
from shoreward.app.releases import load
from shoreward.cli.output import console, print_json
from shoreward.cli.show import chosen
from shoreward.cli.sites import Site
from shoreward.core.control import control_of
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


def hold(site: Site, release: str | None, scope: Scope, why: str, *, json: bool) -> int:
    """Stop it in place."""
    return _held(site, release, scope.checked(release), why, placing=True, json=json)


def resume(site: Site, release: str | None, scope: Scope, why: str, *, json: bool) -> int:
    """Let it move again."""
    return _held(site, release, scope.checked(release), why, placing=False, json=json)


def _held(site: Site, release: str | None, scope: Scope, why: str, *, placing: bool, json: bool) -> int:
    if scope.everything or scope.pipeline:
        application = "" if scope.everything else application_of(site, release)
        what = application or "everything"
        stop = c.Stop(application=application) if placing else c.LiftStop(application=application)
        site.obey(stop, why or ask_why(what, json=json))
        answer = {"stopped": sorted(key or "everything" for key in control_of(site.journal.orders()).stops)}
    else:
        of = chosen(site, release).id
        what = " ".join(filter(None, (of, scope.wave, scope.target)))
        kind = c.Hold if placing else c.Resume
        site.obey(kind(release=of, wave=scope.wave, target=scope.target), why or ask_why(what, json=json))
        state = load(site.journal, of)
        parts = sorted(key.partition("/")[2] for key in state.holds)
        answer = {"id": state.id, "held": state.hold is not None, "parts": parts}
    if json:
        print_json(answer)
    else:
        console.print(f"{what} {'is held' if placing else 'may move again'}.")
    return 0


def application_of(site: Site, release: str | None) -> str:
    """The application of a release, or the one that is meant when none is named."""
    return site.journal.header(release).application if release else site.application()


def send_back(site: Site, kind: type[c.Abort | c.RollBack], release: str | None, why: str, *, json: bool) -> int:
    """Abort or roll back; it is carried back here unless another process carries it already."""
    of = chosen(site, release).id
    site.obey(kind(release=of), why or ask_why(of, json=json))
    if not json:
        console.print(f"{of} goes back everywhere.")
    return site.carry(of, json=json, wished=Outcome.ABORTED)


def bring_back(site: Site, to: str, why: str, *, json: bool) -> int:
    """Bring an earlier revision back everywhere, by its release or its commit."""
    release = _release_of(site, to)
    opened = site.obey(c.BringBack(release=release), why or ask_why(f"back to {to}", json=json))
    if not json:
        console.print(f"{opened} brings {release} back. The pipeline is stopped until `shoreward resume --pipeline`.")
    return site.carry(opened, json=json)


def _release_of(site: Site, to: str) -> str:
    """The release that is named, or the newest one that carried a commit forward and has ended."""
    headers = site.journal.releases(open=False)
    if any(header.id == to for header in headers):
        return to
    commit, application = site.revision(to).commit, application_of(site, None)
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


def on_target(
    site: Site, kind: type[c.Retry | c.Skip], release: str | None, target: str, why: str, *, json: bool
) -> int:
    """Retry or skip a target."""
    of = chosen(site, release).id
    site.obey(kind(release=of, target=target), why or ask_why(f"{target} of {of}", json=json))
    key = find_target(load(site.journal, of), target).target.key
    if json:
        print_json({"id": of, "target": key})
    else:
        console.print(f"{key} {'is tried again' if kind is c.Retry else 'is left out'}.")
    return 0


def ask_why(what: str, *, json: bool) -> str:
    """The reason, from whoever sits at the terminal; raises `Refused` (WHY_MISSING) where nobody does."""
    if json or not sys.stdin.isatty():
        raise Refused("WHY_MISSING", "The journal keeps why a person steps in.", next="Say it with --why TEXT.")
    return typer.prompt(f"Why ({what})", err=True)
