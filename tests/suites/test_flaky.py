"""Tests that fail only at times are told from those that fail."""

from pathlib import Path

import pytest

from shoreward.domain import Severity

from .support import Application, command_suite, only, pytest_suite, told


def at_times(memory: Path) -> str:
    """A test that fails the first time that it runs, beside others."""
    return f"""
from pathlib import Path

MEMORY = Path({str(memory)!r})

def test_good():
    pass

def test_at_times():
    first = not MEMORY.exists()
    MEMORY.touch()
    assert not first, "the first time"

def test_bad():
    assert 0, "each time"
"""


@pytest.mark.parametrize(
    "command",
    ["python -m pytest tests", "python -m pytest -v tests/test_sea.py -p no:cacheprovider", "true && python -m pytest"],
    ids=["by name", "by name with options", "all again"],
)
def test_a_test_that_passes_the_second_time_is_flaky(tmp_path: Path, command: str) -> None:
    made = Application.of(tmp_path, {"tests/test_sea.py": at_times(tmp_path / "memory")})
    report = made.run(pytest_suite(command))
    assert told(report) == [("test-failed", "tests/test_sea.py:15"), ("test-flaky", "tests/test_sea.py:12")]
    flaky = next(finding for finding in report.findings if finding.rule == "test-flaky")
    assert flaky.severity is Severity.MEDIUM
    assert flaky.subject == "tests/test_sea.py::test_at_times"
    assert "1 of 2 runs" in flaky.what
    assert "the first time" in flaky.what
    assert not report.lasting


def test_only_what_failed_is_run_again(tmp_path: Path) -> None:
    count = tmp_path / "count"
    text = f"""
import pytest

def note(name):
    with open({str(count)!r}, "a") as file:
        file.write(name)

def test_a(): note("a")
@pytest.mark.parametrize("x", ["1 2", "3"])
def test_b(x):
    note("b")
    assert x == "3"
"""
    only(Application.of(tmp_path, {"tests/test_sea.py": text}).run(pytest_suite()))
    assert count.read_text() == "abbb"


def test_what_fails_each_time_fails_for_good(tmp_path: Path) -> None:
    report = Application.of(tmp_path, {"tests/test_sea.py": "def test_a():\n    assert 0\n"}).run(pytest_suite())
    assert told(report) == [("test-failed", "tests/test_sea.py:2")]
    assert report.lasting


def test_a_suite_that_is_repeated_finds_what_fails_later(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    text = f"""
from pathlib import Path

def test_at_times():
    memory = Path({str(memory)!r})
    runs = len(memory.read_text()) if memory.exists() else 0
    memory.write_text("x" * (runs + 1))
    assert runs != 2
"""
    made = Application.of(tmp_path, {"tests/test_sea.py": text})
    assert made.run(pytest_suite(repeat=2)).findings == ()
    memory.unlink()
    finding = only(made.run(pytest_suite(repeat=3)))
    assert (finding.rule, str(finding.where)) == ("test-flaky", "tests/test_sea.py:8")
    assert "1 of 3 runs" in finding.what


def test_each_run_has_a_fresh_workspace(tmp_path: Path) -> None:
    text = "from pathlib import Path\n\ndef test_a():\n    Path('here').touch(exist_ok=False)\n"
    assert Application.of(tmp_path, {"tests/test_sea.py": text}).run(pytest_suite(repeat=2)).findings == ()


def test_a_command_that_fails_at_times_is_flaky(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    finding = only(Application.of(tmp_path, {}).run(command_suite(f"mkdir {memory} || true; rmdir {memory} && false")))
    assert finding.rule == "command-failed"
    report = Application.of(tmp_path / "two", {}).run(
        command_suite(f"test -e {memory} || {{ mkdir {memory}; false; }}")
    )
    assert only(report).rule == "test-flaky"
    assert not report.lasting


def test_linters_are_not_asked_twice(tmp_path: Path) -> None:
    count = tmp_path / "count"
    only(Application.of(tmp_path, {}).run(command_suite(f"echo x >> {count}; false", kind="quality")))
    assert count.read_text() == "x\n"
