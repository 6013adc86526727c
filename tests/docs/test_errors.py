"""Every stable code is documented, and docs/errors.md names none that the product does not have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoreward.cli.carry import EXIT
from shoreward.domain import Outcome

from .pages import DOCS, SOURCE, prose, read

CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
RAISING = {"complain", "_complain", "_fatal"}
"""Methods that take a code first, beside the errors themselves."""

ERRORS = read(DOCS / "errors.md")
DOCUMENTED = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", ERRORS, re.MULTILINE))


def sources() -> Iterator[Path]:
    """All code but the embedded cloud, whose codes are AWS's."""
    return (path for path in SOURCE.rglob("*.py") if not path.is_relative_to(SOURCE / "cloud"))


def error_classes() -> set[str]:
    tree = ast.parse(read(SOURCE / "domain" / "errors.py"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)} - {"Place", "SpecErrors"}


def constants() -> Iterator[str]:
    for path in sources():
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield node.value


def raised() -> Iterator[str]:
    """Codes at the place where an error or a note is made."""
    makers = error_classes() | RAISING
    for path in sources():
        for node in ast.walk(ast.parse(read(path))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [node.args[0]] if name in makers and node.args else []
            given += [keyword.value for keyword in node.keywords if name == "Note" and keyword.arg == "code"]
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value):
                    yield value.value


FOUND_TWICE = {"PARAMETER_MISSING", "TEMPLATE_TOO_LARGE"}
"""Found while building as a rule, and on AWS at the latest."""


def test_every_code_is_documented():
    named = {code for page in DOCS.glob("*.md") for code in re.findall(r"`([A-Z][A-Z0-9_]+)`", prose(page))}
    codes = set(raised())
    assert len(codes) > 100
    assert codes - named == set()


def test_every_code_that_is_documented_exists():
    assert len(DOCUMENTED) > 60
    assert DOCUMENTED - set(constants()) == set()


@pytest.mark.parametrize("page", ["specification.md", "aws.md"])
def test_a_code_is_explained_on_one_page_only(page: str):
    theirs = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", read(DOCS / page), re.MULTILINE))
    assert theirs & DOCUMENTED <= FOUND_TWICE


def test_every_code_says_what_to_do():
    rows = re.findall(r"^\| `[A-Z][A-Z0-9_]+`(.*)$", ERRORS, re.MULTILINE)
    assert all(len(row.strip(" |").split(" | ")) == 2 for row in rows)


@pytest.mark.parametrize("outcome", Outcome)
def test_exit_codes_of_outcomes(outcome: Outcome):
    name = outcome.value.replace("_", " ")
    row = re.search(rf"^\| {EXIT[outcome]} \| (.*) \|$", ERRORS, re.MULTILINE)
    assert row
    assert name in row[1]
