"""Reads JUnit XML, as pytest, Node's test runner, mocha, vitest and most others write it.

The format has no standard; what is read is what they agree on: `testcase` with `classname`, `name`, perhaps `file` and
`line`, and inside it `failure`, `error` or `skipped`.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

from shoreward.adapters.suites.frames import Locate, place_of
from shoreward.adapters.suites.outcome import Case, Outcome, Told, Unreadable
from shoreward.domain import Place

_ANSWERS: tuple[Outcome, ...] = ("error", "failed", "skipped")
_TAGS = {"error": "error", "failed": "failure", "skipped": "skipped"}
_ROOTS = ("testsuites", "testsuite")
_UNNAMED = ("", "test")


def read_junit(content: bytes, locate: Locate) -> Told:
    """The tests of a report. Raises `Unreadable`."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Unreadable("it declares entities, which no report needs")
    try:
        root = fromstring(content)  # noqa: S314  nothing in it can be expanded
    except ParseError as error:
        raise Unreadable(f"it is no XML ({error})") from error
    if root.tag not in _ROOTS:
        raise Unreadable(f"it is XML, but no JUnit report (<{root.tag}>)")
    return Told(cases=tuple(_case(test, chain, locate) for test, chain in _tests(root, ())), tests=True)


def _tests(element: Element, chain: tuple[str, ...]) -> Iterator[tuple[Element, tuple[str, ...]]]:
    for child in element:
        if child.tag == "testcase":
            yield child, chain
        elif child.tag in _ROOTS:
            yield from _tests(child, (*chain, child.get("name", "")))


def _case(test: Element, chain: tuple[str, ...], locate: Locate) -> Case:
    outcome, answer = _answer(test)
    file = locate(test.get("file", "")) if test.get("file") else None
    text = "".join(answer.itertext()).strip("\n") if answer is not None else ""
    message = (answer.get("message", "") if answer is not None else "") or text.strip()
    # A file that could not be loaded is told of as if it were a test.
    collected = message != "collection failure" and not locate(test.get("name", ""))
    if not collected:
        message = _said(text) or message
    return Case(
        name=_name(test, chain, file, locate),
        outcome=outcome,
        message=message.strip().split("\n")[0],
        text=text,
        where=_where(test, file, text, locate, collected=collected),
        collected=collected,
    )


def _answer(test: Element) -> tuple[Outcome, Element | None]:
    for outcome in _ANSWERS:
        if (found := test.find(_TAGS[outcome])) is not None:
            return outcome, found
    return "passed", None


def _name(test: Element, chain: tuple[str, ...], file: str | None, locate: Locate) -> str:
    name, group = test.get("name", ""), test.get("classname", "")
    told = test.get("file", "")
    if told.endswith(".py"):
        return _node_id(told, file or told, group, name)
    if group in _UNNAMED:
        group = " > ".join(one for one in chain if one)
    shown = locate(group) or group
    return " > ".join(part for part in (file if file != shown else "", shown, locate(name) or name) if part)


def _node_id(told: str, file: str, group: str, name: str) -> str:
    """pytest's own name of a test, by which it can be run alone, from the repository's root."""
    module = told.removesuffix(".py").replace("/", ".")
    if not group:  # a file that could not be collected
        return file
    classes = group[len(module) :].strip(".").split(".") if group.startswith(module) else []
    return "::".join([file, *(one for one in classes if one), name])


def _where(test: Element, file: str | None, text: str, locate: Locate, *, collected: bool) -> Place | None:
    if found := place_of(text, locate):
        return found
    if not file and not collected:
        file = locate(test.get("name", ""))
    if not file:
        return None
    line = test.get("line", "")
    # pytest counts lines from 0, everybody else from 1.
    return Place(file=file, line=int(line) + file.endswith(".py") if line.isdigit() else None)


def _said(text: str) -> str:
    """The exception that a failed collection ends with."""
    words = [line.removeprefix("E").strip() for line in text.splitlines() if line.startswith("E ")]
    return words[-1] if words else ""
