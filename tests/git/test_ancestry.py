"""What a commit contains, and what it has taken back: git's own reverts, other people's, and reverts of those."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from blame.history import ENVIRONMENT, git
from shoreward.adapters.git import GitAncestry
from shoreward.app.quarantine.ancestry import Ancestry
from shoreward.domain import Refused, Retryable, UserError


class Beach:
    """A repository in which people work as they do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        git(root.parent, "init", "--quiet", "--initial-branch=main", str(root))
        (root / "words.txt").write_text("".join(f"line {number}\n" for number in range(20)))
        self.first = self.commit("first")

    def run(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def commit(self, subject: str) -> str:
        self.run("add", "--all")
        self.run("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.head

    def says(self, number: int, word: str, subject: str = "") -> str:
        """Commit another text for a line."""
        lines = (self.root / "words.txt").read_text().splitlines()
        lines[number] = word
        (self.root / "words.txt").write_text("".join(f"{line}\n" for line in lines))
        return self.commit(subject or f"Say {word}")

    def revert(self, commit: str, *options: str, message: str = "") -> str:
        """As git reverts, and with other words where some are given."""
        self.run("revert", "--no-edit", *options, commit)
        if message:
            self.run("commit", "--quiet", "--amend", "--message", message)
        return self.head

    def merged(self, branch: str) -> str:
        self.run("merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", branch)
        return self.head

    def branch(self, name: str, at: str = "HEAD") -> None:
        self.run("checkout", "--quiet", "-b", name, at)

    def back_to(self, name: str) -> None:
        self.run("checkout", "--quiet", name)

    @property
    def head(self) -> str:
        return self.run("rev-parse", "HEAD")

    @property
    def ancestry(self) -> Ancestry:
        return GitAncestry(self.root)

    def undone(self, *culprits: str) -> dict[str, str]:
        return dict(self.ancestry.reverts(self.head, culprits))


@pytest.fixture
def beach(tmp_path: Path) -> Beach:
    return Beach(tmp_path / "beach")


def test_a_commit_contains_itself_and_its_ancestors_only(beach: Beach) -> None:
    second = beach.says(3, "two")
    beach.branch("aside", beach.first)
    aside = beach.says(9, "aside")
    assert beach.ancestry.contains(second, second)
    assert beach.ancestry.contains(second, beach.first)
    assert not beach.ancestry.contains(beach.first, second)
    assert not beach.ancestry.contains(second, aside)


def test_a_batch_is_what_came_since_in_the_order_in_which_it_came(beach: Beach) -> None:
    two, three = beach.says(2, "two"), beach.says(3, "three", "Say three, at last")
    batch = beach.ancestry.between(beach.first, three)
    assert [note.id for note in batch] == [two, three]
    assert [note.paths for note in batch] == [("words.txt",), ("words.txt",)]
    assert (batch[1].subject, batch[1].author, batch[1].parents) == ("Say three, at last", "Ada", (two,))


def test_a_batch_without_anything_before_is_the_commit_alone(beach: Beach) -> None:
    two = beach.says(2, "two")
    assert [note.id for note in beach.ancestry.between(None, two)] == [two]


def test_nothing_comes_between_a_commit_and_itself(beach: Beach) -> None:
    assert beach.ancestry.between(beach.first, beach.first) == ()


def test_commits_of_a_branch_are_told_with_the_merge_that_brought_them(beach: Beach) -> None:
    beach.branch("feature")
    one, two = beach.says(2, "one"), beach.says(4, "two")
    beach.back_to("main")
    straight = beach.says(15, "straight")
    merge = beach.merged("feature")
    batch = {note.id: note for note in beach.ancestry.between(beach.first, merge)}
    assert {oid: note.brought_by for oid, note in batch.items()} == {
        straight: straight, one: merge, two: merge, merge: merge,
    }  # fmt: skip
    assert batch[merge].paths == (), "it changed nothing itself"
    assert batch[merge].merge


def test_a_merge_that_changes_something_itself_is_told_with_that(beach: Beach) -> None:
    beach.branch("feature")
    beach.says(2, "one")
    beach.back_to("main")
    beach.says(15, "straight")
    beach.run("merge", "--quiet", "--no-ff", "--no-commit", "feature")
    (beach.root / "more.txt").write_text("while I am here\n")
    merge = beach.commit("Merge feature, and more")
    *_, note = beach.ancestry.between(beach.first, merge)
    assert (note.id, note.paths) == (merge, ("more.txt",))


def test_names_are_told_as_they_are_and_both_of_a_renamed_file(beach: Beach) -> None:
    (beach.root / "words.txt").rename(beach.root / "a café\n.txt")
    moved = beach.commit("Move")
    [note] = beach.ancestry.between(beach.first, moved)
    assert set(note.paths) == {"words.txt", "a café\n.txt"}


@pytest.mark.parametrize("message", ["", "Take the word back, it frightens visitors"])
def test_a_revert_is_found_by_its_sentence_or_by_what_it_does(beach: Beach, message: str) -> None:
    bad = beach.says(3, "dragons")
    beach.says(12, "meanwhile")
    back = beach.revert(bad, message=message)
    beach.says(16, "later")
    assert beach.undone(bad) == {bad: back}


def test_a_short_id_in_the_sentence_is_enough(beach: Beach) -> None:
    bad = beach.says(3, "dragons")
    beach.says(4, "near by, so that the lines around it differ")
    beach.says(3, "line 3", f"Calm down\n\nThis reverts commit {bad[:9]} (Say dragons, 2026-01-02).")
    assert beach.undone(bad) == {bad: beach.head}


def test_what_was_not_reverted_is_not_told(beach: Beach) -> None:
    bad, other = beach.says(3, "dragons"), beach.says(12, "meanwhile")
    back = beach.revert(bad)
    assert beach.undone(bad, other) == {bad: back}
    beach.back_to(other)
    assert beach.undone(bad, other) == {}


def test_a_commit_that_is_not_contained_is_not_told_whatever_is_said(beach: Beach) -> None:
    beach.branch("aside")
    bad = beach.says(3, "dragons")
    beach.back_to("main")
    beach.says(5, "calm", f"This reverts commit {bad}.")
    assert beach.undone(bad) == {}


@pytest.mark.parametrize("message", ["", "Have it again"])
def test_a_revert_that_was_reverted_counts_no_more(beach: Beach, message: str) -> None:
    bad = beach.says(3, "dragons")
    back = beach.revert(bad)
    beach.revert(back, message=message)
    assert beach.undone(bad) == {}
    again = beach.revert(bad)
    assert beach.undone(bad) == {bad: again}


def test_a_revert_does_not_count_when_the_commit_was_picked_again(beach: Beach) -> None:
    bad = beach.says(3, "dragons")
    beach.revert(bad)
    beach.run("cherry-pick", bad)
    assert beach.undone(bad) == {}
    last = beach.revert(beach.head)
    assert beach.undone(bad) == {bad: last}


def test_a_copy_on_a_branch_outlives_the_revert_on_the_main_line(beach: Beach) -> None:
    beach.branch("aside")
    beach.says(16, "aside")
    beach.back_to("main")
    bad = beach.says(3, "dragons")
    beach.back_to("aside")
    beach.run("cherry-pick", bad)
    beach.back_to("main")
    beach.revert(bad)
    beach.merged("aside")
    assert "dragons" in (beach.root / "words.txt").read_text()
    assert beach.undone(bad) == {}


def test_a_merge_is_taken_back_with_all_that_it_brought(beach: Beach) -> None:
    beach.branch("feature")
    one, two = beach.says(2, "one"), beach.says(9, "two")
    beach.back_to("main")
    beach.says(18, "straight")
    merge = beach.merged("feature")
    back = beach.revert(merge, "--mainline", "1")
    assert beach.undone(one, two, merge) == {one: back, two: back, merge: back}
    beach.revert(back)
    assert beach.undone(one, two, merge) == {}


def test_a_merge_is_recognised_by_what_its_revert_does(beach: Beach) -> None:
    beach.branch("feature")
    one, two = beach.says(2, "one"), beach.says(9, "two")
    beach.back_to("main")
    beach.says(18, "straight")
    merge = beach.merged("feature")
    back = beach.revert(merge, "--mainline", "1", message="No features on a Friday")
    assert beach.undone(one, two, merge) == {one: back, two: back, merge: back}


def test_what_was_reverted_on_its_branch_before_it_was_merged_is_gone(beach: Beach) -> None:
    beach.branch("feature")
    bad, good = beach.says(2, "one"), beach.says(9, "two")
    back = beach.revert(bad)
    beach.back_to("main")
    beach.says(18, "straight")
    beach.merged("feature")
    assert beach.undone(bad, good) == {bad: back}


def test_a_revert_on_a_branch_counts_once_it_is_merged(beach: Beach) -> None:
    bad = beach.says(2, "one")
    beach.branch("mend")
    back = beach.revert(bad)
    beach.back_to("main")
    beach.says(18, "straight")
    assert beach.undone(bad) == {}
    beach.merged("mend")
    assert beach.undone(bad) == {bad: back}


def test_words_alone_take_nothing_back(beach: Beach) -> None:
    bad = beach.says(3, "dragons")
    beach.commit(f"Calm down\n\nThis reverts commit {bad}.")
    assert beach.undone(bad) == {}, "an empty commit"
    beach.says(12, "calm", f"Calm down\n\nThis reverts commit {bad}.")
    assert beach.undone(bad) == {}, "another line was changed"


def test_a_squashed_branch_that_tells_of_a_revert_and_its_revert_means_neither(beach: Beach) -> None:
    bad = beach.says(3, "dragons")
    told = f"Squashed\n\nThis reverts commit {bad}.\n\nThis reverts commit {'1234567' * 5}12345."
    beach.says(4, "beside it", told)
    beach.says(3, "dragons, again")
    assert beach.undone(bad) == {}


def test_white_space_is_not_overlooked(beach: Beach) -> None:
    (beach.root / "app.py").write_text("if calm:\n    swim()\n    dive()\n")
    beach.commit("Swim")
    (beach.root / "app.py").write_text("if calm:\n    swim()\ndive()\n")
    bad = beach.commit("Dive at any time")
    (beach.root / "app.py").write_text("if calm:\n    swim()\n  # or else\ndive()\n")
    beach.commit("Say so")
    assert beach.undone(bad) == {}


def test_files_that_are_no_text_are_told_apart_by_their_content(beach: Beach) -> None:
    for content in (b"\0one", b"\0two"):
        (beach.root / "shell.bin").write_bytes(content)
        beach.commit("A shell")
    bad = beach.head
    (beach.root / "shell.bin").write_bytes(b"\0three")
    beach.commit("Another shell")
    assert beach.undone(bad) == {}
    (beach.root / "shell.bin").write_bytes(b"\0two")
    beach.commit("The second again")
    (beach.root / "shell.bin").write_bytes(b"\0one")
    assert beach.undone(bad) == {}
    assert beach.undone(bad) != {bad: (back := beach.commit("The first one was best"))}
    assert beach.undone(bad) == {bad: back}


def test_a_commit_without_a_parent_can_be_taken_back(beach: Beach) -> None:
    beach.run("rm", "--quiet", "words.txt")
    back = beach.commit("Start over")
    assert beach.undone(beach.first) == {beach.first: back}


@pytest.mark.parametrize("commit", ["f" * 40, "main", "--help", ""])
def test_what_is_unknown_here_is_no_silent_no(beach: Beach, commit: str) -> None:
    for ask in (
        lambda: beach.ancestry.contains(beach.head, commit),
        lambda: beach.ancestry.contains(commit, beach.head),
        lambda: beach.ancestry.between(beach.first, commit),
        lambda: beach.ancestry.reverts(beach.head, [commit]),
    ):
        with pytest.raises(Retryable) as error:
            ask()
        assert error.value.code == "COMMIT_NOT_HERE"
    assert not beach.ancestry.knows(commit)
    assert beach.ancestry.knows(beach.head)


def test_a_tree_is_no_commit(beach: Beach) -> None:
    assert not beach.ancestry.knows(beach.run("rev-parse", "HEAD^{tree}"))


def test_a_shallow_clone_says_only_what_it_is_sure_of(beach: Beach, tmp_path: Path) -> None:
    old, new, newest = beach.head, beach.says(3, "three"), beach.says(4, "four")
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{beach.root}", "cut")
    cut = GitAncestry(tmp_path / "cut")
    assert cut.contains(newest, new)
    for ask in (
        lambda: cut.knows(old),
        lambda: cut.contains(new, newest),
        lambda: cut.contains(newest, old),
        lambda: cut.between(new, newest),
        lambda: cut.reverts(newest, [new]),
    ):
        with pytest.raises(Refused) as error:
            ask()
        assert error.value.code == "CLONE_SHALLOW"


def test_a_bare_clone_answers_alike(beach: Beach, tmp_path: Path) -> None:
    bad, good = beach.says(3, "dragons"), beach.says(12, "calm")
    back = beach.revert(bad, message="No dragons")
    git(tmp_path, "clone", "--quiet", "--bare", str(beach.root), "bare.git")
    bare = GitAncestry(tmp_path / "bare.git")
    assert bare.contains(back, bad)
    assert bare.reverts(back, [bad, good]) == {bad: back}
    assert bare.between(beach.first, back) == beach.ancestry.between(beach.first, back)


def test_a_persons_settings_grafts_and_hooks_change_nothing(beach: Beach) -> None:
    bad, good = beach.says(3, "dragons"), beach.says(12, "calm")
    back = beach.revert(bad, message="No dragons")
    before = beach.ancestry.between(beach.first, back)
    for setting in (
        "diff.noprefix true", "diff.mnemonicPrefix true", "diff.context 0", "diff.algorithm patience",
        "diff.external false", "color.ui always", "log.showSignature true", "log.decorate full", "log.date relative",
        "format.pretty oneline", "core.quotePath true", "diff.renames copies", "apply.ignoreWhitespace change",
        "diff.orderFile nowhere", "i18n.logOutputEncoding latin1",
    ):  # fmt: skip
        beach.run("config", *setting.split(" "))
    (beach.root / ".git" / "info" / "grafts").write_text(f"{back}\n")
    assert beach.undone(bad, good) == {bad: back}
    assert beach.ancestry.between(beach.first, back) == before
    assert beach.ancestry.contains(back, bad)


def test_it_is_found_from_a_folder_inside_and_refused_outside(beach: Beach, tmp_path: Path) -> None:
    (beach.root / "deep").mkdir()
    assert GitAncestry(beach.root / "deep").knows(beach.first)
    with pytest.raises(UserError) as error:
        GitAncestry(tmp_path)
    assert error.value.code == "GIT_NOT_A_REPOSITORY"


def test_a_clone_with_holes_is_said_to_be_broken(beach: Beach) -> None:
    middle, last = beach.says(3, "three"), beach.says(4, "four")
    assert subprocess.run(["git", "fsck"], cwd=beach.root, env=ENVIRONMENT, capture_output=True).returncode == 0
    (beach.root / ".git" / "objects" / middle[:2] / middle[2:]).unlink()
    with pytest.raises(Exception, match="CLONE_BROKEN"):
        beach.ancestry.between(beach.first, last)
