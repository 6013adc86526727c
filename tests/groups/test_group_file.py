"""Groups in fleet.yaml: what may be said, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from merges.test_fleet_file import load
from shoreward.domain import Group, SpecError, SpecErrors, Written

PIPELINES = "pipelines:\n  - repository: a\n"


def test_a_group_is_read_with_its_order_and_its_places(tmp_path: Path):
    fleet = load(
        tmp_path,
        PIPELINES + "groups:\n  shop: {applications: [orders, payments], after: {payments: [orders]}}\n",
    )
    assert fleet.groups == (Group(name="shop", applications=("orders", "payments"), after={"payments": ("orders",)}),)
    [group] = fleet.groups
    assert group.where is not None
    assert group.where.line == 4
    [orders, _] = group.applications
    assert isinstance(orders, Written)
    assert orders.where is not None
    assert (orders.where.line, orders.where.column) == (4, 25)


@pytest.mark.parametrize(
    ("groups", "code", "line", "column"),
    [
        ("  shop: {applications: []}", "FLEET_EMPTY", 4, 10),
        ("  shop: {after: {}}", "SPEC_REQUIRED", 4, 9),
        ("  shop: {applications: [a, a]}", "SPEC_TWICE", 4, 28),
        ("  Shop: {applications: [a]}", "SPEC_NAME", 4, 3),
        ("  shop: {applications: [a]}\n  port: {applications: [b, a]}", "FLEET_GROUP_TWICE", 5, 28),
        ("  shop:\n    applications: [a, b]\n    after: {c: [a]}", "FLEET_GROUP_MEMBER", 6, 13),
        ("  shop:\n    applications: [a, b]\n    after: {b: [aa]}", "FLEET_GROUP_MEMBER", 6, 17),
        ("  shop:\n    applications: [a, b]\n    after: {a: [a]}", "FLEET_GROUP_CYCLE", 6, 13),
        ("  shop:\n    applications: [a, b]\n    after:\n      a: [b]\n      b: [a]", "FLEET_GROUP_CYCLE", 7, 7),
    ],
)
def test_a_mistake_is_found_at_its_place(tmp_path: Path, groups: str, code: str, line: int, column: int):
    with pytest.raises((SpecError, SpecErrors)) as found:
        load(tmp_path, f"{PIPELINES}groups:\n{groups}")
    error = found.value.errors[0] if isinstance(found.value, SpecErrors) else found.value
    assert error.where is not None
    assert (error.code, error.where.line, error.where.column) == (code, line, column)


def test_a_cycle_is_told_as_it_goes_round(tmp_path: Path):
    with pytest.raises(SpecError, match=r"The group shop has no order: (a after b after a|b after a after b)"):
        load(tmp_path, f"{PIPELINES}groups:\n  shop: {{applications: [a, b], after: {{a: [b], b: [a]}}}}")
