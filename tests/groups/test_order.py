"""Which application of a group comes first: by templates, gates, artifacts, and by what the fleet's file says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shoreward.app.merging.groups import Part, members_of, together
from shoreward.domain import After, Artifact, Group, Member, Place, Revision, SpecError, Target
from shoreward.spec.template.exchange import offered, taken
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.memory import MemoryJournal

NORTH = Target(account="111111111111", region="eu-north-1", stack="shop-orders", parameters=(("Stage", "prod"),))


def exporting(name: object) -> dict[str, Any]:
    return {
        "Parameters": {"Stage": {"Type": "String"}},
        "Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}}},
        "Outputs": {"Table": {"Value": {"Ref": "Table"}, "Export": {"Name": name}}},
    }


def importing(name: object) -> dict[str, Any]:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": ["x-${T}", {"T": importer(name)}]}}}
    return {"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Queue": queue}}


def importer(name: object) -> dict[str, Any]:
    return {"Fn::ImportValue": name}


@pytest.mark.parametrize(
    "name",
    [
        "shop-orders-prod",
        {"Fn::Sub": "shop-orders-${Stage}"},
        {"Fn::Sub": "${AWS::StackName}-${Stage}"},
        {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, {"Ref": "Stage"}]]},
        {"Fn::Sub": ["${AWS::StackName}-${S}", {"S": {"Ref": "Stage"}}]},
    ],
    ids=["plain", "parameter", "stack", "joined", "substituted"],
)
def test_exports_and_imports_are_known_by_the_names_that_they_have_on_a_target(name: object):
    assert offered(exporting(name), NORTH) == {"export shop-orders-prod"}
    assert taken(importing(name), NORTH) == {"export shop-orders-prod"}


def test_an_output_that_is_not_there_exports_nothing():
    template = exporting("a")
    template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    template["Outputs"]["Table"]["Condition"] = "Never"
    assert offered(template, NORTH) == frozenset()


def test_an_import_in_an_output_counts_and_a_name_that_nobody_knows_does_not():
    assert taken({"Outputs": {"All": {"Value": importer("a")}}}, NORTH) == {"export a"}
    assert taken({"Outputs": {"All": {"Value": importer({"Ref": "Nobody"})}}}, NORTH) == frozenset()


def test_a_layer_is_taken_by_its_name():
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"LayerName": {"Fn::Sub": "common-${AWS::Region}"}}}
    arn = {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:common-${AWS::Region}:7"}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Layers": [arn]}}
    assert offered({"Resources": {"Common": layer}}, NORTH) == {"layer common-eu-north-1"}
    assert taken({"Resources": {"Pay": function}}, NORTH) == {"layer common-eu-north-1"}


class Shop:
    """A group's parts, of templates."""

    def __init__(self, templates: Mapping[str, Mapping[str, Any]]) -> None:
        self.blobs = MemoryJournal()
        self.parts = {
            name: Part(pipeline=replace(a_pipeline(), application=name), revision=self.revision(template))
            for name, template in templates.items()
        }

    def revision(self, template: Mapping[str, Any], *artifacts: str) -> Revision:
        carried = tuple(Artifact(digest=each, size=1, used_by=()) for each in artifacts)
        digest = self.blobs.put(json.dumps(template).encode())
        return Revision(digest=digest, commit="c", template=digest, functions=(), artifacts=carried)

    def carries(self, name: str, *artifacts: str) -> None:
        self.parts[name] = replace(self.parts[name], revision=self.revision({}, *artifacts))

    def order(self, changed: Sequence[str] = (), **after: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        group = Group(name="shop", applications=tuple(self.parts), after=after, where=Place(file="fleet.yaml", line=7))
        found = members_of(group, self.parts, self.blobs, changed or tuple(self.parts))
        return {member.application: member.after for member in found}


def test_what_imports_comes_after_what_exports():
    shop = Shop({"payments": importing("orders"), "orders": exporting("orders")})
    assert shop.order() == {"orders": (), "payments": ("orders",)}
    assert list(shop.order()) == ["orders", "payments"]


def test_the_file_adds_to_it_and_who_depends_on_one_depends_on_what_that_depends_on():
    shop = Shop({"web": {}, "payments": importing("orders"), "orders": exporting("orders")})
    assert shop.order(web=("payments",)) == {"orders": (), "payments": ("orders",), "web": ("orders", "payments")}
    assert shop.order(["web", "orders"], web=("payments",)) == {"orders": (), "web": ("orders",)}


def test_a_gate_that_names_another_member_counts():
    shop = Shop({"payments": {}, "orders": {}})
    gates = (After(name="provider", application="orders"), After(name="other", application="elsewhere"))
    payments = shop.parts["payments"]
    shop.parts["payments"] = replace(payments, pipeline=replace(payments.pipeline, gates=gates))
    assert shop.order() == {"orders": (), "payments": ("orders",)}


def test_what_carries_the_same_artifact_goes_in_the_order_of_the_file_unless_it_has_another():
    shop = Shop({"payments": {}, "orders": {}})
    shop.carries("payments", "a" * 64, "b" * 64)
    shop.carries("orders", "a" * 64)
    assert shop.order() == {"payments": (), "orders": ("payments",)}
    assert shop.order(payments=("orders",)) == {"orders": (), "payments": ("orders",)}


def test_what_cannot_be_built_has_the_order_that_the_file_gives():
    shop = Shop({"payments": importing("orders"), "orders": exporting("orders")})
    shop.parts["payments"] = replace(shop.parts["payments"], revision=None)
    assert shop.order(payments=("orders",)) == {"orders": (), "payments": ("orders",)}


def test_no_order_is_an_error_with_the_place_of_the_group():
    shop = Shop({"payments": importing("orders"), "orders": exporting("orders")})
    with pytest.raises(SpecError, match=r"fleet.yaml:7: The group shop has no order: (\w+) after (\w+) after \1") as no:
        shop.order(orders=("payments",))
    assert no.value.code == "FLEET_GROUP_CYCLE"


def test_releases_of_one_group_know_each_other_and_no_others():
    def opened(at: float) -> list:
        openings = [
            an_opening(pipeline=replace(a_pipeline(), application=each), at=at) for each in ("payments", "orders")
        ]
        return together("shop", openings, (Member(application="orders"), Member(application="payments")))

    first, again, later = opened(1.0), opened(1.0), opened(2.0)
    assert [each.pipeline.application for each in first] == ["orders", "payments"]
    assert first == again
    assert len({each.group.id for each in first}) == 1
    assert first[0].group.id != later[0].group.id
