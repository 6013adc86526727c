"""The work tree as a commit: the same content has the same name, and nothing of the person's is touched."""

import os
import subprocess
from collections.abc import Callable
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
}


def git(directory: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=ENVIRONMENT, check=check, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(root: Path, subject: str = "a change") -> str:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", subject)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def beach(tmp_path: Path) -> Path:
    root = tmp_path / "beach"
    (root / "src").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(root))
    (root / "src" / "app.py").write_text("one\n")
    (root / ".gitignore").write_text("dist/\n")
    commit(root, "first")
    return root


def test_a_clean_work_tree_is_the_last_commit(beach: Path) -> None:
    assert Repository(beach).snapshot() == Repository(beach).resolve("HEAD")


def test_an_edit_is_in_the_snapshot_and_in_no_branch(beach: Path) -> None:
    (beach / "src" / "app.py").write_text("two\n")
    repository = Repository(beach)
    taken = repository.snapshot()
    assert repository.read(taken.id, "src/app.py") == b"two\n"
    assert repository.read("HEAD", "src/app.py") == b"one\n"
    assert git(beach, "for-each-ref", "--contains", taken.id) == ""
    assert git(beach, "rev-parse", f"{taken.id}^") == git(beach, "rev-parse", "HEAD")


def add(root: Path) -> None:
    (root / "new.py").write_text("new\n")


def stage(root: Path) -> None:
    add(root)
    git(root, "add", "new.py")


def delete(root: Path) -> None:
    (root / "src" / "app.py").unlink()


def make_executable(root: Path) -> None:
    (root / "src" / "app.py").chmod(0o755)


def link(root: Path) -> None:
    (root / "src" / "link").symlink_to("app.py")


@pytest.mark.parametrize("edit", [add, stage, delete, make_executable, link])
def test_every_kind_of_edit_is_as_a_commit_would_have_it(beach: Path, edit: Callable[[Path], None]) -> None:
    edit(beach)
    taken = Repository(beach).snapshot()
    made = commit(beach)
    assert git(beach, "rev-parse", f"{taken.id}^{{tree}}") == git(beach, "rev-parse", f"{made}^{{tree}}")


def test_the_same_content_has_the_same_name_whoever_asks_and_whenever(
    beach: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(beach)
    first = Repository(beach).snapshot()
    (beach / "new.py").write_text("other\n")
    assert Repository(beach).snapshot().id != first.id
    os.utime(beach / "src" / "app.py", (1, 1))
    (beach / "new.py").write_text("new\n")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody else")
    git(beach, "config", "user.name", "Somebody else")
    git(beach, "config", "i18n.commitEncoding", "ISO-8859-1")
    assert Repository(beach).snapshot() == first


def test_index_stash_and_branches_stay_as_they_are(beach: Path) -> None:
    stage(beach)
    (beach / "new.py").write_text("edited after staging\n")
    (beach / "other.py").write_text("untracked\n")
    before = (beach / ".git" / "index").read_bytes()
    look = ("status", "--porcelain=v2"), ("stash", "list"), ("for-each-ref",), ("log", "--all", "--format=%H")
    said = [git(beach, *words) for words in look]
    index = (beach / ".git" / "index").read_bytes()
    Repository(beach).snapshot()
    assert (beach / ".git" / "index").read_bytes() == index
    assert [git(beach, *words) for words in look] == said
    assert before


def test_what_git_ignores_is_not_in_it(beach: Path) -> None:
    (beach / "dist").mkdir()
    (beach / "dist" / "big.zip").write_text("zip")
    (beach / ".shoreward").mkdir()
    (beach / ".shoreward" / ".gitignore").write_text("*\n")
    (beach / ".shoreward" / "journal.db").write_text("journal")
    assert Repository(beach).snapshot() == Repository(beach).resolve("HEAD")


def test_an_edit_within_the_same_tick_of_the_clock_is_seen(beach: Path) -> None:
    repository = Repository(beach)
    for number in range(20):
        # As long as before, and within the time that a file system tells apart.
        (beach / "src" / "app.py").write_text(f"{number:04}\n")
        git(beach, "add", "--all")
        (beach / "src" / "app.py").write_text(f"{number + 1000:04}\n")
        assert repository.read(repository.snapshot().id, "src/app.py") == f"{number + 1000:04}\n".encode()


def test_a_work_tree_beside_has_a_snapshot_of_its_own(beach: Path, tmp_path: Path) -> None:
    git(beach, "worktree", "add", "--quiet", str(tmp_path / "beside"), "-b", "beside")
    (tmp_path / "beside" / "src" / "app.py").write_text("beside\n")
    (beach / "src" / "app.py").write_text("here\n")
    beside, here = Repository(tmp_path / "beside"), Repository(beach)
    assert beside.read(beside.snapshot().id, "src/app.py") == b"beside\n"
    assert here.read(here.snapshot().id, "src/app.py") == b"here\n"
    assert beside.common_directory().resolve() == here.common_directory().resolve() == beach / ".git"


def test_a_snapshot_from_a_folder_below_holds_the_whole_repository(beach: Path) -> None:
    add(beach)
    repository = Repository(beach / "src")
    assert {entry.path for entry in repository.entries(repository.snapshot().id)} == {
        ".gitignore",
        "new.py",
        "src/app.py",
    }


def test_a_submodule_is_what_a_commit_would_have(beach: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    git(tmp_path, "init", "--quiet", str(library))
    (library / "lib.py").write_text("lib\n")
    commit(library)
    git(beach, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    taken = Repository(beach).snapshot()
    kinds = {entry.path: entry.kind for entry in Repository(beach).entries(taken.id)}
    assert (kinds["lib"], kinds[".gitmodules"]) == ("submodule", "file")


def test_before_the_first_commit_the_work_tree_is_a_commit_without_a_past(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "app.py").write_text("one\n")
    repository = Repository(tmp_path)
    taken = repository.snapshot()
    assert repository.snapshot() == taken
    assert repository.read(taken.id, "app.py") == b"one\n"
    assert repository.merge_base(taken.id) is None
    assert git(tmp_path, "status", "--porcelain") == "?? app.py"


def test_what_is_staged_is_what_the_next_commit_holds(beach: Path) -> None:
    repository = Repository(beach)
    (beach / "src" / "app.py").write_text("staged\n")
    git(beach, "add", "--all")
    (beach / "src" / "app.py").write_text("edited on\n")
    (beach / "notes.py").write_text("nobody adds it\n")
    staged, whole = repository.snapshot(staged=True), repository.snapshot()
    assert repository.read(staged.id, "src/app.py") == b"staged\n"
    assert repository.read(staged.id, "notes.py") is None
    assert repository.read(whole.id, "src/app.py") == b"edited on\n"
    git(beach, "reset", "--quiet")
    assert repository.snapshot(staged=True) == repository.resolve("HEAD")


def test_the_middle_of_a_merge_is_no_state_to_check(beach: Path) -> None:
    git(beach, "checkout", "--quiet", "-b", "other")
    (beach / "src" / "app.py").write_text("theirs\n")
    commit(beach)
    git(beach, "checkout", "--quiet", "main")
    (beach / "src" / "app.py").write_text("ours\n")
    commit(beach)
    git(beach, "merge", "other", check=False)
    with pytest.raises(UserError, match="GIT_CONFLICT") as raised:
        Repository(beach).snapshot()
    assert raised.value.where == "src/app.py"


def test_a_repository_inside_that_git_cannot_add_is_told_in_words(beach: Path) -> None:
    git(beach, "init", "--quiet", "inner")
    with pytest.raises(UserError, match="GIT_SNAPSHOT"):
        Repository(beach).snapshot()


# What a change is compared with


def test_a_branch_began_where_it_left_the_main_branch(beach: Path) -> None:
    first = git(beach, "rev-parse", "HEAD")
    git(beach, "checkout", "--quiet", "-b", "topic")
    commit(beach, "one")
    second = commit(beach, "two")
    assert Repository(beach).merge_base(second) == first


def test_a_commit_of_the_main_branch_is_compared_with_the_one_before(beach: Path) -> None:
    first = git(beach, "rev-parse", "HEAD")
    assert Repository(beach).merge_base(commit(beach, "two")) == first


def test_an_edit_on_the_main_branch_is_compared_with_the_last_commit(beach: Path) -> None:
    add(beach)
    repository = Repository(beach)
    assert repository.merge_base(repository.snapshot().id) == git(beach, "rev-parse", "HEAD")


def test_the_first_commit_is_compared_with_nothing(beach: Path) -> None:
    assert Repository(beach).merge_base(git(beach, "rev-parse", "HEAD")) is None


def test_the_remote_knows_better_than_the_local_main_branch(beach: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(beach), "clone")
    first = git(beach, "rev-parse", "HEAD")
    commit(tmp_path / "clone", "not pushed")
    newest = commit(tmp_path / "clone", "not pushed either")
    assert Repository(tmp_path / "clone").merge_base(newest) == first
