"""What every source of files promises; builds and checks know nothing else of a repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shoreward.adapters.git import Repository
from shoreward.app.files import Source
from shoreward.domain import UserError
from shoreward.testing.files import Files, MemoryFile, MemorySource

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}
BEFORE: Files = {
    "app.py": "one\n",
    "app/café.py": "two\n",
    "app.d/run.sh": MemoryFile(b"#!/bin/sh\n", "executable"),
    "app/deep/data.bin": MemoryFile(bytes(range(256))),
    "latest": MemoryFile(b"app/deep", "link"),
}
AFTER: Files = {**BEFORE, "app/deep/data.bin": "less\n", "new.py": "one\n"}

Commits = tuple[Source, str, str]
"""A source, and the ids of its two commits."""


def in_memory(folder: Path) -> Commits:
    del folder
    return MemorySource({"before": BEFORE, "after": AFTER}), "before", "after"


def in_git(folder: Path) -> Commits:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "--quiet")
    ids: list[str] = []
    for files in (BEFORE, AFTER):
        git("rm", "-r", "--quiet", "--ignore-unmatch", ".")
        MemorySource({"": files}).export("", folder)
        git("add", "--all")
        git("commit", "--quiet", "--message", "a change")
        ids.append(git("rev-parse", "HEAD"))
    return Repository(folder), ids[0], ids[1]


@pytest.fixture(params=[in_memory, in_git], ids=["memory", "git"])
def commits(request: pytest.FixtureRequest, tmp_path: Path) -> Commits:
    make: Callable[[Path], Commits] = request.param
    return make(tmp_path)


def test_files_are_listed_in_one_order_with_what_they_are(commits: Commits) -> None:
    source, before, _ = commits
    assert [(entry.path, entry.kind) for entry in source.entries(before)] == [
        ("app.d/run.sh", "executable"),
        ("app.py", "file"),
        ("app/café.py", "file"),
        ("app/deep/data.bin", "file"),
        ("latest", "link"),
    ]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("app", ["app/café.py", "app/deep/data.bin"]),
        ("app/deep", ["app/deep/data.bin"]),
        ("app.py", ["app.py"]),
        ("ap", []),
        ("gone", []),
    ],
)
def test_a_path_names_a_folder_or_a_file_and_never_a_beginning(commits: Commits, path: str, found: list[str]) -> None:
    source, before, _ = commits
    assert [entry.path for entry in source.entries(before, path)] == found


def test_an_id_is_that_of_the_content_wherever_it_is(commits: Commits) -> None:
    source, before, after = commits
    old, new = ({entry.path: entry.id for entry in source.entries(one)} for one in (before, after))
    assert {path for path, found in new.items() if old.get(path) != found} == {"app/deep/data.bin", "new.py"}
    assert new["new.py"] == new["app.py"] == source.tree(after, "app.py")


def test_the_id_of_a_folder_follows_all_that_is_in_it_and_nothing_else(commits: Commits) -> None:
    source, before, after = commits
    same = [path for path in ("", "app", "app/deep", "app.d", "app.py", "latest")
            if source.tree(before, path) == source.tree(after, path)]  # fmt: skip
    assert same == ["app.d", "app.py", "latest"]
    assert source.tree(before, "gone") is None


def test_both_sources_give_the_same_ids(tmp_path: Path) -> None:
    (one, first, _), (other, second, _) = in_memory(tmp_path), in_git(tmp_path)
    assert one.tree(first) == other.tree(second)
    assert [entry.id for entry in one.entries(first)] == [entry.id for entry in other.entries(second)]


def test_a_file_is_read_as_it_was(commits: Commits) -> None:
    source, before, after = commits
    assert source.read(before, "app/deep/data.bin") == bytes(range(256))
    assert source.read(after, "app/deep/data.bin") == b"less\n"
    assert source.read(before, "latest") == b"app/deep"
    assert [source.read(before, path) for path in ("gone", "app")] == [None, None]


def test_what_is_exported_is_what_is_there(commits: Commits, tmp_path: Path) -> None:
    source, before, _ = commits
    out, part = tmp_path / "out", tmp_path / "part"
    source.export(before, out)
    assert (out / "latest" / "data.bin").read_bytes() == bytes(range(256))
    assert (out / "latest").is_symlink()
    assert [bool((out / path).stat().st_mode & 0o100) for path in ("app.d/run.sh", "app.py")] == [True, False]
    source.export(before, part, "app/deep")
    assert [path.relative_to(part).as_posix() for path in part.rglob("*") if path.is_file()] == ["app/deep/data.bin"]


def test_a_commit_is_found_by_its_id_and_no_other_name_is_made_up(commits: Commits) -> None:
    source, before, _ = commits
    assert source.resolve(before).id == before
    with pytest.raises(UserError, match="GIT_UNKNOWN_REVISION"):
        source.resolve("no-such-commit")
