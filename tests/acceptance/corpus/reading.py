"""Reads the corpus: each file is a kind of change of one application, each part of it a change.

    === what is wrong
    fails: build HANDLER_MISSING             check, rule and, where it matters, severity
    at: template.yaml | Handler: tides       the line that the finding belongs to, when the edit does not mark it
    --- functions/tides/tides.py             an edit: lines that stay, go (-) and come (+); it must fit one place
     logger = logging.getLogger()
    -def handler(event, context):
    +def answer(event, context):
    +++ docs/tides.md                        a file that is new, or all of it
    xxx docs/old.md                          a file that goes

A `§` in a new line says that the finding belongs there; a `¦` keeps this repository's own search for secrets from
finding one. Neither is written. Instead of `fails` there may be `errors` (the check cannot look), `tells` (it says so
and passes), `refused` (the whole request) and `passes`, with the rules of findings that hold nothing up.
More lines: `also` (rules of further findings that the defect rightly gives), `of` (the finding's subject), `cost`,
`only` (checks to ask for), `with` (variables).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from acceptance.case import Case, Cost, Expected, How
from acceptance.edits import Added, Edit, Into, Removed, Seen

_ASIDE = "¦"
_KEYS = ("fails", "errors", "tells", "refused", "passes", "at", "also", "of", "cost", "only", "with")


def read(file: Path) -> Iterator[Case]:
    """The cases of a file; its folder is the application's name."""
    _, *parts = f"\n{file.read_text()}".replace(_ASIDE, "").split("\n=== ")
    for part in parts:
        name, _, rest = part.partition("\n")
        try:
            yield _case(file, name.strip(), rest.split("\n"))
        except (ValueError, KeyError) as error:
            raise ValueError(f"{file.name}: {name}: {error}") from error


def _case(file: Path, name: str, lines: list[str]) -> Case:
    count = next((number for number, line in enumerate(lines) if _header(line)), len(lines))
    said: dict[str, str] = {}
    for line in filter(None, lines[:count]):
        key, _, value = line.partition(":")
        if key not in _KEYS or key in said:
            raise ValueError(f"what is {line!r}?")
        said[key] = value.strip()
    edits = tuple(_edits(lines[count:]))
    if "at" in said:
        place, _, text = said["at"].partition(" | ")
        edits += (Seen(place, text),)
    cost = said.get("cost", "usual")
    if cost not in get_args(Cost):
        raise ValueError(f"nothing costs {cost!r}")
    return Case(
        name=name,
        kind=file.stem.replace("-", " "),
        application=file.parent.name,
        edits=edits,
        expected=_expected(said),
        told=tuple(said.get("passes", "").split()),
        cost=cost,
        only=tuple(said.get("only", "").split()),
        environment=dict(pair.split("=", 1) for pair in said.get("with", "").split()),
    )


def _expected(said: dict[str, str]) -> Expected | None:
    if "passes" in said:
        return None
    [how] = [each for each in get_args(How) if each in said]
    check, rule, severity = (*said[how].split(), "", "")[:3] if how != "refused" else ("", said[how], "")
    also = tuple(said.get("also", "").split())
    return Expected(how=how, check=check, rule=rule, severity=severity, subject=said.get("of", ""), also=also)


def _header(line: str) -> bool:
    return line.startswith(("--- ", "+++ ", "xxx "))


def _edits(lines: list[str]) -> Iterator[Edit]:
    while lines:
        kind, file = lines[0][:3], lines[0][4:].strip()
        end = next((number for number, line in enumerate(lines) if number and _header(line)), len(lines))
        body, lines = lines[1:end], lines[end:]
        match kind:
            case "+++":
                text = "\n".join(body)
                yield Added(file.removesuffix(" utf-16"), text.encode("utf-16") if file.endswith(" utf-16") else text)
            case "xxx":
                yield Removed(file)
            case _:
                body = [line for line in body if line]
                if any(line[0] not in " +-" for line in body):
                    raise ValueError(f"a line of an edit of {file} neither stays, goes nor comes")
                old = "".join(f"{line[1:]}\n" for line in body if line[0] != "+")
                yield Into(file, old, "".join(f"{line[1:]}\n" for line in body if line[0] != "-"))
