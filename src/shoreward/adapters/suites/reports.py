"""Reads what a command wrote about itself, whatever format it is in: the content says which."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from shoreward.adapters.suites.frames import Locate, place_of, uncoloured
from shoreward.adapters.suites.outcome import Case, Outcome, Told, Unreadable
from shoreward.adapters.suites.sarif import place_at, read_eslint, read_sarif
from shoreward.domain import Place

_ERROR = re.compile(r"\w*Error: ")
_JEST: dict[str, Outcome] = {"passed": "passed", "failed": "failed"}


def read_report(path: Path, locate: Locate) -> Told:
    """What a report says: JUnit XML, SARIF, or the JSON of jest or eslint. Raises `Unreadable`."""
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf").strip()
    if content.startswith(b"<"):
        from shoreward.adapters.suites.junit import read_junit

        return read_junit(content, locate)
    try:
        read = json.loads(content)
    except ValueError as error:
        raise Unreadable("it is neither XML nor JSON" if content else "it is empty") from error
    if isinstance(read, list):
        return read_eslint(cast("list[Any]", read), locate)
    if isinstance(read, dict):
        known = cast("dict[str, Any]", read)
        return _jest(known, locate) if "testResults" in known else read_sarif(known, locate)
    raise Unreadable("it is JSON, but no report")


def _jest(content: dict[str, Any], locate: Locate) -> Told:
    """The tests that jest tells of."""
    cases: list[Case] = []
    try:
        for file in content["testResults"]:
            name = str(file["name"])
            path = locate(name) or name
            tests: list[dict[str, Any]] = file["assertionResults"]
            cases += [_jest_case(path, test, locate) for test in tests]
            if file["status"] == "failed" and not tests:
                cases.append(_broken(path, str(file["message"]), locate))
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"it is nothing that jest writes ({type(error).__name__}: {error})") from error
    return Told(cases=tuple(cases), tests=True)


def _jest_case(path: str, test: dict[str, Any], locate: Locate) -> Case:
    text = uncoloured("\n".join(test["failureMessages"] or ()))
    location = cast("dict[str, Any]", test.get("location") or {})
    line = place_at(path, location.get("line"), None, locate) if locate(path) else None
    return Case(
        name=f"{path} > {test['fullName']}",
        outcome=_JEST.get(test["status"], "skipped"),
        message=_first_line(text),
        text=text,
        where=place_of(text, locate) or line,
    )


def _broken(path: str, text: str, locate: Locate) -> Case:
    text = uncoloured(text)
    where = place_of(text, locate) or Place(file=path)
    lines = [line.strip() for line in text.splitlines() if line.strip() and "●" not in line]
    error = next((line for line in lines if _ERROR.match(line)), "")
    message = error or next(iter(lines), "it could not be run")
    return Case(name=path, outcome="error", message=message, text=text, where=where, collected=False)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
