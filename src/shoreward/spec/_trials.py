"""The format of `resilience` and `dynamic` under `checks` in `shoreward.yaml`, and what becomes of it.

A part of `spec._checks` and `spec._assemble_checks`, in the same manner.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from shoreward.domain import Dynamic, Fault, FaultKind, Method, Resilience
from shoreward.spec._kinds import Choice, Duration, Number, Percent, Text, duration_text, percent_text
from shoreward.spec._shapes import At, Field, ListOf, MapOf, Record

Found = dict[str, Any]

_RESILIENCE, _DYNAMIC = Resilience(), Dynamic()
_SQUEEZED = 1.0
"""Seconds that a function has left when nobody says how it is squeezed."""
_LONGEST = 900.0
"""Seconds that Lambda lets a function run at most."""

_COMMAND = Text(r"[^\x00]*[^\s\x00][^\x00]*", "a command", "SPEC_COMMAND")
_LOGICAL_ID = Text(r"[A-Za-z0-9]{1,255}", "a logical id of the template (letters and digits)")
_VARIABLE = Text(r"[A-Za-z_][A-Za-z0-9_]{0,254}", "the name of an environment variable")
_HEADER = Text(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", "the name of a header")
_SHARE = Percent(fraction=True, zero=True, full=True)

FAULT = Record(
    "a fault",
    (
        Field("kind", Choice(get_args(FaultKind)), "What is done to the function.", required=True),
        Field("function", _LOGICAL_ID, "Logical id of the function in the template.", required=True),
        Field("variable", _VARIABLE, "misdirect: the environment variable that leads to what it depends on."),
        Field("timeout", Duration(), "squeeze: the time that it has left; 1s where nothing else is said."),
        Field("memory", Number(128, 10_240, whole=True), "squeeze: the MB that it has left."),
        Field("may-fail", _SHARE, "Share of the requests that may fail meanwhile; that of 'resilience' by default."),
        Field("lasts", Duration(), "How long it lasts; as 'resilience' says by default."),
        Field("recovery", Duration(), "How long until all is well again; as 'resilience' says by default."),
    ),
)

RESILIENCE = Record(
    "'resilience'",
    (
        Field(
            "faults",
            ListOf(FAULT),
            "Faults, injected one after another; each function is throttled in turn without any.",
            default=list(_RESILIENCE.faults),
        ),
        Field("load", _COMMAND, "A command that tests the sandbox, run meanwhile; the pipeline's probes without one."),
        Field("per-second", Number(0.1, 100), "Probes that are sent in a second.", default=_RESILIENCE.rate),
        Field(
            "may-fail",
            _SHARE,
            "Share of the requests that may fail while a fault lasts.",
            default=percent_text(_RESILIENCE.may_fail, fraction=True),
        ),
        Field("lasts", Duration(), "How long a fault lasts.", default=duration_text(_RESILIENCE.lasting)),
        Field(
            "recovery",
            Duration(),
            "How long after a fault until all is well again.",
            default=duration_text(_RESILIENCE.recovery),
        ),
    ),
)

DYNAMIC = Record(
    "'dynamic'",
    (
        Field(
            "methods",
            ListOf(Choice(get_args(Method)), ("SPEC_METHODS", "Name some, such as [GET, POST]."), distinct=True),
            "Methods of the routes that are attacked; [GET, HEAD, OPTIONS] for what does not write.",
            default=list(_DYNAMIC.methods),
        ),
        Field("requests", Number(1, 100_000, whole=True), "How many are sent at most.", default=_DYNAMIC.requests),
        Field("limit", Duration(), "How long it may take.", default=duration_text(_DYNAMIC.limit)),
        Field(
            "seed",
            Number(0, 2**31 - 1, whole=True),
            "The same seed, the same requests.",
            default=_DYNAMIC.seed,
        ),
        Field(
            "headers",
            MapOf(_HEADER, _VARIABLE),
            "Headers with credentials, each with the variable of this process that holds its value.",
        ),
    ),
)


def assemble_resilience(found: Found, at: At) -> Resilience:
    """What was read of `resilience`."""
    known = {"load": "load", "per-second": "rate"}
    values: Found = {name: found[key] for key, name in known.items() if key in found}
    plan = Resilience(where=at.place, **values, **_common(found, at))
    entries = enumerate(found.get("faults", ()))
    return replace(plan, faults=tuple(_fault(entry, at / "faults" / index, plan) for index, entry in entries if entry))


def assemble_dynamic(found: Found, at: At) -> Dynamic:
    """What was read of `dynamic`."""
    values: Found = {key: found[key] for key in ("requests", "limit", "seed") if key in found}
    if "methods" in found:
        values["methods"] = tuple(method for method in found["methods"] if method)
    _at_least_a_second(found, "limit", at)
    headers = tuple(sorted((name, variable) for name, variable in found.get("headers", {}).items() if variable))
    return Dynamic(headers=headers, where=at.place, **values)


def _common(found: Found, at: At) -> Found:
    """What a fault says by itself, or 'resilience' for all of them."""
    _at_least_a_second(found, "lasts", at)
    known = {"may-fail": "may_fail", "lasts": "lasting", "recovery": "recovery"}
    return {name: found[key] for key, name in known.items() if key in found}


def _fault(entry: Found, at: At, plan: Resilience) -> Fault:
    kind: FaultKind = entry.get("kind", "throttle")
    _fitting(entry, kind, at)
    timeout, memory = entry.get("timeout"), entry.get("memory")
    if kind == "squeeze" and timeout is None and memory is None:
        timeout = _SQUEEZED
    common = {"may_fail": plan.may_fail, "lasting": plan.lasting, "recovery": plan.recovery, **_common(entry, at)}
    return Fault(
        kind=kind,
        function=entry.get("function", ""),
        variable=entry.get("variable", ""),
        timeout=timeout,
        memory=memory,
        where=at.place,
        **common,
    )


_OWN = {"variable": "misdirect", "timeout": "squeeze", "memory": "squeeze"}
"""Keys that only one kind of fault has."""


def _fitting(entry: Found, kind: FaultKind, at: At) -> None:
    for key, owner in _OWN.items():
        if key in entry and owner != kind:
            what = f"'{key}' belongs to a fault of kind {owner}; this one is of kind {kind}."
            (at / key).complain("SPEC_FAULT", what, "Change the kind, or take the key out.", key=True)
    if kind == "misdirect" and "variable" not in entry:
        what = "'variable' is missing: which one is to lead nowhere?"
        at.complain(
            "SPEC_FAULT", what, "Name an environment variable that holds a table's name, an address or the like."
        )
    if not 1.0 <= entry.get("timeout", _SQUEEZED) <= _LONGEST:
        (at / "timeout").complain("SPEC_FAULT", "'timeout' must be from 1s to 15m, as Lambda has it.")


def _at_least_a_second(found: Found, key: str, at: At) -> None:
    if found.get(key, 1.0) < 1.0:
        (at / key).complain("SPEC_FAULT", f"'{key}' must be 1s at least.", "Write a longer time, such as 10s.")
