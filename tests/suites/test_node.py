"""What Node's test runners tell becomes findings: really run by Node's own, and as the others write it."""

import json
from pathlib import Path

import pytest

from shoreward.adapters.suites.outcome import Case, Unreadable
from shoreward.adapters.suites.reports import read_report
from shoreward.domain import Place, Severity

from .support import Application, command_suite, hanging, only, told

LIBRARY = (
    "export const high = (beach) => {\n  if (beach === 'atlantis') throw new Error('no beach');\n  return 4;\n};\n"
)
TESTS = """
import test, { describe, it } from 'node:test';
import assert from 'node:assert';
import { high } from './app.mjs';

test('it is high', () => assert.equal(high('brighton'), 4));
test('it is low', () => {
  assert.equal(high('brighton'), 1);
});
describe('far away', () => {
  it('is no beach', () => high('atlantis'));
  it.skip('is not looked at', () => {});
});
"""
NODE = {"app.mjs": LIBRARY, "app.test.mjs": TESTS, "package.json": '{"scripts": {"test": "node --test"}}'}


@pytest.mark.parametrize("command", ["npm test", "node --test", "npm run test -- app.test.mjs"])
def test_node_tells_of_its_tests(tmp_path: Path, command: str) -> None:
    report = Application.of(tmp_path, NODE).run(command_suite(command))
    assert told(report) == [("test-failed", "app.mjs:2:35"), ("test-failed", "app.test.mjs:8:10")]
    assert report.summary == "4 tests, 1 skipped"
    assert sorted(finding.what for finding in report.findings) == ["4 == 1", "no beach"]


BROKEN = {
    "a missing import": ("import './nowhere.mjs';\n", "app.test.mjs:1"),
    "a syntax error": ("const a = 1;\nconst b = ;\n", "app.test.mjs:2"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_tests_that_node_cannot_load_are_errors(tmp_path: Path, kind: str) -> None:
    text, where = BROKEN[kind]
    finding = only(Application.of(tmp_path, NODE | {"app.test.mjs": text}).run(command_suite("npm test")))
    assert (finding.rule, str(finding.where)) == ("test-error", where)


@pytest.mark.parametrize("command", ["node app.test.mjs", "npm test"])
def test_an_endless_loop_is_found_at_its_line(tmp_path: Path, command: str) -> None:
    note = tmp_path / "note"
    text = f"""import test from 'node:test';
import {{ writeFileSync }} from 'node:fs';
test('it', () => {{
  writeFileSync('{note}', '');
  for (;;) {{
    Math.random();
  }}
}});
"""
    made = Application.of(tmp_path, NODE | {"app.test.mjs": text})
    finding = only(hanging(made, command_suite(command), note))
    assert finding.rule == "test-hangs"
    assert finding.where is not None
    assert (finding.where.file, finding.where.line in (5, 6)) == ("app.test.mjs", True)


def test_what_keeps_node_awake_for_ever_is_found_at_its_line(tmp_path: Path) -> None:
    note = tmp_path / "note"
    text = f"""import test from 'node:test';
import {{ writeFileSync }} from 'node:fs';
test('it', () => new Promise(() => {{
  writeFileSync('{note}', '');
  setInterval(() => Math.random(), 100);
}}));
"""
    made = Application.of(tmp_path, NODE | {"app.test.mjs": text})
    finding = only(hanging(made, command_suite("node --test"), note))
    assert (finding.rule, str(finding.where)) == ("test-hangs", "app.test.mjs:5")


def test_a_command_of_node_is_found_where_it_broke(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {"check.cjs": "const a = 1;\nthrow new Error('wet');\n"})
    finding = only(made.run(command_suite("node check.cjs")))
    assert (finding.rule, finding.where and finding.where.line) == ("command-failed", 2)


# What other runners write, in their manner.
MOCHA = """<testsuite name="Mocha Tests" tests="3" failures="0" errors="2" skipped="1">
<testcase classname="Tide" name="high" file="{root}/test/tide.mjs" time="0.001"/>
<testcase classname="Tide" name="low" file="{root}/test/tide.mjs" time="0"><failure>expected 1 to equal 2

      + expected - actual

AssertionError: expected 1 to equal 2
    at Context.&#x3C;anonymous&#x3E; (file://{root}/test/tide.mjs:5:37)
    at process.processImmediate (node:internal/timers:483:21)</failure></testcase>
<testcase classname="Tide" name="far" file="{root}/test/tide.mjs" time="0"><skipped/></testcase>
<testcase classname="Tide hooked" name="&quot;before each&quot; hook" file="{root}/test/tide.mjs" time="0"><failure>hook
Error: hook
    at f (file://{root}/node_modules/lib/index.js:1:1)
    at g (file://{root}/src/tide.mjs:8:55)</failure></testcase>
</testsuite>"""
VITEST = """<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="2" failures="2" errors="0" time="0.1">
  <testsuite name="test/tide.mjs" tests="1" failures="1" errors="0" skipped="0" time="0.1">
    <testcase classname="test/tide.mjs" name="group &gt; deep" time="0.002">
      <failure message="deep" type="Error">
Error: deep
 \u276f high src/tide.mjs:1:40
 \u276f test/tide.mjs:4:44
      </failure>
    </testcase>
  </testsuite>
  <testsuite name="test/other.mjs" tests="1" failures="1" errors="0" skipped="0" time="0">
    <testcase classname="test/other.mjs" name="test/other.mjs" time="0">
      <failure message="Cannot find module" type="Error">
Error: Cannot find module
 \u276f test/other.mjs:1:1
      </failure>
    </testcase>
  </testsuite>
</testsuites>"""
JEST = {
    "numTotalTests": 3,
    "testResults": [
        {
            "name": "{root}/test/tide.mjs",
            "status": "failed",
            "message": "",
            "assertionResults": [
                {
                    "fullName": "tide high",
                    "status": "passed",
                    "failureMessages": [],
                    "location": {"line": 2, "column": 1},
                },
                {"fullName": "tide far", "status": "pending", "failureMessages": [], "location": None},
                {
                    "fullName": "tide low",
                    "status": "failed",
                    "failureMessages": [
                        "Error: \u001b[2mexpect(\u001b[22mreceived).toBe(expected)\n\n"
                        "    at Object.toBe ({root}/test/tide.mjs:3:34)"
                    ],
                    "location": {"line": 3, "column": 1},
                },
            ],
        },
        {
            "name": "{root}/test/other.mjs",
            "status": "failed",
            "message": "  \u25cf Test suite failed to run\n\n    Details:\n\n"
            "    SyntaxError: {root}/test/other.mjs: Unexpected (1:10)",
            "assertionResults": [],
        },
    ],
}
ESLINT = [
    {
        "filePath": "{root}/src/tide.mjs",
        "messages": [
            {"ruleId": "eqeqeq", "severity": 1, "message": "Expected '==='.", "line": 1, "column": 5},
            {"ruleId": None, "fatal": True, "severity": 2, "message": "Parsing error: no", "line": 2, "column": 11},
        ],
    },
    {"filePath": "{root}/test/tide.mjs", "messages": []},
]
ROOT = "/somewhere/files"
KNOWN = ("test/tide.mjs", "test/other.mjs", "src/tide.mjs")


def locate(name: str) -> str | None:
    path = name.removeprefix("file://").removeprefix(f"{ROOT}/")
    return path if path in KNOWN else None


def cases(directory: Path, content: str) -> list[tuple[str, str, str, str]]:
    path = directory / "report"
    path.write_text(content.replace("{root}", ROOT))
    return [(case.name, case.outcome, case.message, str(case.where or "")) for case in read_report(path, locate).cases]


def test_mocha_s_report_is_read(tmp_path: Path) -> None:
    assert cases(tmp_path, MOCHA) == [
        ("test/tide.mjs > Tide > high", "passed", "", "test/tide.mjs"),
        ("test/tide.mjs > Tide > low", "failed", "expected 1 to equal 2", "test/tide.mjs:5:37"),
        ("test/tide.mjs > Tide > far", "skipped", "", "test/tide.mjs"),
        ('test/tide.mjs > Tide hooked > "before each" hook', "failed", "hook", "src/tide.mjs:8:55"),
    ]


def test_vitest_s_report_is_read(tmp_path: Path) -> None:
    assert cases(tmp_path, VITEST) == [
        ("test/tide.mjs > group > deep", "failed", "deep", "src/tide.mjs:1:40"),
        ("test/other.mjs > test/other.mjs", "failed", "Cannot find module", "test/other.mjs:1:1"),
    ]


def test_jest_s_report_is_read(tmp_path: Path) -> None:
    assert cases(tmp_path, json.dumps(JEST)) == [
        ("test/tide.mjs > tide high", "passed", "", "test/tide.mjs:2"),
        ("test/tide.mjs > tide far", "skipped", "", "test/tide.mjs"),
        ("test/tide.mjs > tide low", "failed", "Error: expect(received).toBe(expected)", "test/tide.mjs:3:34"),
        (
            "test/other.mjs",
            "error",
            "SyntaxError: test/other.mjs: Unexpected (1:10)".replace("test", f"{ROOT}/test"),
            "test/other.mjs:1:10",
        ),
    ]


def test_eslint_s_report_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text(json.dumps(ESLINT).replace("{root}", ROOT))
    assert [(one.rule, one.severity, one.where, one.what) for one in read_report(path, locate).findings] == [
        ("eqeqeq", Severity.MEDIUM, Place(file="src/tide.mjs", line=1, column=5), "Expected '==='."),
        ("parse-error", Severity.HIGH, Place(file="src/tide.mjs", line=2, column=11), "Parsing error: no"),
    ]


@pytest.mark.parametrize(
    "content", ['{"testResults": 3}', '{"testResults": [{}]}', "[3]", '[{"filePath": "a"}]', "3", '"a"']
)
def test_what_no_runner_writes_cannot_be_read(tmp_path: Path, content: str) -> None:
    with pytest.raises(Unreadable):
        cases(tmp_path, content)


def test_only_failures_and_errors_say_no() -> None:
    assert [Case(name="a", outcome=outcome).bad for outcome in ("passed", "skipped", "failed", "error")] == [
        False,
        False,
        True,
        True,
    ]
