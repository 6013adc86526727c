"""`shoreward blame --bisect`: a check finds out which commit did it, with a test that was written since."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from checking.shop import PIPELINE, TEMPLATE
from cli.support import Said, shoreward
from shoreward.adapters.journal import SqliteJournal
from shoreward.core import events as e
from shoreward.domain import Evidence, Judgement, Verdict
from shoreward.spec.load import parse

from .history import Past, git

HARM = Judgement(
    verdict=Verdict.FAIL,
    until=0.0,
    reason="errors of Hello rose",
    evidence=(Evidence(function="Hello", metric="errors", verdict=Verdict.FAIL),),
)
FILES = {
    "shoreward.yaml": PIPELINE + "  suites:\n    - {name: prices, kind: unit, run: sh check.sh}\n",
    "template.yaml": TEMPLATE,
    "code/hello.py": "def handler(event, context):\n    return 5\n",
    "code/prices.txt": "5\n",
    "check.sh": "true\n",
}


class Shop:
    """A release of six commits, of which the third one spoils the prices, and its suite does not see it."""

    def __init__(self, root: Path) -> None:
        past = Past(root)
        self.root, self.line = root, [past.commit(FILES, "As it is in production")]
        for number in range(1, 7):
            files = {**past.files(self.line[-1]), f"code/more{number}.py": f"X = {number}\n"}
            if number == 3:
                files["code/prices.txt"] = "6\n"
            self.line.append(past.commit(files, f"Change {number}", self.line[-1]))
        past.branch("main", self.line[-1])
        git(root, "checkout", "--quiet", "main")
        (root / ".shoreward").mkdir()
        with closing(SqliteJournal(root / ".shoreward" / "journal.db")) as journal:
            pipeline = parse(FILES["shoreward.yaml"], "shoreward.yaml")
            opened = e.ReleaseOpened(
                at=1.0, pipeline=pipeline, commit=self.line[-1], subject="Six", by="kim", before=self.line[0]
            )
            release = journal.open(opened)
            journal.append(release, 1, [e.TargetJudged(at=2.0, target=pipeline.targets[0].key, judgement=HARM)])
        (root / "check.sh").write_text("grep -q 5 code/prices.txt\n")

    def blame(self, *arguments: str) -> Said:
        return shoreward("blame", *arguments, at=self.root)


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
