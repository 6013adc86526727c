"""What hangs, crashes, is stopped or leaves something behind: it ends, and the line is known where it was."""

import os
import threading
import time
from pathlib import Path

import pytest

from shoreward.domain import Retryable, Terminal

from .support import DECLARED, Application, command_suite, hanging, only, pytest_suite

SEA = """
import time

def wait(note):
    with open(note, "w"):
        while True:
            time.sleep(0.01)
"""
HANGS = """
from sea import wait

def test_first():
    pass

def test_second():
    wait({note!r})
"""


def test_a_hanging_test_is_found_where_it_hangs(tmp_path: Path) -> None:
    note = tmp_path / "note"
    made = Application.of(tmp_path, {"sea.py": SEA, "tests/test_sea.py": HANGS.format(note=str(note))})
    report = hanging(made, pytest_suite(), note)
    finding = only(report)
    assert finding.rule == "test-hangs"
    assert finding.where is not None
    assert (finding.where.file, finding.where.line in (6, 7)) == ("sea.py", True)
    assert finding.subject == "tests/test_sea.py::test_second"
    assert "did not end within" in finding.what
    assert not report.lasting


def test_a_test_that_waits_for_a_thread_is_found_by_its_own_line(tmp_path: Path) -> None:
    note = tmp_path / "note"
    text = f"""
import threading
import time

def test_it():
    thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)
    thread.start()
    open({str(note)!r}, "w").close()
    thread.join()
"""
    made = Application.of(tmp_path, {"tests/test_sea.py": text})
    finding = only(hanging(made, pytest_suite(), note))
    assert (finding.rule, str(finding.where)) == ("test-hangs", "tests/test_sea.py:9")


def test_a_hanging_command_is_found_where_it_is_declared(tmp_path: Path) -> None:
    finding = only(Application.of(tmp_path, {}).run(command_suite("sleep 60", timeout=0.3)))
    assert (finding.rule, finding.where) == ("test-hangs", DECLARED)


def alive(file: Path) -> bool:
    """Whether the process whose id a file has still runs."""
    pid = int(file.read_text())
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("end", ["true", "false", "sleep 60"])
@pytest.mark.parametrize("session", ["", "setsid "])
def test_nothing_is_left_running(tmp_path: Path, end: str, session: str) -> None:
    pid = tmp_path / "pid"
    command = f"{session}sh -c 'echo $$ > {pid}; exec sleep 60' & while [ ! -s {pid} ]; do sleep 0.01; done; {end}"
    Application.of(tmp_path, {}).run(command_suite(command, timeout=1.0))
    assert not alive(pid)


def test_a_suite_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    pid = tmp_path / "pid"

    def stop() -> None:
        while not (pid.exists() and pid.read_text()):
            time.sleep(0.01)
        made.stop.set()

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(Retryable) as error:
        made.run(command_suite(f"sh -c 'echo $$ > {pid}; exec sleep 60' & wait"))
    assert error.value.code == "SUITE_STOPPED"
    assert not alive(pid)


def test_a_test_that_crashes_python_is_found_at_its_line(tmp_path: Path) -> None:
    text = "import ctypes\n\ndef test_it():\n    ctypes.string_at(0)\n"
    finding = only(Application.of(tmp_path, {"tests/test_sea.py": text}).run(pytest_suite()))
    assert (finding.rule, str(finding.where)) == ("test-crashed", "tests/test_sea.py:4")
    assert "SIGSEGV" in finding.what
    assert finding.subject == "tests/test_sea.py::test_it"


@pytest.mark.parametrize("signal", ["KILL", "SEGV", "TERM"])
def test_a_tool_that_crashes_says_nothing_of_the_change(tmp_path: Path, signal: str) -> None:
    with pytest.raises(Terminal) as error:
        Application.of(tmp_path, {}).run(command_suite(f"echo so far so good; kill -{signal} $$"))
    assert (error.value.code, error.value.where) == ("SUITE_CRASHED", DECLARED)
    assert f"SIG{signal}" in error.value.what
    assert "so far so good" in error.value.what


@pytest.mark.parametrize("command", ["no-such-program --now", "./tool.sh"])
def test_a_program_that_is_not_there_says_nothing_of_the_change(tmp_path: Path, command: str) -> None:
    with pytest.raises(Terminal) as error:
        Application.of(tmp_path, {"tool.sh": "not executable"}).run(command_suite(command))
    assert (error.value.code, error.value.where) == ("SUITE_TOOL_MISSING", DECLARED)


def test_standard_input_is_closed(tmp_path: Path) -> None:
    assert Application.of(tmp_path, {}).run(command_suite('test -z "$(cat)"')).findings == ()


def test_the_workspace_is_gone_afterwards(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    note = tmp_path / "note"
    made.run(command_suite(f"pwd > {note}; mkdir -p locked/in; touch locked/in/file; chmod -R 500 locked"))
    assert not Path(note.read_text().strip()).exists()
    assert os.path.commonpath([note.read_text(), str(made.root)]) != str(made.root)


def test_a_crash_in_one_of_several_processes_is_found_at_its_line(tmp_path: Path) -> None:
    text = "import ctypes\n\ndef test_good():\n    pass\n\ndef test_it():\n    ctypes.string_at(0)\n"
    made = Application.of(tmp_path, {"tests/test_sea.py": text})
    finding = only(made.run(pytest_suite("python -m pytest -p xdist -n 1 tests")))
    assert (finding.rule, str(finding.where)) == ("test-error", "tests/test_sea.py:7")
    assert "crashed" in finding.what
