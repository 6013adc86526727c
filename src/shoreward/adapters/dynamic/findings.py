"""Signs in answers become findings: one for each route and rule, with the request that showed it first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shoreward.adapters.dynamic.attacks import Attack
from shoreward.adapters.dynamic.judging import UNHANDLED, Sign
from shoreward.adapters.dynamic.routes import Route
from shoreward.domain import Finding, Place

_NAMED = 5
"""So many attacks are named of those that showed the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An attack, what its answer showed, and how it can be sent again."""

    attack: Attack
    sign: Sign
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    why: str
    fix: str


_WORDS: Mapping[str, _Words] = {
    UNHANDLED: _Words(
        why="Anybody can make it fail; alarms ring for nothing, and attackers learn where input is not looked at.",
        fix="Look at the input where the handler begins, catch what its parser raises, and answer 400.",
    ),
    "attack-unauthenticated": _Words(
        why="Whoever finds the address is let in.",
        fix="See what the authorizer answers to credentials that are missing or made up; it must deny by default.",
    ),
    "attack-leaks-secret": _Words(
        why="Whoever reads the answer may act in its name.",
        fix="Take the secret out of the answer, and replace it: it has been seen.",
    ),
    "attack-reads-files": _Words(
        why="Anybody can read the function's files, its code and credentials among them.",
        fix="Never make a path or an address of input; look it up in what is allowed.",
    ),
    "attack-leaks-insides": _Words(
        why="It tells attackers what the application is made of, and what to try next.",
        fix="Answer failures with words of your own, and write what happened into the log.",
    ),
    "attack-runs-input": _Words(
        why="Anybody can run code in the function, with all of its rights.",
        fix="Never give input to a shell, to eval, or to a template engine as a template.",
    ),
    "attack-reflects-script": _Words(
        why="A link is enough to run an attacker's script in a customer's browser.",
        fix="Escape what is put into a page, or answer with another content type.",
    ),
    "attack-injects-header": _Words(
        why="Attackers can set cookies, redirect customers, or split the answer.",
        fix="Refuse line breaks in what becomes a header.",
    ),
    "attack-shares-answers": _Words(
        why="A page that a customer happens to open could read what only the customer may read.",
        fix="Allow the origins that you know, one by one; do not repeat the request's.",
    ),
}


def findings_of(seen: Sequence[Seen], places: Mapping[Route, Place | None]) -> tuple[Finding, ...]:
    """The findings, sorted by place, rule and route."""
    found = [_finding(route, group, places) for route, group in _grouped(seen)]

    def order(one: Finding) -> tuple[object, ...]:
        where = one.where
        return (where.file if where else "", (where.line or 0) if where else 0, one.rule, one.subject)

    return tuple(sorted(found, key=order))


def _grouped(seen: Sequence[Seen]) -> Iterator[tuple[Route, list[Seen]]]:
    groups: dict[tuple[Route, str], list[Seen]] = {}
    for one in seen:
        groups.setdefault((one.attack.route, one.sign.rule), []).append(one)
    for (route, _), group in groups.items():
        yield route, group


def _finding(route: Route, group: Sequence[Seen], places: Mapping[Route, Place | None]) -> Finding:
    first = max(group, key=lambda one: one.sign.severity.rank)  # the first of the worst
    words = _WORDS[first.sign.rule]
    names = list(dict.fromkeys(one.attack.name for one in group))
    more = f" (and {len(names) - _NAMED} more)" if len(names) > _NAMED else ""
    return Finding(
        rule=first.sign.rule,
        severity=first.sign.severity,
        what=f"{route} {first.sign.seen}: {first.attack.name}.",
        why=words.why,
        fix=words.fix,
        where=places.get(route),
        subject=str(route),
        details=(
            ("request", first.curl),
            ("attacks", f"{'; '.join(names[:_NAMED])}{more}"),
            *((("excerpt", first.sign.excerpt),) if first.sign.excerpt else ()),
        ),
    )
