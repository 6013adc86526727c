"""The reference, the JSON Schema and the format say the same; the table of regions is AWS's."""

import json
import re

import botocore.session
import pytest

from shoreward.spec import _configuration, _format, _gates, _metrics
from shoreward.spec._regions import PARTITION_OF, PARTITIONS
from shoreward.spec._shapes import Record
from shoreward.spec.schema import schema, schema_text

from .samples import REFERENCE, ROOT


def margin(name: str) -> Record:
    [shape] = [field.shape for field in _format.JUDGE.fields if field.key == name]
    assert isinstance(shape, Record)
    return shape


SECTIONS = {
    "The file": _format.PIPELINE,
    "configuration": _configuration.SOURCE,
    "growth": _configuration.GROWTH,
    "judged-by": _configuration.JUDGED,
    "accounts": _format.ACCOUNT,
    "defaults": _format.DEFAULTS,
    "bake": _format.BAKE,
    "blame": _format.BLAME,
    "waves": _format.WAVE,
    "targets": _format.TARGET,
    "waves: auto": _format.AUTO,
    "judge": _format.JUDGE,
    "rollback-margin": margin("rollback-margin"),
    "promote-margin": margin("promote-margin"),
    "metrics": _metrics.METRIC,
    "cloudwatch": _metrics.CLOUDWATCH,
    "prometheus": _metrics.PROMETHEUS,
    "file": _metrics.FILE,
    "probes": _format.PROBE,
    "gates": _gates.GATE,
    "window": _gates.WINDOW,
    "open": _gates.HOURS,
    "freeze": _gates.FREEZE,
    "alarms of a gate": _gates.ALARMS,
    "hook": _gates.HOOK,
    "variable": _gates.VARIABLE,
    "checks": _format.CHECKS,
    "suites": _format.SUITE,
    "sandbox": _format.SANDBOX,
    "policies": _format.POLICY,
    "advisories": _format.ADVISORIES,
    "resilience": _format.RESILIENCE,
    "faults": _format.FAULT,
    "dynamic": _format.DYNAMIC,
    "waivers": _format.WAIVER,
}


def section(title: str) -> str:
    return REFERENCE.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("title", SECTIONS)
def test_every_key_is_in_the_reference_with_its_default_and_no_other(title: str):
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) ?\| (.*) \|$", section(title), re.MULTILINE)
    assert rows == [
        (field.key, "**required**" if field.required else default(field.default), field.about)
        for field in SECTIONS[title].fields
    ]


def default(value: object) -> str:
    if value is None:
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value).replace(chr(34), '')}`"


def keys(part: object) -> set[str]:
    """Every key that a schema knows, at any depth."""
    match part:
        case dict():
            known = set(part.get("properties", {})) if isinstance(part.get("properties"), dict) else set[str]()
            return known.union(*map(keys, part.values()))
        case list():
            return set[str]().union(*map(keys, part))
        case _:
            return set()


def test_no_key_of_the_schema_is_in_a_record_that_the_reference_lacks():
    assert keys(schema()) == {field.key for record in SECTIONS.values() for field in record.fields}


def test_the_schema_that_is_kept_with_the_documentation_is_this_one():
    kept = (ROOT / "docs" / "schema" / "shoreward.schema.json").read_text(encoding="utf-8")
    assert kept == schema_text(), "write it anew with: shoreward schema > docs/schema/shoreward.schema.json"


def test_the_regions_are_those_that_botocore_knows():
    loader = botocore.session.Session().get_component("data_loader")
    known = {part["partition"]: tuple(sorted(part["regions"])) for part in loader.load_data("endpoints")["partitions"]}
    assert known == PARTITIONS
    assert PARTITION_OF["eu-north-1"] == "aws"
