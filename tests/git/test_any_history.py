"""In any history, what counts as taken back is gone, and a revert on top of it always counts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blame.history import Past
from blame.random_histories import Chance
from shoreward.adapters.git import GitAncestry
from shoreward.app.quarantine.ancestry import Ancestry

SEEDS = st.integers(0, 2**32 - 1)


@contextmanager
def a_history(seed: int, steps: int, *, forks: bool = True) -> Iterator[Chance]:
    with tempfile.TemporaryDirectory() as folder:
        chance = Chance(Past(Path(folder) / "past"), seed, forks=forks)
        for _ in range(steps):
            chance.step()
        yield chance


def told(chance: Chance, ancestry: Ancestry, tip: str) -> dict[str, bool]:
    """The changes that a commit contains, each with whether it has taken them back."""
    contained = {name: oid for name, oid in chance.changes.items() if ancestry.contains(tip, oid)}
    undone = ancestry.reverts(tip, list(contained.values()))
    return {name: oid in undone for name, oid in contained.items()}


@given(seed=SEEDS, steps=st.integers(4, 24))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_what_counts_as_taken_back_is_gone(seed: int, steps: int) -> None:
    with a_history(seed, steps) as chance:
        git = GitAncestry(chance.past.root)
        for tip in {line.tip for line in chance.lines}:
            files = chance.past.files(tip)
            for ancestry in (git, chance.memory):
                assert all(name not in files for name, undone in told(chance, ancestry, tip).items() if undone)


@given(seed=SEEDS, steps=st.integers(4, 24))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_on_one_line_what_is_gone_counts_as_taken_back(seed: int, steps: int) -> None:
    with a_history(seed, steps, forks=False) as chance:
        [line] = chance.lines
        files = chance.past.files(line.tip)
        for ancestry in (GitAncestry(chance.past.root), chance.memory):
            for name, undone in told(chance, ancestry, line.tip).items():
                assert undone == (name not in files)


@given(seed=SEEDS, steps=st.integers(4, 24))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_a_revert_on_top_always_counts(seed: int, steps: int) -> None:
    with a_history(seed, steps) as chance:
        for line in chance.lines:
            for name in sorted(chance.changes.keys() & chance.past.files(line.tip).keys()):
                by = chance.revert_on_top(line, name)
                for ancestry in (GitAncestry(chance.past.root), chance.memory):
                    if ancestry.contains(line.tip, chance.changes[name]):
                        assert ancestry.reverts(line.tip, [chance.changes[name]]) == {chance.changes[name]: by}


@pytest.mark.parametrize("seed", range(3))
def test_memory_and_git_tell_of_the_same_batches(seed: int) -> None:
    with a_history(seed, 30) as chance:
        git = GitAncestry(chance.past.root)
        for tip in chance.commits[-6:]:
            batch, known = git.between(chance.first, tip), chance.memory.between(chance.first, tip)
            assert {note.id: (note.paths, note.brought_by) for note in batch} == {
                note.id: (note.paths, note.brought_by) for note in known
            }
