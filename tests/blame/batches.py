"""Batches of eight commits with one culprit among them, as chance has them; one in two has a branch that was merged."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from build.support import Blobs
from shoreward.adapters.build import ArtifactFiles, LocalBuilder
from shoreward.adapters.git import GitAncestry, Repository
from shoreward.app.blame import Blame, order
from shoreward.domain import Pipeline
from shoreward.spec.load import parse
from suites.registry import registry

from .beach import CLEAN, FAULTS, Change, Fault, edited, the_application
from .history import Past

SIZE = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """A release that harms.

    Attributes:
        before, commit: what was live, and what was released.
        culprit: the commit that did it.
    """

    past: Past
    fault: Fault
    before: str
    commit: str
    culprit: str

    @property
    def pipeline(self) -> Pipeline:
        """As the released commit has it."""
        return parse(self.past.files(self.commit)["shoreward.yaml"], "shoreward.yaml")

    def blame(self) -> Blame:
        """What Shoreward makes of it."""
        root = self.past.root
        notes = GitAncestry(root).between(self.before, self.commit)
        return order(Repository(root), self.pipeline, self.commit, notes, [self.fault.judged()])

    def rank(self) -> int:
        """The culprit's place, from 1."""
        return [each.commit.id for each in self.blame().suspects].index(self.culprit) + 1


def batch_of(folder: Path, seed: int, faults: Sequence[Fault] = FAULTS) -> Batch:
    """Write a batch into a new repository."""
    dice = random.Random(seed)
    fault = dice.choice(faults)
    changes: list[Change | Fault] = [*_others(dice, fault), fault]
    dice.shuffle(changes)
    past = Past(folder)
    before = past.commit(the_application(), "As it is in production")
    return _merged(past, before, changes, fault) if dice.random() < 0.5 else _straight(past, before, changes, fault)


def _others(dice: random.Random, fault: Fault) -> list[Change]:
    """Harmless changes, none of the very lines of the fault."""
    pool = [each for each in CLEAN if _fits(each, fault)]
    return dice.sample(pool, SIZE - 1)


def _fits(change: Change, fault: Fault) -> bool:
    for order_ in ((change, fault), (fault, change)):
        files = the_application()
        try:
            for each in order_:
                for edit in each.edits:
                    files = edited(files, edit)
        except AssertionError:
            return False
    return True


def _straight(past: Past, before: str, changes: Sequence[Change | Fault], fault: Fault) -> Batch:
    tip, culprit = _line(past, before, changes, fault)
    return Batch(past, fault, before, tip, culprit)


def _merged(past: Past, before: str, changes: Sequence[Change | Fault], fault: Fault) -> Batch:
    branch, one = _line(past, before, changes[:3], fault)
    main, other = _line(past, before, changes[3:], fault)
    merge = past.merge(main, branch)
    # git does not merge what was changed line beside line: then nobody made a branch.
    return Batch(past, fault, before, merge, one or other) if merge else _straight(past, before, changes, fault)


def _line(past: Past, tip: str, changes: Sequence[Change | Fault], fault: Fault) -> tuple[str, str]:
    culprit = ""
    for change in changes:
        files = past.files(tip)
        for edit in change.edits:
            files = edited(files, edit)
        tip = past.commit(files, change.subject, tip)
        culprit = tip if change is fault else culprit
    return tip, culprit


class Stores:
    """What a builder keeps things in, on loopback and in a folder; uv finds the packages by the environment."""

    def __init__(self, folder: Path) -> None:
        self.blobs = Blobs()
        self.artifacts = ArtifactFiles(folder / "artifacts")
        self._folder = folder

    def try_out(self, batch: Batch, commit: str) -> str:
        """Build a commit with the real builder and run its unit tests; what went wrong, or ""."""
        source = Repository(batch.past.root)
        LocalBuilder(source, self.blobs, self.artifacts).build(batch.pipeline, commit)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            source.export(commit, Path(folder))
            clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
            done = subprocess.run(
                command,
                cwd=folder,
                env=clean | {"PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
        return "" if done.returncode == 0 else done.stdout + done.stderr


@contextmanager
def packages() -> Iterator[dict[str, str]]:
    """An index with what the application installs, as variables that uv reads."""
    with registry() as index:
        for version in ("2024.7.10", "2025.0.1"):
            index.publish_wheel("uuid6", version, {"uuid6.py": "def uuid7():\n    raise NotImplementedError\n"})
        yield {"UV_DEFAULT_INDEX": f"{index.address}/simple", "UV_HTTP_RETRIES": "0"}
