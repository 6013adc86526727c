"""A branch that takes commits back: made without a work tree, and never in the place of another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blame.history import Past, git
from shoreward.adapters.git import GitAncestry, prepare_revert
from shoreward.domain import Refused

FIRST = {"words.txt": "".join(f"line {number}\n" for number in range(12)), "deep/more.txt": "more\n"}


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "beach")


def says(past: Past, tip: str, number: int, word: str, message: str = "") -> str:
    files = past.files(tip)
    lines = files["words.txt"].splitlines(keepends=True)
    lines[number] = f"{word}\n"
    return past.commit({**files, "words.txt": "".join(lines)}, message or f"Say {word}", tip)


def words(past: Past, commit: str) -> list[str]:
    return git(past.root, "show", f"{commit}:words.txt").splitlines()


def test_a_branch_takes_a_commit_back_and_says_so_as_git_does(past: Past) -> None:
    bad = says(past, past.commit(FIRST, "first"), 2, "dragons")
    tip = says(past, bad, 9, "later")
    made = prepare_revert(past.root, [bad], tip, why="Errors of Hello rose.")
    assert (made.branch, made.onto, made.conflicts, made.existed) == (f"shoreward/revert-{bad[:10]}", tip, (), False)
    assert words(past, made.branch)[2] == "line 2"
    assert words(past, made.branch)[9] == "later"
    assert git(past.root, "rev-parse", f"{made.branch}^") == tip
    message = git(past.root, "show", "-s", "--format=%an%n%B", made.branch)
    assert message == f'Shoreward\nRevert "Say dragons"\n\nThis reverts commit {bad}.\n\nErrors of Hello rose.'
    assert GitAncestry(past.root).reverts(made.commit, [bad]) == {bad: made.commit}


def test_asking_twice_makes_one_branch(past: Past) -> None:
    bad = says(past, past.commit(FIRST, "first"), 2, "dragons")
    one = prepare_revert(past.root, [bad], bad)
    other = prepare_revert(past.root, [bad], says(past, bad, 9, "later"))
    assert (one.existed, other.existed) == (False, True)
    assert one.commit == other.commit == git(past.root, "rev-parse", one.branch)


def test_the_same_revert_has_the_same_id_everywhere(past: Past, tmp_path: Path) -> None:
    bad = says(past, past.commit(FIRST, "first"), 2, "dragons")
    past.branch("main", bad)
    git(tmp_path, "clone", "--quiet", "--bare", str(past.root), "bare.git")
    assert prepare_revert(tmp_path / "bare.git", [bad], bad).commit == prepare_revert(past.root, [bad], bad).commit


def test_a_branch_that_does_something_else_is_never_overwritten(past: Past) -> None:
    first = past.commit(FIRST, "first")
    bad = says(past, first, 2, "dragons")
    past.branch(f"shoreward/revert-{bad[:10]}", bad)
    with pytest.raises(Refused) as error:
        prepare_revert(past.root, [bad], bad)
    assert error.value.code == "REVERT_BRANCH"
    assert git(past.root, "rev-parse", f"shoreward/revert-{bad[:10]}") == bad


def test_a_branch_that_cannot_be_made_is_told(past: Past) -> None:
    bad = says(past, past.commit(FIRST, "first"), 2, "dragons")
    past.branch("shoreward", bad)
    with pytest.raises(Refused) as error:
        prepare_revert(past.root, [bad], bad)
    assert error.value.code == "REVERT_BRANCH"


def test_conflicts_are_told_by_their_files_and_leave_no_branch(past: Past) -> None:
    first = past.commit(FIRST, "first")
    bad = past.commit({**past.files(first), "words.txt": "all\n", "deep/more.txt": "less\n"}, "bad", first)
    tip = past.commit({**past.files(bad), "words.txt": "all of it\n", "deep/more.txt": "least\n"}, "later", bad)
    made = prepare_revert(past.root, [bad], tip)
    assert (made.commit, made.conflicts) == ("", ("deep/more.txt", "words.txt"))
    assert git(past.root, "for-each-ref") == ""


def test_a_merge_is_taken_back_against_the_line_that_it_was_made_on(past: Past) -> None:
    first = past.commit(FIRST, "first")
    branch = says(past, says(past, first, 2, "one"), 4, "two")
    merge = past.merge(says(past, first, 10, "straight"), branch, "Merge a feature")
    assert merge is not None
    made = prepare_revert(past.root, [merge], merge)
    assert words(past, made.branch) == [f"line {number}" if number != 10 else "straight" for number in range(12)]
    parent = past.parents(merge)[0]
    message = git(past.root, "show", "-s", "--format=%B", made.branch)
    assert message.endswith(f"This reverts commit {merge}, reversing\nchanges made to {parent}.")
    assert set(GitAncestry(past.root).reverts(made.commit, [branch, merge])) == {branch, merge}


def test_several_commits_are_taken_back_the_newest_first(past: Past) -> None:
    one = says(past, past.commit(FIRST, "first"), 2, "one")
    two = says(past, one, 2, "two")
    made = prepare_revert(past.root, [one, two], says(past, two, 9, "later"))
    assert words(past, made.branch)[2] == "line 2"
    assert git(past.root, "log", "-2", "--format=%s", made.branch) == 'Revert "Say one"\nRevert "Say two"'


def test_a_first_commit_and_names_of_any_kind(past: Past) -> None:
    first = past.commit({"a café \n.txt": "one\n"}, "first \"one\" 'two'")
    made = prepare_revert(past.root, [first], past.commit({**past.files(first), "b": "two\n"}, "second", first))
    assert git(past.root, "ls-tree", "-r", "--name-only", made.branch) == "b"


def reverted(past: Past, bad: str) -> str:
    return past.commit(past.files(past.parents(bad)[0]), "Calm down", bad)


def without(past: Past, bad: str) -> str:
    return past.parents(bad)[0]


@pytest.mark.parametrize("onto", [reverted, without])
def test_what_is_not_there_is_not_reverted(past: Past, onto: Callable[[Past, str], str]) -> None:
    bad = says(past, past.commit(FIRST, "first"), 2, "dragons")
    with pytest.raises(Refused) as error:
        prepare_revert(past.root, [bad], onto(past, bad))
    assert error.value.code == "REVERT_NEEDLESS"


def test_work_tree_index_and_hooks_are_let_be(past: Past) -> None:
    bad = says(past, past.commit(FIRST, "first"), 2, "dragons")
    past.branch("main", bad)
    git(past.root, "checkout", "--quiet", "main")
    (past.root / "words.txt").write_text("in the middle of something\n")
    (past.root / "new.txt").write_text("new\n")
    git(past.root, "add", "new.txt")
    hook = past.root / ".git" / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {past.root}/ran\n")
    hook.chmod(0o755)
    before = git(past.root, "status", "--porcelain")
    prepare_revert(past.root, [bad], bad)
    assert git(past.root, "status", "--porcelain") == before
    assert git(past.root, "worktree", "list").count("\n") == 0
