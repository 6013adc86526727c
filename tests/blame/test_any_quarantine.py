"""In any history: nothing is free that has a commit of the batch applied, and on one line nothing else is held."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.adapters.git import GitAncestry
from shoreward.app.quarantine.rules import Candidate, Culprit, held_by

from .history import Past
from .random_histories import Chance

SEEDS = st.integers(0, 2**32 - 1)


@given(seed=SEEDS, forks=st.booleans())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_commit_is_held_as_long_as_it_has_what_may_have_harmed(seed: int, forks: bool) -> None:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        chance = Chance(Past(Path(folder) / "past"), seed, forks=forks, again=forks)
        for _ in range(20):
            chance.step()
        git = GitAncestry(chance.past.root)
        before, released = chance.first, dice.choice(chance.commits[1:] or chance.commits)
        batch = {note.id for note in git.between(before, released)}
        mine = {name: oid for name, oid in chance.changes.items() if oid in batch and dice.random() < 0.7}
        lasting = {name: oid for name, oid in mine.items() if name in chance.past.files(released)}
        named = dice.choice([*mine, ""]) if mine else ""
        culprit = Culprit(
            release="r", application="a", before=before, commit=released, named=mine.get(named, ""), inputs=tuple(mine)
        )
        accused = {named: mine[named]} if named else lasting
        for commit in dice.sample(chance.commits, min(5, len(chance.commits))):
            held = held_by(git, [culprit], (), Candidate(commit=commit, application="a"))
            files = chance.past.files(commit)
            if any(name in files and git.contains(commit, oid) for name, oid in accused.items()):
                assert held is not None
            elif not forks and accused:
                assert held is None
