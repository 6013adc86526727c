"""Runs the corpus and prints what came of it: `PYTHONPATH=tests python -m acceptance.run [--help]`.

The exit code is 0 when every defect was found in its place, and nothing else was, in no clean change either.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .asking import Ask, as_watched, by_process
from .case import Case
from .corpus import CORPUS, representatives
from .ground import Grounds
from .judging import Judged, fingerprints, judge

DEFECTS, UNHARMED = "all defects", "all clean changes"
COLUMNS = ("run", "found", "placed", "missed", "false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a case; times in seconds."""

    case: Case
    judged: Judged
    wall: float
    cpu: float


def outcomes(cases: Iterable[Case], grounds: Grounds, ask: Ask) -> Iterator[Outcome]:
    """Run cases, those of one application after each other: it keeps the verdicts of what an edit does not touch."""
    before: dict[tuple[str, bool, tuple[str, ...]], list[str]] = {}
    for case in sorted(cases, key=lambda case: (case.application, case.cost == "sandbox")):
        ground = grounds.of(case.application)
        usual = (case.application, case.cost == "sandbox", case.only)
        if usual not in before:
            said = ask(ground, replace(case, edits=(), environment={}))
            wrong = [one for one in said.findings if one["blocks"]]
            assert said.code == 0, f"{case.application} does not pass as it is: {said.errors or wrong or said.checks}"
            before[usual] = fingerprints(said)
        began, spent = time.monotonic(), _spent()
        try:
            with ground.edited(case.edits) as place:
                judged = judge(case, ask(ground, case), place, before[usual])
            if "reversibility" in case.only:
                ground.without_sandbox()
        except Exception as error:  # noqa: BLE001  the others are asked all the same, and the run fails
            judged = Judged(found=False, placed=False, words=(f"could not be asked: {error!r}",))
        yield Outcome(case=case, judged=judged, wall=time.monotonic() - began, cpu=_spent() - spent)


def _spent() -> float:
    """CPU of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def summary(found: Iterable[Outcome]) -> str:
    """A table: for each kind how many were run, found, found in their place, and how many findings were false.

    It is Markdown, as docs/checks.md shows it. A clean change is found when it passes.
    """
    kinds: dict[str, list[Outcome]] = {}
    for one in found:
        kinds.setdefault(one.case.kind, []).append(one)
    rows = [_row(kind, ones) for kind, ones in kinds.items()]
    defects = [one for ones in kinds.values() for one in ones if one.case.expected]
    unharmed = [one for ones in kinds.values() for one in ones if not one.case.expected]
    rows += [_row(f"**{name}**", ones) for name, ones in ((DEFECTS, defects), (UNHARMED, unharmed)) if ones]
    return "\n".join((_cells("", *COLUMNS), _cells("---", *("--:" for _ in COLUMNS)), *rows))


def _row(name: str, ones: list[Outcome]) -> str:
    found = sum(one.judged.found for one in ones)
    placed = sum(one.judged.found and one.judged.placed for one in ones)
    false = sum(len(one.judged.false) for one in ones)
    return _cells(name, len(ones), found, placed, len(ones) - found, false)


def _cells(name: str, *rest: str | int) -> str:
    return f"| {name:30} |{'|'.join(f' {one:>6} ' for one in rest)}|"


def told(one: Outcome) -> str:
    """One line for what is as it should be; more for what is not."""
    sign = "✔" if one.judged.good else "✘"
    first = f"{sign} {one.case.application}, {one.case.kind}: {one.case.name} {one.wall:.1f} s, CPU {one.cpu:.1f} s"
    more = () if one.judged.good else (*one.judged.words, *(f"false: {each}" for each in one.judged.false))
    return "\n    ".join((first, *more))


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="acceptance.run", description="Runs the corpus of defects and clean changes.")
    parser.add_argument("words", nargs="*", help="only cases of these applications, kinds and names")
    parser.add_argument("--watched", action="store_true", help="ask as --watch does, which is quicker")
    parser.add_argument("--quick", action="store_true", help="only what `make test` runs")
    asked = parser.parse_args(arguments)
    cases = list(representatives() if asked.quick else CORPUS)
    if asked.words:
        cases = [case for case in cases if {case.application, case.kind, case.name} & {*asked.words}]
    clouded = any(case.cost == "sandbox" for case in cases)
    found: list[Outcome] = []
    ask = as_watched if asked.watched else by_process
    with (
        tempfile.TemporaryDirectory(prefix="shoreward-acceptance-") as folder,
        Grounds(Path(folder), clouded=clouded) as grounds,
    ):
        for one in outcomes(cases, grounds, ask):
            found.append(one)
            print(told(one), flush=True)
    print(f"\n{summary(found)}")
    return 0 if found and all(one.judged.good for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
