"""How often blame names the culprit first, over many seeded batches.

    PYTHONPATH=tests python -m blame.run [BATCHES [FIRST SEED]]

Prints for each kind of fault how often the culprit came first, or among the first two, and where it did not; and of
the first ten batches whether the branch that reverts what came first builds, and passes the application's unit tests.
Takes about two seconds for each batch.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from shoreward.adapters.git import prepare_revert

from .batches import Batch, Stores, batch_of, packages

TRIED = 10


def main(batches: int = 100, begin: int = 0) -> int:
    """Run, print, and answer with an exit code: 0 when the culprit came first in eight of ten."""
    ranks: dict[str, list[int]] = defaultdict(list)
    missed: list[str] = []
    for seed in range(begin, begin + batches):
        with tempfile.TemporaryDirectory() as folder:
            batch = batch_of(Path(folder) / "beach", seed)
            rank = batch.rank()
            if seed < begin + TRIED:
                print(f"seed {seed}: {_reverted(Path(folder), batch)}", flush=True)
            ranks[batch.fault.kind].append(rank)
            if rank > 1:
                first = batch.blame().suspects[0]
                missed.append(f"seed {seed}: {batch.fault.subject!r} came {rank}., behind {first.commit.subject!r}")
    for kind, found in sorted(ranks.items()):
        print(f"{kind:14} {_line(found)}")
    every = [rank for found in ranks.values() for rank in found]
    print(f"{'all':14} {_line(every)}")
    print(*(f"{line} x {count}" if count > 1 else line for line, count in Counter(missed).items()), sep="\n")
    return int(sum(rank == 1 for rank in every) < 0.8 * len(every))


def _reverted(folder: Path, batch: Batch) -> str:
    """What became of the branch that reverts the first suspect."""
    first = batch.blame().suspects[0].commit
    made = prepare_revert(batch.past.root, [first.id], batch.commit)
    if made.conflicts:
        return f"the revert of {first.subject!r} has conflicts in {', '.join(made.conflicts)}"
    with packages() as environment:
        os.environ |= environment
        wrong = Stores(folder).try_out(batch, made.commit)
    return f"the revert of {first.subject!r} {'fails: ' + wrong if wrong else 'builds and passes'}"


def _line(ranks: list[int]) -> str:
    first, second = (sum(rank <= most for rank in ranks) for most in (1, 2))
    return f"first in {first} of {len(ranks)}, among two in {second}"


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
