"""`shoreward blame`: the order with reasons, and the branch."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from cli.support import Said, shoreward
from shoreward.adapters.journal import SqliteJournal
from shoreward.core import Event
from shoreward.core import events as e
from shoreward.domain import Judgement, Outcome, Verdict

from .batches import Batch, batch_of
from .beach import FAULTS
from .history import git

RIGHTS = [fault for fault in FAULTS if fault.kind == "rights"]


def released(folder: Path, *events: Event | Judgement, seed: int = 3) -> Batch:
    """A release of a batch in the journal: looks, and what else is said to have happened."""
    batch = batch_of(folder / "beach", seed, RIGHTS)
    batch.past.branch("main", batch.commit)
    state = batch.past.root / ".shoreward"
    state.mkdir()
    with closing(SqliteJournal(state / "journal.db")) as journal:
        opened = e.ReleaseOpened(
            at=1.0, pipeline=batch.pipeline, commit=batch.commit, subject="A batch", by="kim", before=batch.before
        )
        release = journal.open(opened)
        target = batch.pipeline.targets[0].key
        told = [e.TargetJudged(at=2.0, target=target, judgement=one) if isinstance(one, Judgement) else one
                for one in events or (batch.fault.judged(),)]  # fmt: skip
        journal.append(release, 1, told)
    return batch


def asked(batch: Batch, *arguments: str) -> Said:
    return shoreward("blame", *arguments, at=batch.past.root)


BACK = e.RollbackBegan(at=3.0, cause="judged", reason="errors of CastlesFunction rose.")
OVER = e.ReleaseEnded(at=4.0, outcome=Outcome.ROLLED_BACK)


def test_the_order_is_told_with_reasons(tmp_path: Path) -> None:
    batch = released(tmp_path)
    said = asked(batch, "sandcastles-1")
    assert said.code == 0
    first, second, third, *_ = said.out.splitlines()
    assert first == "sandcastles-1 hurt CastlesFunction, whose errors rose."
    assert batch.culprit[:10] in second
    assert second.startswith("1. ")
    assert "Policies" in third
    assert "CastlesFunction" in third
    assert said.out.count("%  ") == 8


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    batch = released(tmp_path)
    told = asked(batch, "--json").json
    assert told["suspects"][0]["commit"] == batch.culprit
    assert told["harms"] == [{"function": "CastlesFunction", "metric": "errors", "words": "whose errors rose"}]
    assert sum(each["share"] for each in told["suspects"]) == pytest.approx(1, abs=0.01)
    assert told["revert"] is None


def test_a_branch_is_prepared_with_the_reason_in_its_message(tmp_path: Path) -> None:
    batch = released(tmp_path)
    with closing(SqliteJournal(batch.past.root / ".shoreward" / "journal.db")) as journal:
        journal.append("sandcastles-1", 2, (BACK, OVER))
    said = asked(batch, "sandcastles-1", "--revert")
    branch = f"shoreward/revert-{batch.culprit[:10]}"
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith(f"The branch {branch} takes it back on {batch.commit[:10]}")
    message = " ".join(git(batch.past.root, "show", "-s", "--format=%b", branch).split())
    assert message == (
        f"This reverts commit {batch.culprit}. Release sandcastles-1 was rolled back: errors of CastlesFunction rose. "
        "This is the likeliest of its commits to have done it."
    )
    again = asked(batch, "sandcastles-1", "--revert", "--json")
    assert again.json["revert"]["existed"]


def test_other_commits_can_be_reverted_and_conflicts_are_told(tmp_path: Path) -> None:
    batch = released(tmp_path)
    files = batch.past.files(batch.commit)
    later = batch.past.commit({**files, "template.yaml": "Resources: {}\n"}, "Start over", batch.commit)
    conflict = asked(batch, "--revert", "--onto", later, "--json")
    assert conflict.code == 1
    assert (conflict.json["revert"]["conflicts"], conflict.json["revert"]["commit"]) == (["template.yaml"], None)
    suspects = [each["commit"] for each in conflict.json["suspects"]]
    chosen = asked(batch, "--revert", "--commit", suspects[-1], "--json").json["revert"]
    assert chosen["branch"] == f"shoreward/revert-{suspects[-1][:10]}"


def test_a_release_that_did_no_harm_has_nobody_to_blame(tmp_path: Path) -> None:
    fine = Judgement(verdict=Verdict.PASS, until=0.0, reason="all is well")
    said = asked(released(tmp_path, fine))
    assert said.code == 2
    assert "NOBODY_TO_BLAME" in said.err


def test_options_of_a_revert_need_one(tmp_path: Path) -> None:
    assert "USAGE" in asked(released(tmp_path), "--onto", "main").err
