"""The gate with a sandbox: what passed in it goes to the waves, and what failed in it reaches nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoreward.core import events as e
from shoreward.domain import Outcome, Verdict
from shoreward.testing.cloud import CloudAccount

from .support.pier import EAST, IN_A_SANDBOX, SANDBOXES, WEST, Pier, at_home


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """Where the integration suite writes down which code it met."""
    return tmp_path / "seen"


@pytest.fixture
def pier(tmp_path: Path, cloud_account: CloudAccount, seen: Path) -> Iterator[Pier]:
    """A commit whose suites pass in a sandbox."""
    with at_home(cloud_account, SEEN=str(seen)):
        yield Pier.founded(tmp_path / "pier", cloud_account, IN_A_SANDBOX)


def checks(pier: Pier) -> dict[str, Verdict]:
    """What each check of the newest release said."""
    checked = pier.release.checked
    assert checked is not None
    return {each.name: each.verdict for each in checked.results if not each.skipped}


def untouched(pier: Pier) -> bool:
    """Whether the newest release has entered no wave, and looked at no target."""
    return not [each for each in pier.events() if isinstance(each, e.WaveEntered | e.TargetInspected)]


def test_what_was_tested_is_what_the_waves_get_and_only_a_change_that_can_go_back_follows(pier: Pier, seen: Path):
    # When a commit is released
    said = pier.run("release")

    # Then its checks ran first, in a sandbox, and it reached every target
    assert (said.code, pier.release.outcome) == (0, Outcome.SUCCEEDED), said
    passed = dict.fromkeys(("build", "sandbox", "integration", "synthetic", "reversibility"), Verdict.PASS)
    assert checks(pier) == passed
    kinds = [type(each) for each in pier.events()]
    assert kinds.index(e.RevisionChecked) < kinds.index(e.WaveEntered) < kinds.index(e.TargetInspected)

    # And customers meet the very code that was tested, by its digest
    tested = set(seen.read_text().split())
    assert tested == pier.artifacts == {pier.serving(WEST), pier.serving(EAST)}

    # And by the cloud's own listing nothing is left where sandboxes are
    assert pier.there_is(SANDBOXES) == {}
    assert pier.there_is(WEST)["stacks"] == ["pier"]
    live = pier.serving(WEST)

    # When a change writes what the code before it cannot read
    pier.edit("code/moor.py", '"crew": 2}', '"crew": {"adults": 2}}')
    pier.edit("code/moor.py", 'int(one["crew"])', 'int(getattr(one["crew"], "get", one.get)("adults", 2))')
    said = pier.run("release")

    # Then it stops before any wave, at the line that writes it
    assert (said.code, pier.release.outcome) == (1, Outcome.FAILED), said
    assert checks(pier)["reversibility"] is Verdict.FAIL
    assert "IRREVERSIBLE" in said.out
    assert "code/moor.py:" in said.out
    assert untouched(pier)
    assert pier.serving(WEST) == live

    # When it writes only more than before
    pier.edit("code/moor.py", '{"adults": 2}}', '2, "port": "Oslo"}')
    with pier.customers():
        said = pier.run("release")

    # Then it goes on to the waves, and its sandboxes are gone
    assert (said.code, pier.release.outcome) == (0, Outcome.SUCCEEDED), said
    assert pier.artifacts == {pier.serving(WEST), pier.serving(EAST)} != {live}
    assert pier.there_is(SANDBOXES) == {}


def test_a_test_that_fails_in_the_sandbox_stops_the_release_before_any_wave(pier: Pier):
    # Given a commit that counts too few
    pier.edit("code/moor.py", "int(one[", "0 * int(one[")

    # When it is released
    said = pier.run("release")

    # Then nobody was touched
    assert (said.code, pier.release.outcome) == (1, Outcome.FAILED)
    assert checks(pier)["integration"] is Verdict.FAIL
    assert untouched(pier)
    assert pier.there_is(WEST) == pier.there_is(EAST) == {}

    # And the journal, the release and its status say in which line
    line = (pier.root / "tests/test_moor.py").read_text().splitlines().index('    assert said["crews"] >= 2') + 1
    assert pier.release.checked is not None
    [finding] = pier.release.checked.blocking
    assert finding.where is not None
    assert (finding.check, finding.where.file, finding.where.line) == ("integration", "tests/test_moor.py", line)
    for told in (said.out, pier.run("status").out, pier.run("why").out):
        assert f"tests/test_moor.py:{line}" in told

    # And the sandbox is gone as well
    assert pier.there_is(SANDBOXES) == {}
