"""The format of `gates` in `shoreward.yaml`, and what becomes of it.

A part of `spec._format` and `spec._assemble`, in the same manner.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never, cast

from shoreward.domain import (
    After,
    Age,
    Alarms,
    Approval,
    Freeze,
    Gate,
    Hook,
    Hours,
    SpecError,
    Variable,
    Window,
)
from shoreward.domain.zones import REGION
from shoreward.spec._kinds import Choice, Duration, Pattern, Text, duration_text
from shoreward.spec._shapes import At, Field, ListOf, MapOf, Record
from shoreward.spec._times import Days, Holidays, Moment, Time, Zone, days_text, time_text
from shoreward.spec.calendars import Beside, holidays

Found = dict[str, Any]

_ALARMS, _HOOK = Alarms(name=""), Hook(name="")
_NAME = Text(r"[a-z][a-z0-9-]{0,62}", "a gate's name (small letters, digits and -, a letter first)")
_SENTENCE = Text(r"[^\x00-\x1f]{1,400}", "a sentence (up to 400 characters in a line)")
_APPLICATION = Text(r"[A-Za-z][A-Za-z0-9-]{0,127}", "an application's name")
_ADDRESS = Text(r"https?://[^\s#]{1,1000}", "an address (http://... or https://...)", "SPEC_ADDRESS")
_VARIABLE = Text(r"[A-Za-z][A-Za-z0-9_.-]{0,62}", "a variable's name (letters, digits, -, _ and ., a letter first)")
_ENVIRONMENT = Text(r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")
_VALUE = Text(r"[^\x00-\x1f]{1,200}", "text, in quotes where YAML would take it for something else")
_NAMES = ("stack", "region", "account")


HOURS = Record(
    "hours",
    (
        Field("days", Days(), "Days of the week: `mon-thu`, `sat,sun`.", default="mon-sun"),
        Field("from", Time(), "When they begin, `09:30`.", default="00:00"),
        Field(
            "to",
            Time(),
            "When they are over; on the day after, if that is earlier.",
            default="24:00",
        ),
    ),
)
_ZONE_FIELD = Field("zone", Zone(), "Whose clock: an IANA name, or `region` for each target's own.", default=REGION)
WINDOW = Record(
    "'window'",
    (
        Field(
            "open",
            ListOf(HOURS, empty=("SPEC_GATE", "Name some hours, or nothing is ever released.")),
            "The hours in which it is open.",
            required=True,
        ),
        _ZONE_FIELD,
        Field("holidays", Holidays(), "Days on which it is closed: a list, or a calendar (.ics, .txt, .yaml)."),
    ),
)
FREEZE = Record(
    "'freeze'",
    (
        Field("from", Moment(), "When it begins: a day, or a day and a time.", required=True),
        Field("to", Moment(), "When it is over; a day is frozen to its end.", required=True),
        _ZONE_FIELD,
    ),
)
ALARMS = Record(
    "'alarms'",
    (
        Field(
            "names",
            ListOf(Pattern(_NAMES, 255), distinct=True),
            "Alarms, plain or composite; {stack}, {region} and {account} are filled in.",
        ),
        Field("prefix", Pattern(_NAMES, 255), "How the names of others begin; it is filled in, too."),
        Field("every", Duration(), "For how long an answer holds.", default=duration_text(_ALARMS.every)),
    ),
)
HOOK = Record(
    "'hook'",
    (
        Field("function", Pattern(_NAMES, 170), "Name or ARN of a Lambda function; {stack} and others are filled in."),
        Field("url", _ADDRESS, "Address that the question is posted to."),
        Field(
            "when",
            Choice(("start", "before", "after")),
            "As a wave starts; or on each target `before` the new version has traffic, or `after` it has all of it.",
            default=_HOOK.when,
        ),
        Field("timeout", Duration(), "How long to wait for an answer.", default=duration_text(_HOOK.timeout)),
        Field("every", Duration(), "For how long an answer holds.", default=duration_text(_HOOK.every)),
        Field("secret", _ENVIRONMENT, "Environment variable with what questions to an address are signed with."),
    ),
)
VARIABLE = Record(
    "'variable'",
    (
        Field("name", _VARIABLE, "The variable, which people set.", required=True),
        Field("value", _VALUE, "The value with which the gate is open.", required=True),
    ),
)
GATE = Record(
    "a gate",
    (
        Field("window", WINDOW, "Open at some hours of the week."),
        Field("freeze", FREEZE, "Closed between two times."),
        Field("alarms", ALARMS, "Closed while an alarm fires."),
        Field("after", _APPLICATION, "Closed while an older release of this application is not through here."),
        Field("age", Duration(), "Closed for so long after the wave before has baked."),
        Field("approval", _SENTENCE, "Closed until a person approves; says of what."),
        Field("hook", HOOK, "Open when a function or an address says so."),
        Field("variable", VARIABLE, "Open while a variable has a value."),
    ),
)
GATES = MapOf(_NAME, GATE)


def assemble_gates(found: Found, at: At, folder: str, application: str, beside: Beside | None) -> tuple[Gate, ...]:
    """What was read of `gates`, as it was written, with the days of calendars in it."""
    making = _Making(folder, application, beside)
    made = (making.gate(name, gate, at / name) for name, gate in found.items() if gate is not None)
    return tuple(each for each in made if each)


def check_names(pipeline: Iterable[Gate], wave: Iterable[Gate], at: At) -> None:
    """A gate of a wave must not be called as one of all waves is."""
    known = {gate.name for gate in pipeline}
    for gate in wave:
        if gate.name in known:
            what = f"All waves have a gate '{gate.name}' already."
            (at / gate.name).complain("SPEC_GATE", what, "Give this one another name.", key=True)


@dataclass(frozen=True, slots=True)
class _Making:
    folder: str
    application: str
    beside: Beside | None

    def gate(self, name: str, found: Found, at: At) -> Gate | None:
        given = [field.key for field in GATE.fields if at.holds(field.key)]
        if len(given) != 1:
            which = " and ".join(f"'{kind}'" for kind in given) or "nothing"
            what = f"Gate '{name}' says {which}; a gate is of one kind."
            at.complain("SPEC_GATE", what, f"Write one of: {', '.join(field.key for field in GATE.fields)}.", key=True)
            return None
        kind = given[0]
        if kind not in found:
            return None
        makers: dict[str, Callable[[str, Any, At], Gate | None]] = {
            "window": self._window,
            "freeze": _freeze,
            "alarms": _alarms,
            "after": self._after,
            "age": lambda name, value, at: Age(name=name, seconds=value),
            "approval": lambda name, value, at: Approval(name=name, of=value),
            "hook": _hook,
            "variable": _variable,
        }
        return makers[kind](name, found[kind], at / kind)

    def _window(self, name: str, found: Found, at: At) -> Window:
        hours: list[Hours] = []
        for index, each in enumerate(found.get("open", ())):
            if each is not None:
                made = Hours(**{_HOURS[key]: value for key, value in cast("Found", each).items()})
                hours.append(made)
                if made.start == made.end or made.start == 86_400:
                    what = "These hours are over before they have begun."
                    (at / "open" / index).complain("SPEC_GATE", what, "Write another `from` or `to`.")
        zone = found.get("zone", REGION)
        return Window(name=name, hours=tuple(hours), zone=zone, holidays=self._holidays(found, at / "holidays"))

    def _holidays(self, found: Found, at: At) -> tuple[str, ...]:
        named: list[str | None] | str = found.get("holidays", [])
        if not isinstance(named, str):
            return tuple(sorted(day for day in named if day))
        path = posixpath.normpath(posixpath.join(self.folder, named))
        if path == ".." or path.startswith("../"):
            at.complain("SPEC_PATH", f"'{named}' leads out of the repository.", "Keep the calendar in the repository.")
            return ()
        if self.beside is None:
            at.complain("SPEC_CALENDAR", "There is no repository here to read a calendar from.", "List the days.")
            return ()
        try:
            return holidays(path, self.beside)
        except SpecError as error:
            if error.where:
                at.errors.append(error)
            else:
                at.complain("SPEC_CALENDAR", error.what, error.next)
            return ()

    def _after(self, name: str, found: str, at: At) -> After:
        if found == self.application:
            at.complain("SPEC_GATE", "An application cannot come after itself.", "Name the one that it needs.")
        return After(name=name, application=found)


_HOURS = {"days": "days", "from": "start", "to": "end"}


def _freeze(name: str, found: Found, at: At) -> Freeze | None:
    if "from" not in found or "to" not in found:
        return None
    start, end = datetime.fromisoformat(found["from"]), datetime.fromisoformat(found["to"])
    if "T" not in found["to"]:
        end += timedelta(days=1)
    if end <= start:
        (at / "to").complain("SPEC_GATE", "The freeze is over before it has begun.", "Write a later time.")
    zone = found.get("zone", REGION)
    return Freeze(name=name, start=_minute(start), end=_minute(end), zone=zone)


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _alarms(name: str, found: Found, at: At) -> Alarms:
    if not at.holds("names") and not at.holds("prefix"):
        at.complain("SPEC_GATE", "No alarm is named.", "Write names, a prefix, or both.", key=True)
    elif found.get("names") == [] and "prefix" not in found:
        (at / "names").complain("SPEC_GATE", "No alarm is named.", "Write names, a prefix, or both.", key=True)
    _check_every(found, at)
    names = tuple(each for each in found.get("names", ()) if each)
    return Alarms(name=name, alarms=names, prefix=found.get("prefix", ""), every=found.get("every", _ALARMS.every))


def _hook(name: str, found: Found, at: At) -> Hook:
    if at.holds("function") == at.holds("url"):
        what = "A hook is a function or an address" + (", not both." if at.holds("url") else ", and here is neither.")
        at.complain("SPEC_GATE", what, "Write one of: function, url.", key=True)
    if at.holds("secret") and not at.holds("url"):
        what = "Questions to a function are signed by AWS."
        (at / "secret").complain("SPEC_GATE", what, "Remove the secret.", key=True)
    _check_every(found, at)
    if found.get("timeout", 1.0) <= 0:
        (at / "timeout").complain("SPEC_GATE", "Nobody can answer in no time.", "Write 1s or more.")
    return Hook(name=name, **found)


def _check_every(found: Found, at: At) -> None:
    if found.get("every", 1.0) <= 0:
        what = "An answer that holds for no time opens nothing."
        (at / "every").complain("SPEC_GATE", what, "Write 1s or more; 1m is usual.")


def _variable(name: str, found: Found, at: At) -> Variable:
    return Variable(name=name, variable=found.get("name", ""), value=found.get("value", ""))


def written(gate: Gate) -> Found:
    """The gate as a file says it."""
    match gate:
        case Window():
            hours = [
                {"days": days_text(each), "from": time_text(each.start), "to": time_text(each.end)}
                for each in gate.hours
            ]
            return {"window": {"open": hours, "zone": gate.zone, "holidays": list(gate.holidays)}}
        case Freeze():
            return {"freeze": {"from": gate.start, "to": gate.end, "zone": gate.zone}}
        case Alarms():
            prefix = {"prefix": gate.prefix} if gate.prefix else {}
            names = {"names": list(gate.alarms)} if gate.alarms else {}
            return {"alarms": {**names, **prefix, "every": duration_text(gate.every)}}
        case After():
            return {"after": gate.application}
        case Age():
            return {"age": duration_text(gate.seconds)}
        case Approval():
            return {"approval": gate.of}
        case Hook():
            whom = {key: text for key in ("function", "url", "secret") if (text := getattr(gate, key))}
            spans = {"timeout": duration_text(gate.timeout), "every": duration_text(gate.every)}
            return {"hook": {**whom, "when": gate.when, **spans}}
        case Variable():
            return {"variable": {"name": gate.variable, "value": gate.value}}
        case _:
            assert_never(gate)
