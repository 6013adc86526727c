"""A commit is the same on every machine: what the repository's face promises."""

import os
import subprocess
from pathlib import Path

import pytest

from shoreward.adapters.git import Repository
from shoreward.domain import UserError

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
}


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def beach(tmp_path: Path) -> Path:
    root = tmp_path / "beach"
    (root / "src").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(root))
    (root / "src" / "app.py").write_text("one\n")
    commit(root, "first")
    return root


def commit(root: Path, subject: str) -> str:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", subject)
    return git(root, "rev-parse", "HEAD")


def code(error: pytest.ExceptionInfo[UserError]) -> str:
    return error.value.code


def test_a_repository_is_found_from_any_folder_inside_it(beach: Path) -> None:
    assert Repository(beach / "src").root == beach.resolve()


def test_a_commit_tells_who_when_and_why(beach: Path) -> None:
    found = Repository(beach).resolve("main")
    assert (found.subject, found.author, found.time) == ("first", "Ada", 1767323045.0)
    assert found.id == git(beach, "rev-parse", "main")


@pytest.mark.parametrize("name", ["main", "HEAD", "v1", "short"])
def test_branches_tags_and_short_ids_name_commits(beach: Path, name: str) -> None:
    git(beach, "tag", "--annotate", "--message", "one", "v1")
    head = git(beach, "rev-parse", "HEAD")
    assert Repository(beach).resolve(head[:8] if name == "short" else name).id == head


@pytest.mark.parametrize("name", ["nowhere", "--help", "-1", "", "main:src", "a b", "f" * 40, "HEAD~9"])
def test_what_is_no_commit_is_said_to_be_unknown(beach: Path, name: str) -> None:
    with pytest.raises(UserError) as error:
        Repository(beach).resolve(name)
    assert code(error) == "GIT_UNKNOWN_REVISION"


def test_a_folder_without_a_repository_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        Repository(tmp_path)
    assert code(error) == "GIT_NOT_A_REPOSITORY"


def test_a_path_that_is_not_there_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        Repository(tmp_path / "nowhere")
    assert code(error) == "GIT_NOT_A_REPOSITORY"


def test_a_repository_without_commits_is_said_to_be_empty(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UserError) as error:
        Repository(tmp_path).resolve("HEAD")
    assert code(error) == "GIT_EMPTY"


def test_a_machine_without_git_is_told_to_install_it(
    beach: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(UserError) as error:
        Repository(beach)
    assert code(error) == "GIT_MISSING"


def test_uncommitted_work_is_dirty_and_is_in_no_commit(beach: Path, tmp_path: Path) -> None:
    (beach / "src" / "app.py").write_text("two\n")
    (beach / "neü.txt").write_text("new\n")
    repository = Repository(beach)
    assert repository.dirty() == ("neü.txt", "src/app.py")
    repository.export("HEAD", tmp_path / "out")
    assert (tmp_path / "out" / "src" / "app.py").read_text() == "one\n"
    assert not (tmp_path / "out" / "neü.txt").exists()


def test_an_export_has_bytes_modes_and_links_of_the_commit_whatever_attributes_say(beach: Path, tmp_path: Path) -> None:
    (beach / ".gitattributes").write_text("*.txt text eol=crlf\nsecret export-ignore\nstamp export-subst\n")
    (beach / "lines.txt").write_bytes(b"a\nb\n")
    (beach / "secret").write_text("kept")
    (beach / "stamp").write_text("$Format:%H$")
    (beach / "run").write_text("#!/bin/sh\n")
    (beach / "run").chmod(0o755)
    (beach / "link").symlink_to("src/app.py")
    commit(beach, "odd files")
    Repository(beach).export("HEAD", out := tmp_path / "out")
    assert (out / "lines.txt").read_bytes() == b"a\nb\n"
    assert (out / "secret").read_text() == "kept"
    assert (out / "stamp").read_text() == "$Format:%H$"
    assert (out / "run").stat().st_mode & 0o777 == 0o755
    assert (out / "lines.txt").stat().st_mode & 0o777 == 0o644
    assert (out / "link").readlink() == Path("src/app.py")


def test_only_a_part_may_be_exported(beach: Path, tmp_path: Path) -> None:
    (beach / "other").write_text("x")
    commit(beach, "other")
    Repository(beach).export("HEAD", tmp_path / "out", "src")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["src"]


def test_files_that_git_lfs_keeps_are_named(beach: Path, tmp_path: Path) -> None:
    (beach / "model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    commit(beach, "a pointer")
    with pytest.raises(UserError) as error:
        Repository(beach).export("HEAD", tmp_path / "out")
    assert (code(error), error.value.where) == ("GIT_LFS", "model.bin")


def test_a_submodule_is_seen_and_becomes_an_empty_folder(beach: Path, tmp_path: Path) -> None:
    git(beach, "update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},lib")
    git(beach, "commit", "--quiet", "--message", "a submodule")
    repository = Repository(beach)
    assert [(entry.path, entry.kind) for entry in repository.entries("HEAD", "lib")] == [("lib", "submodule")]
    repository.export("HEAD", tmp_path / "out")
    assert list((tmp_path / "out" / "lib").iterdir()) == []


def test_what_lies_between_two_commits(beach: Path) -> None:
    old = git(beach, "rev-parse", "HEAD")
    (beach / "src" / "app.py").write_text("two\n")
    (beach / "ü b").write_text("x\n")
    middle = commit(beach, "second")
    (beach / "ü b").rename(beach / "c")
    new = commit(beach, "third")
    repository = Repository(beach)
    assert [found.subject for found in repository.log(old, new)] == ["third", "second"]
    assert [found.subject for found in repository.log(None, middle)] == ["second", "first"]
    assert repository.log(new, old) == ()
    assert repository.changed_files(old, middle) == ("src/app.py", "ü b")
    assert repository.changed_files(middle, new) == ("c", "ü b")
    diff = repository.diff(old, new, ("src",))
    assert "-one\n+two\n" in diff
    assert "b/c" not in diff


def test_ancestry_decides_who_contains_whom(beach: Path) -> None:
    first = git(beach, "rev-parse", "HEAD")
    (beach / "a").write_text("a")
    second = commit(beach, "second")
    git(beach, "checkout", "--quiet", "--orphan", "island")
    island = commit(beach, "island")
    repository = Repository(beach)
    assert repository.is_ancestor(first, second)
    assert repository.is_ancestor(first, first)
    assert not repository.is_ancestor(second, first)
    assert not repository.is_ancestor(first, island)


def test_a_tree_has_one_id_per_content(beach: Path) -> None:
    repository = Repository(beach)
    before = repository.tree("HEAD", "src")
    (beach / "readme").write_text("x")
    commit(beach, "beside it")
    assert repository.tree("HEAD", "src") == before
    assert repository.tree("HEAD", "nowhere") is None
    assert repository.read("HEAD", "src/app.py") == b"one\n"
    assert repository.read("HEAD", "src/nothing") is None


def test_reading_leaves_hooks_and_external_diffs_alone(beach: Path, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\ntouch {proof}\n")
    tool.chmod(0o755)
    git(beach, "config", "diff.external", str(tool))
    git(beach, "config", "core.fsmonitor", str(tool))
    old = git(beach, "rev-parse", "HEAD")
    (beach / "src" / "app.py").write_text("two\n")
    new = commit(beach, "second")
    proof.unlink(missing_ok=True)
    repository = Repository(beach)
    assert "+two" in repository.diff(old, new)
    assert repository.dirty() == ()
    assert not proof.exists()
