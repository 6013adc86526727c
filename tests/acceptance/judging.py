"""Whether an answer says what it should: the defect, in its place, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .asking import Said
from .case import Case, Expected
from .edits import Place

_WHERE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+)")
_EXIT = {"fails": 1, "errors": 3, "tells": 0, "refused": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an answer is worth.

    Attributes:
        found: whether the defect was found, with its rule, severity and verdict; True for a clean change that passes.
        placed: whether it was found where it is.
        false: findings that nobody asked for, as text.
        words: what is wrong with the answer, for people.
    """

    found: bool
    placed: bool
    false: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether there is nothing to mend."""
        return self.found and self.placed and not self.false


def fingerprints(said: Said) -> list[str]:
    """What is found in the application as it is."""
    return [str(finding["fingerprint"]) for finding in said.findings]


def judge(case: Case, said: Said, place: Place | None, before: Iterable[str]) -> Judged:
    """Compare an answer with what a case expects.

    Args:
        place: where the finding belongs.
        before: fingerprints of what is found without the edit.
    """
    known = set(before)
    new = [finding for finding in said.findings if finding["fingerprint"] not in known]
    if case.expected is None:
        return _clean(case, said, new)
    expected = case.expected
    candidates = list(_candidates(expected, said))
    right = [one for one in candidates if place is None or one[0] == place]
    ended = said.code == _EXIT[expected.how]
    false = [one for one in new if one["blocks"] and not _expected(one, expected)]
    words = [] if ended else [f"it ended with {said.code}"]
    if not candidates:
        words.append(f"no {expected.rule} of {expected.check or 'the request'}")
    elif not right:
        words.append(f"at {', '.join(_place(one[0]) for one in candidates)} and not at {_place(place)}")
    if not candidates or not ended:
        words += [*map(_told, new), *(f"{one['code']} {one['where']}: {one['what']}" for one in _errors(said))]
    return Judged(
        found=bool(candidates) and ended,
        placed=bool(right),
        false=tuple(map(_told, false)),
        words=tuple(words),
    )


def _clean(case: Case, said: Said, new: list[dict[str, Any]]) -> Judged:
    false = [_told(one) for one in new if one["blocks"] or one["rule"] not in case.told]
    errors = [f"{one['code']} {one['where']}: {one['what']}" for one in _errors(said)]
    idle = sorted(set(case.told) - {one["rule"] for one in new})
    words = ([] if said.code == 0 else [f"it ended with {said.code}"]) + [f"no {rule} was told" for rule in idle]
    return Judged(found=said.code == 0 and not idle, placed=True, false=(*false, *errors), words=tuple(words))


def _candidates(expected: Expected, said: Said) -> Iterator[tuple[Place, dict[str, Any]]]:
    """What may be the defect, each with its place."""
    match expected.how:
        case "fails" | "tells":
            wanted = (expected.check, expected.rule, expected.how == "fails")
            for one in said.findings:
                fits = expected.severity in ("", one["severity"]) and expected.subject in ("", one["subject"])
                if fits and (one["check"], one["rule"], one["blocks"]) == wanted:
                    yield (one["file"], one["line"]), one
        case "errors" | "refused":
            for one in _errors(said):
                if one["code"] == expected.rule and one.get("check", "") == expected.check:
                    where = _WHERE.match(one["where"])
                    yield (where["file"], int(where["line"])) if where else (one["where"], None), one


def _errors(said: Said) -> Iterator[dict[str, Any]]:
    yield from said.errors
    for name, one in said.checks.items():
        if one["error"]:
            yield one["error"] | {"check": name}


def _expected(one: dict[str, Any], expected: Expected) -> bool:
    return one["rule"] in expected.also or (one["rule"] == expected.rule and one["check"] == expected.check)


def _told(one: dict[str, Any]) -> str:
    place = _place((one["file"], one["line"]))
    return f"{one['severity']} {one['check']} {one['rule']} {place}: {one['subject']}: {one['what'].splitlines()[0]}"


def _place(place: Place | None) -> str:
    file, line = place or ("", None)
    return f"{file}:{line}" if line else file or "nowhere"
