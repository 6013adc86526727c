"""Commands as the API takes them: where each is sent, and its body."""

from __future__ import annotations

from typing import assert_never
from urllib.parse import quote

from shoreward.app.people import commands as c
from shoreward.web.api import bodies


def address_of(command: c.Command) -> str:
    """The path below the API that a command is posted to."""
    match command:
        case c.Stop():
            return "/stop"
        case c.LiftStop():
            return "/stop/lift"
        case c.PlaceFreeze():
            return "/freezes"
        case c.LiftFreeze(name=name):
            return f"/freezes/{quote(name, safe='')}/lift"
        case c.SetVariable(name=name):
            return f"/variables/{quote(name, safe='')}"
        case _:
            return f"/releases/{quote(command.release, safe='')}/{_verb(command)}"


def _verb(command: c.Lever | c.BringBack) -> str:
    match command:
        case c.Hold():
            return "hold"
        case c.Resume():
            return "resume"
        case c.Abort():
            return "abort"
        case c.RollBack():
            return "rollback"
        case c.BringBack():
            return "back"
        case c.Retry():
            return "retry"
        case c.Skip():
            return "skip"
        case c.Approve():
            return "approve"
        case c.Override():
            return "override"
        case c.NameCulprit():
            return "quarantine/culprit"
        case c.LiftQuarantine(fix=""):
            return "quarantine/lift"
        case c.LiftQuarantine():
            return "quarantine/fix"
        case _:
            assert_never(command)


def body_of(command: c.Command, why: str) -> bodies.Reason:
    """What is sent there."""
    match command:
        case c.Hold(wave=wave, target=target) | c.Resume(wave=wave, target=target):
            return bodies.Part(why=why, wave=wave, target=target)
        case c.Retry(target=target) | c.Skip(target=target):
            return bodies.OnTarget(why=why, target=target)
        case c.Approve(gate=gate, wave=wave) | c.Override(gate=gate, wave=wave):
            return bodies.AtGate(why=why, gate=gate, wave=wave)
        case c.NameCulprit(commit=commit):
            return bodies.OfCommit(why=why, commit=commit)
        case c.LiftQuarantine(fix=fix) if fix:
            return bodies.OfCommit(why=why, commit=fix)
        case c.Stop(application=application) | c.LiftStop(application=application):
            return bodies.About(why=why, application=application)
        case c.PlaceFreeze(name=name, start=start, end=end, application=application):
            return bodies.Freeze(why=why, name=name, start=start, end=end, application=application)
        case c.SetVariable(value=value):
            return bodies.Value(why=why, value=value)
        case _:
            return bodies.Reason(why=why)
