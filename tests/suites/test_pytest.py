"""What pytest tells becomes findings, each at the line that is to be mended."""

from pathlib import Path

import pytest

from shoreward.domain import Severity, Terminal

from .support import DECLARED, Application, only, pytest_suite, told

TIDE = """
def high(beach):
    if beach == "atlantis":
        raise KeyError("no beach of this name")
    return 4
"""
GOOD = """
from tide.app import high


def test_it_is_high():
    assert high("brighton") == 4
"""


def application(directory: Path, **files: str) -> Application:
    named = {f"tests/{name}.py": text for name, text in files.items()}
    return Application.of(directory, {"tide/app.py": TIDE, "tide/__init__.py": "", **named})


def test_tests_that_pass_are_counted(tmp_path: Path) -> None:
    report = application(tmp_path, test_tide=GOOD).run(pytest_suite())
    assert report.findings == ()
    assert report.summary == "1 test"
    assert report.measures == (("tests", 1.0), ("failed", 0.0))
    assert report.lasting
    assert "1 passed" in report.log


def test_a_failing_assertion_is_found_at_its_line(tmp_path: Path) -> None:
    finding = only(application(tmp_path, test_tide=GOOD.replace("4", "5")).run(pytest_suite()))
    assert (finding.rule, finding.severity, str(finding.where)) == (
        "test-failed",
        Severity.HIGH,
        "tests/test_tide.py:6",
    )
    assert finding.subject == "tests/test_tide.py::test_it_is_high"
    assert finding.what.endswith("assert 4 == 5") or finding.what.startswith("assert 4 == 5"), finding.what
    assert "python -m pytest tests/test_tide.py::test_it_is_high" in finding.fix
    assert ">       assert high" in dict(finding.details)["excerpt"]


def test_an_error_in_the_code_is_found_in_the_code(tmp_path: Path) -> None:
    finding = only(application(tmp_path, test_tide=GOOD.replace("brighton", "atlantis")).run(pytest_suite()))
    assert (finding.rule, str(finding.where)) == ("test-failed", "tide/app.py:4")
    assert "no beach of this name" in finding.what


@pytest.mark.parametrize("style", ["native", "no"])
def test_the_line_is_found_however_tracebacks_are_printed(tmp_path: Path, style: str) -> None:
    failing = GOOD.replace("4", "5")
    found = only(application(tmp_path, test_tide=failing).run(pytest_suite(f"python -m pytest --tb={style} tests")))
    assert str(found.where) == "tests/test_tide.py:6"


BROKEN = {
    "a missing import": ("import sand\n", "tests/test_broken.py:1", "No module named 'sand'"),
    "a syntax error": ("x = 1\ndef test_x(:\n", "tests/test_broken.py:2", "SyntaxError"),
    "a missing name": ("from tide.app import low\n", "tests/test_broken.py:1", "cannot import name 'low'"),
    "an error while importing": ("from tide.app import high\nhigh('atlantis')\n", "tide/app.py:4", "KeyError"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_tests_that_cannot_be_collected_are_errors(tmp_path: Path, kind: str) -> None:
    text, where, words = BROKEN[kind]
    finding = only(application(tmp_path, test_tide=GOOD, test_broken=text).run(pytest_suite()))
    assert (finding.rule, str(finding.where)) == ("test-error", where)
    assert words in finding.what


def test_a_syntax_error_in_the_code_is_found_in_the_code(tmp_path: Path) -> None:
    made = application(tmp_path, test_tide=GOOD)
    made.commit({"tide/app.py": "def high(beach):\n    return 4 +\n"})
    finding = only(made.run(pytest_suite()))
    assert (finding.rule, str(finding.where)) == ("test-error", "tide/app.py:2")


def test_a_broken_conftest_is_an_error_at_its_line(tmp_path: Path) -> None:
    finding = only(application(tmp_path, test_tide=GOOD, conftest="\nimport sand\n").run(pytest_suite()))
    assert (finding.rule, str(finding.where)) == ("test-error", "tests/conftest.py:2")
    assert "No module named 'sand'" in finding.what


def test_fixtures_that_break_are_errors(tmp_path: Path) -> None:
    text = """
import pytest

@pytest.fixture
def sand():
    raise OSError("wet")

@pytest.fixture
def water():
    yield
    raise OSError("gone")

def test_before(sand): pass
def test_after(water): pass
"""
    report = application(tmp_path, test_tide=text).run(pytest_suite())
    assert told(report) == [("test-error", "tests/test_tide.py:11"), ("test-error", "tests/test_tide.py:6")]


def test_each_failing_test_is_a_finding(tmp_path: Path) -> None:
    text = """
import unittest
import pytest

@pytest.mark.parametrize("name", ["a b", "c/d::e", "ok"])
def test_names(name):
    assert name == "ok"

class TestTide:
    def test_method(self):
        assert 0

class Old(unittest.TestCase):
    def test_old(self):
        self.assertEqual(1, 2)

@pytest.mark.xfail(strict=True)
def test_unexpected():
    pass

@pytest.mark.skip
def test_left_out():
    assert 0
"""
    report = application(tmp_path, test_tide=text).run(pytest_suite())
    assert sorted((finding.subject.partition("::")[2], str(finding.where)) for finding in report.findings) == [
        ("Old::test_old", "tests/test_tide.py:15"),
        ("TestTide::test_method", "tests/test_tide.py:11"),
        ("test_names[a b]", "tests/test_tide.py:7"),
        ("test_names[c/d::e]", "tests/test_tide.py:7"),
        ("test_unexpected", "tests/test_tide.py:17"),
    ]
    assert report.summary == "7 tests, 1 skipped"


@pytest.mark.parametrize(
    "text",
    ["", "import pytest\npytestmark = pytest.mark.skip\ndef test_a(): pass\n"],
    ids=["no test", "only skipped ones"],
)
def test_a_suite_that_tests_nothing_fails(tmp_path: Path, text: str) -> None:
    finding = only(application(tmp_path, test_tide=text).run(pytest_suite()))
    assert (finding.rule, finding.where) == ("no-tests", DECLARED)


def test_an_option_that_pytest_does_not_know_fails_the_suite_where_it_is_declared(tmp_path: Path) -> None:
    finding = only(application(tmp_path, test_tide=GOOD).run(pytest_suite("python -m pytest --sand tests")))
    assert (finding.rule, finding.where) == ("command-failed", DECLARED)
    assert "--sand" in dict(finding.details)["excerpt"]


def test_a_suite_without_pytest_could_not_be_run(tmp_path: Path) -> None:
    made = application(tmp_path, test_tide=GOOD)
    with pytest.raises(Terminal) as error:
        made.run(pytest_suite("python -S -I -m pytest tests"))
    assert (error.value.code, error.value.where) == ("SUITE_TOOL_MISSING", DECLARED)


def test_tests_run_from_a_folder_are_named_from_the_root(tmp_path: Path) -> None:
    files = {
        "service/tide.py": "HIGH = 4\n",
        "service/tests/test_a.py": "import tide\ndef test_a(): assert tide.HIGH == 5\n",
    }
    finding = only(Application.of(tmp_path, files).run(pytest_suite(folder="service")))
    assert str(finding.where) == "service/tests/test_a.py:2"
    assert finding.subject == "service/tests/test_a.py::test_a"
    assert "cd service && python -m pytest tests/test_a.py::test_a" in finding.fix


@pytest.mark.parametrize(
    "command",
    [
        "cd tests && python -m pytest",
        "SAND=wet python -m pytest tests",
        "true && python -m pytest tests",
        "pytest tests",
    ],
)
def test_pytest_is_recognised_in_a_command(tmp_path: Path, command: str) -> None:
    made = application(tmp_path, test_tide="def test_a():\n    assert 0\n")
    finding = only(made.run(pytest_suite(command)))
    assert (finding.rule, str(finding.where)) == ("test-failed", "tests/test_tide.py:2")


def test_what_was_found_does_not_depend_on_the_run(tmp_path: Path) -> None:
    made = application(tmp_path, test_tide="def test_a(tmp_path):\n    assert str(tmp_path) == '', __file__\n")
    first, second = only(made.run(pytest_suite())), only(made.run(pytest_suite()))
    assert first.fingerprint == second.fingerprint
    assert first.subject == second.subject


def test_a_limit_of_coverage_fails_the_suite_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    conftest = f"""
def pytest_sessionfinish(session):
    with open({str(count)!r}, "a") as file:
        file.write("x")
    session.exitstatus = 1
"""
    finding = only(application(tmp_path, test_tide=GOOD, conftest=conftest).run(pytest_suite()))
    assert (finding.rule, finding.where, count.read_text()) == ("command-failed", DECLARED, "x")
