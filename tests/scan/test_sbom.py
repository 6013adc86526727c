"""Bills of materials: in the form of the standard, the same for the same artifact, and good for looking up again."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from shoreward.adapters.scan import open_database
from shoreward.adapters.scan.component import Component, Part
from shoreward.adapters.scan.lookup import lookup
from shoreward.adapters.scan.sbom import bill, carried, components_of
from shoreward.domain import Advisories, Place
from shoreward.testing.advisories import AdvisoryServer, an_advisory

from .support import NOON
from .test_vulnerabilities import two_functions

PART = Part(
    digest="a1" * 32,
    carriers=("Sun", "Tide"),
    components=(
        Component(ecosystem="PyPI", name="bucket", version="2.0+sea", carriers=("Tide",), via="spade"),
        Component(
            ecosystem="PyPI", name="spade", version="1.4", carriers=("Sun", "Tide"), requires=("bucket",),
            where=Place(file="tide/requirements.txt", line=3),
        ),
        Component(ecosystem="npm", name="@beach/kite", version="", seen="lock", where=Place(file="package.json")),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def standard() -> Draft7Validator:
    """CycloneDX's own schema."""
    folder = files("cyclonedx.schema") / "_res"

    def read(name: str) -> Any:
        return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text())

    schemas = [
        read(name)
        for name in ("spdx", "jsf-0.82", "cryptography-defs")
        if (folder / f"{name}.SNAPSHOT.schema.json").is_file()
    ]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in schemas)
    return Draft7Validator(read("bom-1.6"), registry=registry)


def test_a_bill_has_the_form_of_the_standard(standard: Draft7Validator):
    assert [error.message for error in standard.iter_errors(json.loads(bill(PART)))] == []
    assert list(standard.iter_errors(json.loads(bill(PART)) | {"components": [{"name": "spade"}]}))


def test_a_bill_says_what_is_there_and_what_asks_for_what():
    document = json.loads(bill(PART))
    purls = [one["purl"] for one in document["components"]]
    assert purls == ["pkg:pypi/bucket@2.0%2Bsea", "pkg:pypi/spade@1.4", "pkg:npm/%40beach/kite"]
    asked = {one["ref"].partition("#")[0]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert asked["pkg:pypi/spade@1.4"] == ["pkg:pypi/bucket@2.0%2Bsea#0"]
    assert asked["a1" * 32] == ["pkg:npm/%40beach/kite#2", "pkg:pypi/spade@1.4#1"]


def test_the_same_artifact_has_the_same_bill():
    assert bill(PART) == bill(PART)
    other = Part(digest="b2" * 32, carriers=PART.carriers, components=PART.components)
    assert json.loads(bill(other))["serialNumber"] != json.loads(bill(PART))["serialNumber"]


def test_what_was_written_is_read_back():
    expected = [
        Component(**{name: getattr(one, name) for name in one.__slots__} | {"requires": ()}) for one in PART.components
    ]
    assert list(components_of(bill(PART))) == expected


def test_each_artifact_of_a_revision_gets_a_bill(tmp_path: Path, standard: Draft7Validator):
    yard = two_functions(tmp_path)
    report = yard.scan("sbom")
    bills = {name: json.loads(yard.blobs.get(digest)) for name, digest in report.files}
    assert sorted(one["metadata"]["component"]["name"] for one in bills.values()) == ["Tide", "Wind"]
    for one in bills.values():
        standard.validate(one)
    assert sorted(json.loads(report.product)["sboms"].values()) == sorted(digest for _, digest in report.files)
    assert yard.scan("sbom") == report


def test_a_kept_verdict_is_good_while_its_bills_are_there(tmp_path: Path):
    yard = two_functions(tmp_path)
    check, report = yard.checks()["sbom"], yard.scan("sbom")
    assert check.still(report)
    yard.blobs.kept.clear()
    assert not check.still(report)


def test_an_advisory_that_is_published_later_is_found_from_the_bills_alone(tmp_path: Path):
    yard = two_functions(tmp_path)
    packages = carried(yard.scan("sbom").product, yard.blobs)
    with AdvisoryServer() as osv:
        database = open_database(Advisories(source=osv.address), root=yard.root, state=yard.state, now=NOON)
        assert lookup(packages, database) == ()
        osv.publish(an_advisory("GHSA-late", "PyPI", "bucket", fixed="2.1"))
        findings = lookup(packages, database)
    assert [str(finding.where) for finding in findings] == ["tide/requirements.txt:3", "wind/requirements.txt:4"]
    assert [dict(finding.details)["functions"] for finding in findings] == ["Tide", "Wind"]
