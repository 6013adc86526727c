"""A group in a fleet on real git: launched, watched, and never released one by one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from merges.test_fleet import PIPELINE, TEMPLATE, Remote
from shoreward.adapters.journal import SqliteJournal
from shoreward.bootstrap.fleet import launch
from shoreward.bootstrap.here import SystemClock
from shoreward.controller import Merges
from shoreward.domain import Fleet, Group, Place, SpecError, Watched, Written


class Shop(Remote):
    """One repository with two applications."""

    def begin(self) -> None:
        for name in ("orders", "payments"):
            (self.work / name).mkdir()
            (self.work / name / "shoreward.yaml").write_text(PIPELINE.format(name=name))
        self.change("orders", "one")
        self.change("payments", "one")
        self.push("Begin")

    def change(self, name: str, table: str) -> None:
        (self.work / name / "template.yaml").write_text(TEMPLATE.format(table=f"{name}-{table}"))

    def fleet(self, *applications: str) -> Fleet:
        return Fleet(
            pipelines=tuple(
                Watched(repository=str(self.path), file=f"{each}/shoreward.yaml") for each in ("orders", "payments")
            ),
            groups=(Group(name="shop", applications=applications, after={"payments": ("orders",)}),),
        )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, "shop")
    shop.begin()
    return shop


def test_a_merge_is_released_as_one_and_only_what_it_changed(shop: Shop, tmp_path: Path):
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        ships = launch(shop.fleet("orders", "payments"), tmp_path / "state", journal)
        merges = Merges(journal, SystemClock(), (*ships.together(), *ships.branches()), 60.0)
        merges.look()
        merges.look()
        headers = journal.releases()
        assert [header.id for header in headers] == ["orders-1", "payments-1"]
        assert len({(header.commit, header.group) for header in headers}) == 1
        group = ships.groups[0]
        assert list(ships.berths(group)) == ["orders", "payments"]
        assert len({berth.source for berth in ships.berths(group).values()}) == 1


def test_a_member_that_no_pipeline_is_of_is_told_with_its_place_and_the_nearest_name(shop: Shop, tmp_path: Path):
    place = Place(file="fleet.yaml", line=4, column=25)
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal, pytest.raises(SpecError) as unknown:
        launch(shop.fleet("orders", Written("paymets", place)), tmp_path / "state", journal)
    assert (unknown.value.code, unknown.value.where) == ("FLEET_GROUP_MEMBER", place)
    assert "payments" in unknown.value.next


def test_while_a_pipeline_cannot_be_read_its_group_waits_and_says_so(shop: Shop, tmp_path: Path):
    (shop.work / "payments" / "shoreward.yaml").write_text("application: 7\n")
    shop.push("Break")
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        ships = launch(shop.fleet("orders", "payments"), tmp_path / "state", journal)
        merges = Merges(journal, SystemClock(), (*ships.together(), *ships.branches()), 60.0)
        merges.look()
        assert journal.releases() == ()
        assert next(each.waits for each in merges.branches) == "nobody knows the pipeline of payments"
