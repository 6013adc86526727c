"""A suite that a change takes away is told, for what is not there cannot fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shoreward.adapters.suites import gone_check, gone_suites
from shoreward.app.checking import Running
from shoreward.domain import Place, Suite, SuiteKind

from .support import Application, only


def suite(name: str, kind: SuiteKind = "unit") -> Suite:
    return Suite(name=name, kind=kind, command=f"run {name}", where=Place(file="pytest.ini", line=1))


def names(before: list[Suite], after: list[Suite]) -> list[str]:
    return [one.name for one in gone_suites(before, after)]


def test_a_suite_without_a_successor_is_gone() -> None:
    assert names([suite("unit"), suite("quality", "quality")], [suite("unit")]) == ["quality"]
    assert names([suite("unit"), suite("unit-api")], [suite("unit")]) == ["unit-api"]
    assert names([suite("unit")], []) == ["unit"]


def test_one_of_the_same_kind_is_a_successor_whatever_it_is_called() -> None:
    assert names([suite("unit")], [suite("castles")]) == []
    assert names([suite("unit")], [suite("unit"), suite("unit-api")]) == []
    assert names([suite("unit"), suite("api")], [suite("castles")]) == ["unit"]
    assert names([suite("unit")], [suite("unit", "quality")]) == ["unit"]


def test_what_still_runs_the_same_stayed_though_it_has_the_name_of_another_now() -> None:
    pytest, npm = suite("unit"), suite("unit-2")
    assert names([pytest, npm], [replace(npm, name="unit")]) == ["unit"]


def test_it_fails_where_it_stood(tmp_path: Path) -> None:
    check = gone_check(suite("unit"), {"build"}, {"pytest.ini"})
    assert check.name == "unit"
    made = Application.of(tmp_path, {})
    finding = only(check.run(made.materials, Running()))
    assert (finding.rule, finding.subject, str(finding.where)) == ("suite-gone", "unit", "pytest.ini")
    assert gone_check(suite("unit"), {"unit"}, set()).name == "unit-gone"
    assert (
        only(gone_check(replace(suite("unit"), where=None), set(), set()).run(made.materials, Running())).where is None
    )
