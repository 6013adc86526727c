"""`shoreward check` finds what it should in its place, and lets pass what is clean: a part of the corpus.

All of it is run by `PYTHONPATH=tests python -m acceptance.run`; what came of the last whole run is in docs/checks.md.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from .asking import as_watched
from .corpus import CORPUS, representatives
from .ground import HERE, Grounds
from .run import COLUMNS, DEFECTS, UNHARMED, outcomes, told

PAGE = HERE.parents[1] / "docs" / "checks.md"
KINDS = ("unit", "quality", "integration", "acceptance", "performance", "resilience", "dynamic", "synthetic")


def test_the_first_change_of_each_kind_in_harbour_is_judged_rightly(tmp_path: Path) -> None:
    assert wrong("harbour", tmp_path) == []


def test_the_corpus_has_names_of_its_own_and_is_as_large_as_it_says() -> None:
    names = Counter(case.name for case in CORPUS)
    assert [name for name, times in names.items() if times > 1] == []
    defects = [case for case in CORPUS if case.expected]
    assert len(defects) >= 60
    assert len(CORPUS) - len(defects) >= 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_suite_of_every_kind_fails_somewhere(kind: str) -> None:
    assert [case for case in CORPUS if case.expected and case.expected.check.startswith(kind)]


def test_the_page_tells_of_a_run_of_all_of_it() -> None:
    row = rf"^\| \*{{0,2}}([a-z -]+?)\*{{0,2}} +\|((?: +\d+ +\|){{{len(COLUMNS)}}})$"
    rows = re.findall(row, PAGE.read_text(), re.MULTILINE)
    numbers = {name: [int(cell) for cell in cells.split("|")[:-1]] for name, cells in rows}
    kinds = Counter(case.kind for case in CORPUS)
    defects = Counter(case.kind for case in CORPUS if case.expected)
    totals = {DEFECTS: sum(defects.values()), UNHARMED: sum((kinds - defects).values())}
    assert {name: cells[0] for name, cells in numbers.items()} == {**kinds, **totals}
    for total, parts in ((DEFECTS, defects), (UNHARMED, kinds - defects)):
        for column in range(len(COLUMNS)):
            assert numbers[total][column] == sum(numbers[kind][column] for kind in parts)


# The two that take time are far from each other, for neighbours go to the same worker.
def test_the_first_change_of_each_kind_in_sandcastles_is_judged_rightly(tmp_path: Path) -> None:
    assert wrong("sandcastles", tmp_path) == []


def wrong(application: str, folder: Path) -> list[str]:
    cases = [case for case in representatives() if case.application == application]
    assert cases
    with Grounds(folder) as grounds:
        return [told(one) for one in outcomes(cases, grounds, as_watched) if not one.judged.good]
