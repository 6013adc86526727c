"""Two machines of one owner bring up the same branch's sandbox: they have one stack and a ledger each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from shoreward.app.sandboxes.reaping import Known
from shoreward.domain import ShorewardError

from .support import CODE, Beach


@pytest.fixture
def machines(beach: Beach, tmp_path: Path) -> list[Beach]:
    folders = [tmp_path / name for name in ("laptop", "server")]
    for folder in folders:
        folder.mkdir()
    return [replace(beach, folder=folder) for folder in folders]


def words(number: int) -> str:
    return CODE.replace("hello", f"hello{number}") + f"\n# {number}\n"


def test_side_by_side_they_end_with_one_sound_stack_of_one_of_them(machines: list[Beach], beach: Beach) -> None:
    # Given machines that bring the sandbox up at once, each with a revision of its own, again and again
    revisions = [[one.revision(code=words(10 * at + turn)) for turn in range(3)] for at, one in enumerate(machines)]

    def bring_up(at: int) -> list[str]:
        ended: list[str] = []
        for revision in revisions[at]:
            one = machines[at]
            try:
                one.sandboxes.up(one.order(revision=revision), one.progress)
                ended.append("up")
            except ShorewardError as error:
                ended.append(error.code)
        return ended

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(bring_up, range(2)))

    # Then there is one stack at rest, and whoever could not tells it in words of ours
    [seen] = beach.cloud.find(beach.place)
    assert seen.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), ended
    assert seen.commit in {revision.commit for each in revisions for revision in each}
    assert "up" in ended[0] + ended[1]

    # And either of them brings up what it wants, and removes all of it
    last = machines[0].sandboxes.up(machines[0].order(revision=revisions[0][0]), machines[0].progress)
    assert last.lease.target == seen.target
    proof = machines[1].sandboxes.down(Known(lease=machines[1].ledger.get(seen.target.key), seen=seen), beach.progress)
    assert proof.clean, proof.left
    assert beach.cloud.find(beach.place) == ()
