"""The quickest answer: given only when nothing that the last one depended on has changed."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.adapters.git import _command
from shoreward.adapters.journal import SqliteJournal
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Outside, Report, Result
from shoreward.app.checking.graph import graph_of
from shoreward.cli import unchanged
from shoreward.cli.record import good_until
from shoreward.domain import Verdict, Waiver

from .shop import PIPELINE, SUITES, Shop
from .support import NOON, toy

HEAVY = {"typer", "rich", "yaml", "pydantic", "boto3", "typing", "re", "subprocess", "json", "pathlib", "dataclasses"}


def at_once(shop: Shop) -> bool:
    """Whether the last answer is given again."""
    return "Nothing has changed since" in shop.check().out


@pytest.fixture
def checked(shop: Shop) -> Shop:
    """A shop whose last answer is known."""
    assert shop.check().code == 0
    return shop


def test_when_nothing_has_changed_the_last_answer_is_given_again(checked: Shop) -> None:
    again = checked.check()
    assert again.code == 0
    assert again.out.startswith("Nothing has changed since ")
    assert "may go to production: 3 checks passed" in again.out
    assert "prices" in again.out


def test_a_failure_is_given_again_as_well(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    assert shop.check("-k").code == 1
    first, again = shop.check(), shop.check()
    assert (first.code, again.code) == (1, 1)
    assert again.out.startswith("Nothing has changed since ")
    assert "command-failed" in again.out


def test_a_question_about_some_checks_is_answered_again_in_the_same_words_only(checked: Shop) -> None:
    def again(*words: str) -> bool:
        return "Nothing has changed since" in checked.check(*words).out

    assert not again("--only", "prices", "--skip", "build")
    assert again("--only", "prices", "--skip", "build")
    assert checked.answer("--only", "prices", "--skip", "build")["unchanged"]
    assert not again("--only", "prices")
    assert not again("--skip", "build")
    assert not again("--only", "build")
    assert again("--only", "build")
    assert not again("--only=build", "--keep-going")
    assert not again()
    assert again()


def test_programs_get_the_same_answer_and_are_told(checked: Shop) -> None:
    first = checked.answer("--keep-going")
    checked.check()
    again = checked.answer()
    assert (first["unchanged"], again["unchanged"]) == (False, True)
    assert [one["verdict"] for one in again["checks"]] == [one["verdict"] for one in first["checks"]]


def test_from_a_folder_below_the_answer_is_the_same(checked: Shop) -> None:
    assert checked.check(at="code").out.startswith("Nothing has changed since ")


def test_nothing_heavy_is_imported_for_it(checked: Shop) -> None:
    code = "import sys, shoreward.cli as c\ntry: c.main(['check'])\nfinally: print(*sys.modules, file=sys.stderr)"
    for _ in range(2):  # another process may look for packages in other folders than this one
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=checked.root, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Nothing has changed since ")
    assert set(done.stderr.split()) & HEAVY == set()


def edit(shop: Shop) -> None:
    shop.write("code/hello.py", "def handler(event, context):\n    return 'hallo'\n")


def edit_in_place(shop: Shop) -> None:
    """As long as before, with the time as before."""
    path = shop.root / "prices.txt"
    about = path.stat()
    path.write_text("6\n")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def add(shop: Shop) -> None:
    shop.write("code/more.py", "")


def delete(shop: Shop) -> None:
    (shop.root / "prices.txt").unlink()


def make_executable(shop: Shop) -> None:
    (shop.root / "prices.txt").chmod(0o755)


def commit(shop: Shop) -> None:
    shop.commit()


def set_variable(shop: Shop) -> None:
    os.environ["MODE"] = "left"


def unset_variable(shop: Shop) -> None:
    del os.environ["MODE"]


def set_pattern(shop: Shop) -> None:
    os.environ["UV_INDEX_URL"] = "https://example.org"


def change_program(shop: Shop) -> None:
    (shop.root.parent / "bin" / "teller").write_text("#!/bin/sh\nexit 1\n")


def another_program(shop: Shop) -> None:
    first = shop.root.parent / "first"
    first.mkdir()
    (first / "teller").write_text("#!/bin/sh\n")
    (first / "teller").chmod(0o755)
    os.environ["PATH"] = f"{first}{os.pathsep}{os.environ['PATH']}"


def settings_of_git(shop: Shop) -> None:
    shop.git("config", "core.autocrlf", "true")


def settings_of_uv(shop: Shop) -> None:
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "uv" / "uv.toml"
    path.parent.mkdir(parents=True)
    path.write_text("")


def another_journal(shop: Shop) -> None:
    os.environ["SHOREWARD_JOURNAL"] = str(shop.root.parent / "journal.db")


def a_main_branch_elsewhere(shop: Shop) -> None:
    shop.git("update-ref", "refs/remotes/origin/HEAD", shop.git("rev-parse", "HEAD"))


def damage(shop: Shop) -> None:
    path = shop.root / unchanged.RECORD
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def a_journal_that_was_written(shop: Shop) -> None:
    path = shop.root / ".shoreward" / "journal.db"
    os.utime(path, (1, 1))


@pytest.mark.parametrize(
    "change",
    [
        edit,
        edit_in_place,
        add,
        delete,
        make_executable,
        commit,
        set_variable,
        unset_variable,
        set_pattern,
        change_program,
        another_program,
        settings_of_git,
        settings_of_uv,
        another_journal,
        a_main_branch_elsewhere,
        a_journal_that_was_written,
        damage,
    ],
)
def test_whatever_changes_means_the_long_way(checked: Shop, change: Callable[[Shop], None]) -> None:
    change(checked)
    assert not at_once(checked)


def test_what_is_changed_back_has_its_answer_again(checked: Shop) -> None:
    add(checked)
    assert not at_once(checked)
    assert at_once(checked), "the edit is not committed, and known"
    (checked.root / "code" / "more.py").unlink()
    assert not at_once(checked)


def test_a_file_that_git_ignores_changes_nothing(checked: Shop) -> None:
    checked.write(".shoreward/scratch", "x")
    assert at_once(checked)


def test_somebody_else_who_has_the_journal_open_changes_nothing(shop: Shop) -> None:
    shop.check()
    with closing(SqliteJournal(shop.root / ".shoreward" / "journal.db")) as journal:
        journal.put(b"content")
        assert not at_once(shop), "it was written"
        assert at_once(shop)


@pytest.mark.parametrize("options", [["--fresh"], ["--only", "prices"], ["HEAD"], ["-k"]], ids=str)
def test_whoever_asks_otherwise_gets_the_long_way_and_the_old_answer_is_forgotten(
    checked: Shop, options: list[str]
) -> None:
    assert "Nothing has changed" not in checked.check(*options).out
    assert not at_once(checked)


def test_an_answer_that_nobody_could_give_is_never_given_again(shop: Shop) -> None:
    shop.write("shoreward.yaml", PIPELINE + SUITES.replace("grep -q 5 prices.txt", "kill -9 $$"))
    for _ in range(2):
        said = shop.check()
        assert (said.code, "Nothing has changed" in said.out) == (3, False)


def test_another_pipelines_file_in_a_folder_below_is_another_question(checked: Shop) -> None:
    checked.write(".shoreward/shoreward.yaml", PIPELINE + SUITES)
    assert "Nothing has changed" not in checked.check(at=".shoreward").out


def test_a_repository_in_a_repository_has_answers_of_its_own(checked: Shop) -> None:
    (checked.root / ".shoreward" / "inner").mkdir()
    inner = Shop.built(checked.root / ".shoreward" / "inner" / "shop")
    assert "Nothing has changed" not in inner.check().out


def test_git_is_run_as_everywhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the way to a remote, which the quick look never takes."""
    for name in _command._WAY_OUT:
        monkeypatch.setenv(name, "as the machine has it")
    quick = {name: os.environ[name] for name in unchanged._KEPT if name in os.environ} | unchanged._QUIET
    everywhere = _command.environment()
    assert {name: everywhere[name] for name in quick} == quick
    assert set(everywhere) - set(quick) == {"GIT_PAGER", *_command._WAY_OUT}


def test_on_a_terminal_it_has_colours(checked: Shop) -> None:
    """In a terminal of its own, as a person has one."""
    command = [sys.executable, "-m", "shoreward", "check"]

    def shown() -> str:
        here, there = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color"}
        with subprocess.Popen(command, cwd=checked.root, stdout=there, stderr=there, stdin=there, env=environment):
            os.close(there)
            said = b""
            try:
                while more := os.read(here, 65_536):
                    said += more
            except OSError:
                pass  # Linux says so when the other end is closed
        os.close(here)
        return said.decode()

    first, again = shown(), shown()
    assert "may go to production" in first
    assert "Nothing has changed since" in again
    assert "\x1b[32m✔" in again


# How long an answer is good


def answer(*results: Result) -> Answer:
    return Answer(commit="c", base=None, results=results, at=NOON)


def passed(name: str, **more: object) -> Result:
    given = {"verdict": Verdict.PASS, "report": Report(), "seconds": 1.0, "at": NOON, "key": "k"} | more
    return Result(check=name, **given)  # type: ignore[arg-type]


GRAPH = graph_of([toy("unit"), toy("scan", depends=Outside(good_for=60.0))])


def test_an_answer_is_good_for_as_long_as_the_first_of_its_verdicts() -> None:
    assert good_until(answer(passed("unit"), passed("scan", at=NOON - 20)), GRAPH, []) == NOON + 40
    assert good_until(answer(passed("unit")), GRAPH, []) == float("inf")


def test_an_answer_is_good_until_a_waiver_expires() -> None:
    waiver = Waiver(rule="x", reason="y", owner="kim", expires="2026-09-30")
    until = good_until(answer(passed("unit")), GRAPH, [waiver])
    assert until == 1_790_812_800.0, "the first of October, midnight, UTC"


def test_a_waiver_that_has_expired_changes_nothing_any_more() -> None:
    waiver = Waiver(rule="x", reason="y", owner="kim", expires="2026-09-01")
    assert good_until(answer(passed("unit")), GRAPH, [waiver]) == float("inf")


@pytest.mark.parametrize(
    "result",
    [passed("unit", key=None), passed("unit", verdict=Verdict.ERROR), passed("unit", verdict=Verdict.NO_DATA)],
    ids=["a verdict that cannot be kept", "an error", "nothing was looked at"],
)
def test_what_may_be_otherwise_the_next_time_is_never_given_again(result: Result) -> None:
    assert good_until(answer(result), GRAPH, []) is None


def test_the_record_holds_no_value_of_a_variable(checked: Shop) -> None:
    os.environ["MODE"] = "a-secret-of-mine"
    checked.check()
    assert b"a-secret-of-mine" not in (checked.root / unchanged.RECORD).read_bytes()
    assert json.loads(checked.check("--json").out)["unchanged"]
