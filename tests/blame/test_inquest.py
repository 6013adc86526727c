"""Once a release that harmed is back, who did it is looked into without being asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from controller.support import staying, wait
from shoreward.adapters.journal import SqliteJournal
from shoreward.app.blame.inquest import RECENT, Investigator, inquests
from shoreward.app.interruption import Interruption
from shoreward.app.words.story import tell
from shoreward.app.world import World
from shoreward.bootstrap import open_project
from shoreward.controller import Controller
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.domain import Blamed, Outcome, Retryable
from shoreward.testing.simulated import SimulatedCloud

from .history import git
from .shop import SEES, Shop

BISECT = "blame: {bisect: [prices], revert: push}\n"


def ended(shop: Shop) -> Shop:
    """The release is taken back, and has ended."""
    with closing(SqliteJournal(shop.root / ".shoreward" / "journal.db")) as journal:
        journal.append(shop.release, 2, [e.RollbackBegan(at=3.0, cause="judged", reason="errors of Hello rose")])
        journal.append(shop.release, 3, [e.ReleaseEnded(at=1_700_000_000.0, outcome=Outcome.ROLLED_BACK)])
    return shop


@contextmanager
def carried(shop: Shop, investigator: Investigator | None = None) -> Iterator[tuple[SqliteJournal, World]]:
    project = open_project(shop.root)
    with closing(project.journal) as journal:
        world = replace(SimulatedCloud().world(), investigator=investigator or project.blaming())
        yield journal, world


def looked_into(shop: Shop, investigator: Investigator | None = None) -> list[Blamed]:
    """What the journal says after two rounds, of which the second one finds nothing to do."""
    with carried(shop, investigator) as (journal, world):
        for _ in range(2):
            list(inquests(journal, lambda application: world, Interruption()))
        return [each.event.blamed for each in journal.events(shop.release) if isinstance(each.event, e.CommitsBlamed)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_likeliest_commits_are_told_and_nothing_else_is_done(tmp_path: Path):
    shop = ended(Shop(tmp_path / "shop"))
    [blamed] = looked_into(shop)
    assert {each.commit for each in blamed.suspects} == set(shop.line[1:])
    assert (blamed.culprit, blamed.branch, blamed.pushed, blamed.why) == ("", "", False, "")
    assert git(shop.root, "branch", "--list", "shoreward/*") == ""


def test_bisection_finds_the_culprit_and_its_revert_is_pushed(tmp_path: Path):
    shop = ended(Shop(tmp_path / "shop", BISECT, SEES))
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(shop.root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    [blamed] = looked_into(shop)
    assert (blamed.culprit, blamed.why) == (shop.line[3], "")
    assert blamed.pushed
    assert f"This reverts commit {shop.line[3]}" in git(tmp_path / "origin.git", "show", "-s", blamed.branch)
    with carried(shop) as (journal, _):
        told = tell(journal.events(shop.release))
    assert told[-1].text == (
        f"bisection found: {shop.line[3][:10]} Change 3 (Ada); its revert is pushed as {blamed.branch}"
    )


def test_what_cannot_be_found_or_done_is_said(tmp_path: Path):
    shop = ended(Shop(tmp_path / "shop", BISECT))
    [blamed] = looked_into(shop)
    assert blamed.branch
    assert not blamed.pushed
    assert "bisection named nobody" in blamed.why
    assert "the revert was not pushed" in blamed.why


def test_a_controller_that_stays_looks_into_it(tmp_path: Path):
    shop = ended(Shop(tmp_path / "shop"))
    with carried(shop) as (journal, world):
        Controller(journal, world).run()
        assert not journal.header(shop.release).blamed, "who does not stay has no time for it"
        with staying(lambda kept: Controller(kept, world, glance=0.01), journal):
            wait(lambda: journal.header(shop.release).blamed)


class Away:
    """Cannot tell now."""

    asked = 0

    def investigate(self, state: Release, looks: object, interruption: Interruption) -> Blamed:
        self.asked += 1
        raise Retryable("GIT_UNREACHABLE", "The remote is away.")


def test_what_cannot_be_told_now_is_looked_into_again(tmp_path: Path):
    away = Away()
    assert looked_into(ended(Shop(tmp_path / "shop")), away) == []
    assert away.asked == 2


def test_a_release_that_is_still_on_its_way_back_or_long_over_is_left_alone(tmp_path: Path):
    shop = Shop(tmp_path / "shop")
    with carried(shop, away := Away()) as (journal, world):
        journal.append(shop.release, 2, [e.RollbackBegan(at=3.0, cause="judged", reason="so")])
        list(inquests(journal, lambda application: world, Interruption()))
        journal.append(
            shop.release, 3, [e.ReleaseEnded(at=world.clock.now() - RECENT - 1, outcome=Outcome.ROLLED_BACK)]
        )
        list(inquests(journal, lambda application: world, Interruption()))
    assert away.asked == 0
