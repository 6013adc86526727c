"""Forms of the rules that people write, each found as OPA finds it, or refused; none is passed over in silence.

Expectations follow OPA's documentation of the language and of its built-in functions.
"""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.policy.engines.conftest import evaluate
from shoreward.adapters.policy.engines.tokens import KEYWORDS, tokens_of

from .test_conftest_rego import NEW, OLD, TEMPLATE, found

TEXT = (Path(__file__).parent / "rego_forms.txt").read_text()
FORMS = re.findall(r"^=== (.+?) => (.+)\n((?:(?!===).*\n?)+)", TEXT, re.MULTILINE)
RIGHT = {name: (module, json.loads(said)) for name, said, module in FORMS if said != "refused"}
REFUSED = {name: module for name, said, module in FORMS if said == "refused"}
"""What OPA does not compile either, and what the engine has no answer to that could be believed."""

MOVED = ("default function", "function multi clause", "function const arg")
"""Here another name is another rule, in OPA as well."""


def asked(*modules: str) -> dict[str, Any]:
    files = [(at, {"kind": "conftest", "text": text, "group": 0}) for at, text in enumerate(modules)]
    return evaluate(files, TEMPLATE)


@pytest.mark.parametrize(("module", "messages"), RIGHT.values(), ids=RIGHT.keys())
def test_a_form_finds_what_opa_finds(module: str, messages: list[str]) -> None:
    assert found(module) == messages


@pytest.mark.parametrize("module", REFUSED.values(), ids=REFUSED.keys())
def test_a_form_that_has_no_answer_is_refused(module: str) -> None:
    said = asked(module)
    assert (said["unreadable"] or said["broken"])[0]["words"]
    assert said["found"] == []


@pytest.mark.parametrize("name", sorted(RIGHT.keys() - {*MOVED}))
def test_a_misspelt_name_is_never_passed_over(name: str) -> None:
    module, messages = RIGHT[name]
    words = [token for token in tokens_of(module) if token.means]
    for before, token in pairwise(words):
        if token.kind != "name" or token.text in {*KEYWORDS, "_", "deny", "warn", "violation"}:
            continue
        if before.text in (".", "package", "import") or not messages:
            continue
        said = asked(f"{module[: token.start]}{token.text}zz{module[token.start + len(token.text) :]}")
        assert said["unreadable"] or said["broken"] or said["found"], f"{token.text} at {token.start}"


@pytest.mark.parametrize(
    ("library", "body", "words"),
    [
        ("lib.q", "data.lib.q.named(1)", ""),
        ("lib.q", "data.lib.q.nmaed(1)", "data.lib.q.nmaed is in no rule file"),
        ("lib.q", "data.lib.qq.named(1)", "data.lib.qq.named is in no rule file"),
        ("lib.q", "data.limits.max == 1", "data files are not read"),
        ("lib.q", "data.lib.q.named(1, 2, 3)", "is given 3 values, and takes 1"),
    ],
)
def test_what_another_package_has_is_known(library: str, body: str, words: str) -> None:
    said = asked(f"package {library}\nimport rego.v1\nnamed(x) if x == 1", f'{NEW}deny contains "m" if {{ {body} }}')
    assert [one["message"] for one in said["found"]] == ([] if words else ["m"])
    assert words in "".join(one["words"] for one in said["unreadable"])
    assert [(one["file"], one["line"]) for one in said["unreadable"]] == ([(1, 3)] if words else [])


def test_lines_may_end_as_on_windows() -> None:
    assert found(OLD + 'deny["x"] {\r\n\tinput.Resources.Tide\r\n}\r\n') == ["x"]
