"""What built functions carry is looked up, and told at the line that asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from build.support import wheel
from shoreward.domain import Advisories, OperationError, Severity, SpecError
from shoreward.testing.advisories import AdvisoryServer, an_advisory, write_archive

from .support import HANDLER, NOON, TEMPLATE, Yard, below, dist_info, node_package, places

NODE = "exports.handler = async () => 1;\n"


@pytest.fixture
def osv() -> Iterator[AdvisoryServer]:
    with AdvisoryServer() as server:
        yield server


def template(properties: str, metadata: str = "", more: str = "") -> str:
    return f"""Transform: AWS::Serverless-2016-10-31
Resources:
  Sun:
    Type: AWS::Serverless::Function
    {metadata}
    Properties: {{{properties}}}
{more}"""


AS_IT_IS = template("CodeUri: sun, Runtime: nodejs22.x, Handler: app.handler", "Metadata: {SkipBuild: true}")
"""A Node function that somebody else has built."""


def two_functions(tmp_path: Path) -> Yard:
    """Two functions: Tide carries spade, which brings bucket; Wind carries bucket."""
    wheels = tmp_path / "wheels"
    wheel(wheels, "spade", "1.4", {"spade.py": ""}, requires=("bucket",))
    wheel(wheels, "bucket", "2.0", {"bucket.py": ""})
    index = f"--no-index\n--find-links {wheels}\n"
    return Yard(
        tmp_path,
        {
            "template.yaml": TEMPLATE,
            "tide/app.py": HANDLER,
            "tide/requirements.txt": f"{index}spade==1.4\n",
            "wind/app.py": HANDLER,
            "wind/requirements.txt": f"{index}# to build with\nBucket==2.0\n",
        },
    )


def test_a_vulnerable_package_is_told_at_its_line(tmp_path: Path, osv: AdvisoryServer):
    osv.publish(an_advisory("GHSA-s", "PyPI", "spade", fixed="1.5"))
    report = two_functions(tmp_path).scan("vulnerabilities", Advisories(source=osv.address))
    (finding,) = report.findings
    assert str(finding.where) == "tide/requirements.txt:3"
    assert finding.what.startswith("spade 1.4 in Tide has")
    assert report.summary == "2 packages in 2 artifacts"
    assert dict(report.measures) == {"packages": 2.0, "artifacts": 2.0}


def test_what_a_package_brings_is_told_at_the_line_of_the_package(tmp_path: Path, osv: AdvisoryServer):
    osv.publish(an_advisory("GHSA-b", "PyPI", "bucket", fixed="2.1"))
    report = two_functions(tmp_path).scan("vulnerabilities", Advisories(source=osv.address))
    assert places(report.findings) == ["GHSA-b tide/requirements.txt:3", "GHSA-b wind/requirements.txt:4"]
    assert [finding.fix for finding in report.findings] == [
        "Upgrade to bucket 2.1; spade brings it.", "Upgrade to bucket 2.1.",
    ]  # fmt: skip


def test_nothing_known_is_no_finding(tmp_path: Path, osv: AdvisoryServer):
    osv.publish(an_advisory("GHSA-s", "PyPI", "spade", fixed="1.4"))
    assert two_functions(tmp_path).scan("vulnerabilities", Advisories(source=osv.address)).findings == ()


def test_archives_in_the_repository_or_elsewhere_are_asked_instead(tmp_path: Path):
    yard = two_functions(tmp_path)
    write_archive(tmp_path / "shelf", "PyPI", [an_advisory("GHSA-s", "PyPI", "spade", modified=NOON)])
    for source in (str(tmp_path / "shelf"), "../shelf"):
        report = yard.scan("vulnerabilities", Advisories(source=source))
        assert places(report.findings) == ["GHSA-s tide/requirements.txt:3"]


def test_not_being_able_to_look_is_no_pass(tmp_path: Path):
    with pytest.raises(OperationError) as refused:
        two_functions(tmp_path).scan("vulnerabilities", Advisories(source="nowhere"))
    assert refused.value.code == "ADVISORIES_UNREACHABLE"


def test_an_application_without_packages_needs_no_advisories(tmp_path: Path):
    yard = Yard(tmp_path, {"template.yaml": TEMPLATE, "tide/app.py": HANDLER, "wind/app.py": HANDLER})
    report = yard.scan("vulnerabilities", Advisories(source="nowhere"))
    assert report.findings == ()
    assert report.summary.startswith("0 packages")


def test_packages_of_a_layer_reach_the_functions_that_use_it(tmp_path: Path, osv: AdvisoryServer):
    osv.publish(an_advisory("GHSA-s", "PyPI", "spade"))
    layer = """  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: shared/, CompatibleRuntimes: [python3.12]}
"""
    files = {
        "template.yaml": template(
            "CodeUri: sun, Runtime: python3.12, Handler: app.handler, Layers: [!Ref Shared]", "", layer
        ),
        "sun/app.py": HANDLER,
        "shared/python/spade.py": "",
    } | below("shared/python", dist_info("spade", "1.4"))
    (finding,) = Yard(tmp_path, files).scan("vulnerabilities", Advisories(source=osv.address)).findings
    assert dict(finding.details)["functions"] == "Shared, Sun"
    assert str(finding.where).startswith("template.yaml:")


def test_node_packages_in_the_artifact_are_looked_up(tmp_path: Path, osv: AdvisoryServer):
    osv.publish(an_advisory("GHSA-n", "npm", "bucket", introduced="2.0.0", fixed="2.0.1"))
    files = {
        "template.yaml": template(
            "CodeUri: sun, Runtime: nodejs22.x, Handler: app.handler", "Metadata: {SkipBuild: true}"
        ),
        "sun/app.js": NODE,
        "sun/package.json": '{\n  "dependencies": {\n    "@beach/spade": "^1"\n  }\n}\n',
        **node_package("sun/node_modules/@beach/spade", "@beach/spade", "1.0.0", bucket="^2"),
        **node_package("sun/node_modules/@beach/spade/node_modules/bucket", "bucket", "2.0.0"),
        **node_package("sun/node_modules/bucket", "bucket", "1.0.0"),
    }
    (finding,) = Yard(tmp_path, files).scan("vulnerabilities", Advisories(source=osv.address)).findings
    assert finding.subject == "bucket 2.0.0"
    assert finding.fix == "Upgrade to bucket 2.0.1; @beach/spade brings it."
    assert str(finding.where) == "sun/package.json:3"


BUNDLED = {
    "template.yaml": AS_IT_IS,
    "sun/app.js": NODE,
    "src/app.ts": "import { dig } from 'kite';\nimport jest from './local';\n",
    "src/app.test.ts": "import 'jest';\n",
    "package.json": '{\n  "dependencies": {"spade": "^1"},\n  "devDependencies": {"kite": "^1", "jest": "^29"}\n}\n',
    "package-lock.json": json.dumps(
        {
            "packages": {
                "": {},
                "node_modules/spade": {"version": "1.4.0"},
                "node_modules/kite": {"version": "1.0.0"},
                "node_modules/jest": {"version": "29.0.0"},
            }
        }
    ),
}


def test_what_a_bundler_melted_in_is_known_from_the_lock_file(tmp_path: Path, osv: AdvisoryServer):
    for name in ("spade", "kite", "jest"):
        osv.publish(an_advisory(f"GHSA-{name}", "npm", name))
    report = Yard(tmp_path, BUNDLED).scan("vulnerabilities", Advisories(source=osv.address))
    assert places(report.findings) == ["GHSA-spade package.json:2", "GHSA-kite package.json:3"]
    assert dict(report.findings[0].details)["seen"] == "lock"


def test_a_bundle_without_a_lock_file_is_a_finding(tmp_path: Path, osv: AdvisoryServer):
    files = {name: content for name, content in BUNDLED.items() if name != "package-lock.json"}
    (finding,) = Yard(tmp_path, files).scan("vulnerabilities", Advisories(source=osv.address)).findings
    assert finding.rule == "PACKAGE_UNIDENTIFIED"
    assert str(finding.where) == "package.json:2"


def test_a_lock_file_that_is_needed_and_cannot_be_read_is_a_mistake(tmp_path: Path, osv: AdvisoryServer):
    with pytest.raises(SpecError) as refused:
        Yard(tmp_path, BUNDLED | {"package-lock.json": "{"}).scan("vulnerabilities", Advisories(source=osv.address))
    assert refused.value.code == "LOCK_UNREADABLE"


def test_a_package_that_nobody_can_identify_is_a_finding(tmp_path: Path, osv: AdvisoryServer):
    files = {"template.yaml": TEMPLATE, "tide/app.py": HANDLER, "wind/app.py": HANDLER}
    yard = Yard(tmp_path, files | {"wind/pebble.dist-info/METADATA": ""})
    (finding,) = yard.scan("vulnerabilities", Advisories(source=osv.address)).findings
    assert (finding.rule, finding.subject) == ("PACKAGE_UNIDENTIFIED", "pebble")


def test_functions_in_other_languages_are_named(tmp_path: Path, osv: AdvisoryServer):
    files = {
        "template.yaml": template("CodeUri: sun, Runtime: provided.al2023, Handler: x"),
        "sun/bootstrap": "#!/bin/sh\n",
    }
    (finding,) = Yard(tmp_path, files).scan("vulnerabilities", Advisories(source=osv.address)).findings
    assert (finding.rule, finding.subject, finding.severity) == ("PACKAGES_UNKNOWN", "Sun", Severity.LOW)


# What a verdict depends on


def test_what_does_not_change_what_is_carried_does_not_change_the_key(tmp_path: Path):
    yard = two_functions(tmp_path)
    before = yard.key("vulnerabilities"), yard.key("sbom")
    yard.commit({"README.md": "The sea.\n", "tide/app.py": HANDLER + "\n"})
    assert (yard.key("vulnerabilities"), yard.key("sbom")) == before


@pytest.mark.parametrize(
    "file", ["tide/requirements.txt", "template.yaml", "tide/uv.lock", "sun/package.json", "sun/a.ts"]
)
def test_what_may_change_what_is_carried_or_its_place_changes_the_key(tmp_path: Path, file: str):
    yard = two_functions(tmp_path)
    before = yard.key("vulnerabilities")
    content = (yard.root / file).read_text() if (yard.root / file).is_file() else ""
    yard.commit({file: "# a comment\n" + content})
    assert yard.key("vulnerabilities") != before


def test_another_source_or_another_archive_is_another_key(tmp_path: Path):
    yard = two_functions(tmp_path)
    keys = {yard.key("vulnerabilities", Advisories(source=source)) for source in ("https://one.example", "../shelf")}
    for identity in ("GHSA-1", "GHSA-2"):
        write_archive(tmp_path / "shelf", "PyPI", [an_advisory(identity, "PyPI", "spade", modified=NOON)])
        keys.add(yard.key("vulnerabilities", Advisories(source="../shelf")))
    assert len(keys) == 4


def test_a_verdict_is_good_until_advisories_are_looked_up_again(tmp_path: Path):
    yard = two_functions(tmp_path)
    online = yard.checks(Advisories(poll=600))["vulnerabilities"].depends
    offline = yard.checks(Advisories(source="shelf", poll=600))["vulnerabilities"].depends
    assert online.good_for == offline.good_for == 600
    assert online.files == ()
    assert str(yard.root / "shelf" / "PyPI.zip") in offline.files
