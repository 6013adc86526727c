"""Whatever is in a report: it is read, or said to be unreadable."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.adapters.suites.commands import expanded, segments
from shoreward.adapters.suites.outcome import Unreadable
from shoreward.adapters.suites.reports import read_report
from shoreward.adapters.suites.runners import parts

SARIF = {
    "runs": [
        {
            "tool": {
                "driver": {"rules": [{"id": "A", "help": {"text": "b"}, "defaultConfiguration": {"level": "note"}}]}
            },
            "invocations": [{"executionSuccessful": True}],
            "results": [
                {
                    "ruleId": "A",
                    "ruleIndex": 0,
                    "message": {"id": "c", "arguments": ["d"]},
                    "suppressions": [{"status": "rejected"}],
                    "locations": [
                        {
                            "physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": 3}},
                            "logicalLocations": [{"name": "e"}],
                        }
                    ],
                }
            ],
        }
    ]
}
TEST = {"fullName": "b", "status": "failed", "failureMessages": ["c"], "location": {"line": 3}}
JEST = {
    "testResults": [
        {"name": "a", "status": "failed", "message": "", "assertionResults": [TEST]},
        {"name": "a", "status": "failed", "message": "SyntaxError: b", "assertionResults": []},
    ]
}
ESLINT = [{"filePath": "a", "messages": [{"ruleId": "b", "severity": 2, "message": "c", "line": 1, "column": 2}]}]
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([3]) | st.just({"a": 3})


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """A report of which some parts are something else."""

    def spoil(value: object) -> object:
        if draw(st.integers(0, 15)) == 0:
            return draw(LEAVES)
        if isinstance(value, dict):
            return {name: spoil(inner) for name, inner in value.items() if draw(st.integers(0, 15))}
        return [spoil(inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(spoil(draw(st.sampled_from([SARIF, JEST, ESLINT]))))


TAGS = st.sampled_from(["testsuites", "testsuite", "testcase", "failure", "error", "skipped", "properties"])
VALUES = st.sampled_from(["", "a", "a.py", "x.y", "3", "-", "test"])


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    tag = draw(TAGS)
    given_ = draw(st.dictionaries(st.sampled_from(["name", "classname", "file", "line", "message"]), VALUES))
    attributes = "".join(f' {name}="{value}"' for name, value in given_.items())
    inner = "".join(draw(st.lists(elements(depth - 1), max_size=2))) if depth else draw(VALUES)
    return f"<{tag}{attributes}>{inner}</{tag}>"


def locate(name: str) -> str | None:
    return name if name in ("a", "a.py") else None


@settings(max_examples=400, deadline=None)
@given(content=st.binary(max_size=60) | spoiled().map(str.encode) | elements().map(str.encode))
def test_any_report_is_read_or_unreadable(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "report")
        path.write_bytes(content)
        try:
            told = read_report(path, locate)
        except Unreadable as error:
            assert str(error)  # noqa: PT017  what is wrong is said
        else:
            places = [one.where for one in (*told.cases, *told.findings) if one.where]
            assert all(isinstance(place.file, str) and isinstance(place.line, int | None) for place in places)
            assert all(case.outcome in ("passed", "skipped", "failed", "error") for case in told.cases)
            assert all(finding.fingerprint for finding in told.findings)


@settings(max_examples=200, deadline=None)
@given(command=st.text(alphabet="ab &'\"\\;|$()npm run test=-\n", max_size=40))
def test_any_command_keeps_its_text(command: str) -> None:
    assert "&&".join(segments(command)) == command
    assert "&&".join(part.text for part in parts(command)) == command
    assert expanded(command, {}) == command
