"""`shoreward blame --bisect`: a check finds out which commit did it, with a test that was written since."""

from __future__ import annotations

from pathlib import Path

import pytest

from .history import git
from .shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("HOME", str(tmp_path))
    return Shop(tmp_path / "shop")


def test_the_culprit_is_found_and_its_revert_prepared(shop: Shop) -> None:
    told = shop.blame("--bisect", "prices", "--test", "check.sh", "--revert", "--json")
    assert told.code == 0, told.all
    bisected, revert = told.json["bisected"], told.json["revert"]
    assert (bisected["culprit"], bisected["among"]) == (shop.line[3], [shop.line[3]])
    assert len(bisected["tried"]) <= 6
    assert revert["branch"] == f"shoreward/revert-{shop.line[3][:10]}"
    assert "Bisection found this commit." in " ".join(
        git(shop.root, "show", "-s", "--format=%b", revert["branch"]).split()
    )
    assert git(shop.root, "status", "--porcelain") == "M check.sh"


def test_a_check_that_does_not_see_the_harm_names_nobody(shop: Shop) -> None:
    said = shop.blame("--bisect", "prices")
    assert said.code == 0
    assert "Bisection named nobody: the suites find nothing wrong with the released commit" in said.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--bisect", "price"), "CHECK_UNKNOWN"),
        (("--test", "check.sh"), "USAGE"),
        (("--bisect", "prices", "--test", "nowhere.sh"), "FILE_REFUSED"),
        (("--bisect", "prices", "--test", "/etc/hostname"), "FILE_REFUSED"),
    ],
)
def test_a_request_that_is_wrong_is_told(shop: Shop, arguments: tuple[str, ...], code: str) -> None:
    said = shop.blame(*arguments)
    assert said.code == 2
    assert code in said.err
