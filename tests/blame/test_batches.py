"""The culprit of a batch of eight comes first in eight of ten seeded cases, and the revert of it builds and passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoreward.adapters.git import prepare_revert

from .batches import SIZE, Batch, Stores, batch_of, packages
from .beach import FAULTS

KINDS = (
    "code", "shared helper", "memory", "timeout", "environment", "rights", "dependency", "layer", "events", "caller",
)  # fmt: skip
"""One case of each; which fault of the kind, which other commits and in which order is the seed's choice."""


def the_case(folder: Path, seed: int) -> Batch:
    return batch_of(folder / f"beach-{seed}", seed, [fault for fault in FAULTS if fault.kind == KINDS[seed]])


def test_the_culprit_comes_first_in_eight_of_ten_cases(tmp_path: Path) -> None:
    cases = [the_case(tmp_path, seed) for seed in range(10)]
    blamed = [case.blame() for case in cases]
    assert all(len(blame.suspects) == SIZE for blame in blamed)
    first = [case.fault.kind for case, blame in zip(cases, blamed, strict=True)
             if blame.suspects[0].commit.id == case.culprit]  # fmt: skip
    assert len(first) >= 8, f"only of {first}"
    assert all(blame.suspects[0].reasons for blame in blamed)


@pytest.mark.parametrize("seed", [1, 6])
def test_the_revert_of_what_comes_first_builds_and_passes(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = the_case(tmp_path, seed)
    first = case.blame().suspects[0].commit
    made = prepare_revert(case.past.root, [first.id], case.commit)
    assert not made.conflicts
    with packages() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        assert Stores(tmp_path).try_out(case, made.commit) == ""
