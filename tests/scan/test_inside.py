"""What is in an artifact is known by the names that installers leave."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from shoreward.adapters.scan.component import Component, normalised
from shoreward.adapters.scan.inside import components
from shoreward.adapters.scan.versions import Ecosystem
from shoreward.domain import Terminal

from .support import below, dist_info, node_package


def artifact(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def inside(files: Mapping[str, str]) -> list[str]:
    return [one.purl for one in components(artifact(files))]


def test_python_packages_are_known_by_their_metadata():
    files = dist_info(
        "Sand_Castle", "2.1", ("spade>=1", "Bucket[red] (<2) ; python_version < '4'", "net ; extra == 'x'")
    )
    (found,) = components(artifact({"app.py": "", **files}), ("Tide",))
    assert found == Component(
        ecosystem="PyPI", name="sand-castle", version="2.1", carriers=("Tide",), requires=("bucket", "spade")
    )


def test_packages_of_a_layer_and_copies_inside_of_others_are_seen():
    files = below("python", dist_info("spade", "1.0")) | below("python/bucket/_vendor", dist_info("pebble", "3.0"))
    assert inside(files) == ["pkg:pypi/pebble@3.0", "pkg:pypi/spade@1.0"]


def test_a_folder_without_metadata_says_its_name():
    assert inside({"spade-1.0.dist-info/RECORD": ""}) == ["pkg:pypi/spade@1.0"]


def test_old_packages_leave_an_egg():
    files = {"spade-1.0-py3.8.egg-info/PKG-INFO": "Name: spade\nVersion: 1.0\n", "net-2.0.egg-info": "Name: net\n"}
    assert inside(files) == ["pkg:pypi/net@2.0", "pkg:pypi/spade@1.0"]


def test_metadata_that_says_nothing_leaves_a_package_without_a_version():
    assert inside({"spade.dist-info/METADATA": "nothing"}) == ["pkg:pypi/spade"]


def test_node_packages_are_known_by_their_descriptions():
    files = node_package("node_modules/@beach/spade", "@beach/spade", "1.0.0", bucket="^2")
    (found,) = components(artifact(files))
    assert found == Component(ecosystem="npm", name="@beach/spade", version="1.0.0", requires=("bucket",))


def test_nested_packages_and_those_of_layers_and_of_pnpm_are_seen():
    files = {
        **node_package("nodejs/node_modules/bucket", "bucket", "2.0.0"),
        **node_package("nodejs/node_modules/bucket/node_modules/spade", "spade", "0.9.0"),
        **node_package("nodejs/node_modules/spade", "spade", "1.0.0"),
        **node_package("node_modules/.pnpm/net@1.0.0/node_modules/net", "net", "1.0.0"),
    }
    assert inside(files) == ["pkg:npm/bucket@2.0.0", "pkg:npm/net@1.0.0", "pkg:npm/spade@0.9.0", "pkg:npm/spade@1.0.0"]


def test_a_package_under_another_name_is_known_by_its_own():
    assert inside(node_package("node_modules/shovel", "@beach/spade", "1.0.0")) == ["pkg:npm/%40beach/spade@1.0.0"]


@pytest.mark.parametrize("described", ["", "{", "[]", '{"name": "spade"}', '{"version": 3}'])
def test_a_node_package_that_does_not_say_its_version_has_none(described: str):
    assert inside({"node_modules/spade/package.json": described}) == ["pkg:npm/spade"]


def test_a_node_package_without_a_description_has_no_version():
    assert inside({"node_modules/spade/index.js": ""}) == ["pkg:npm/spade"]


def test_descriptions_inside_of_a_package_are_not_packages():
    files = node_package("node_modules/spade", "spade", "1.0.0") | {
        "node_modules/spade/esm/package.json": '{"type": "module"}',
        "node_modules/spade/test/node_modules/garply/index.js": "",
        "node_modules/.bin/spade": "",
    }
    assert inside(files) == ["pkg:npm/spade@1.0.0"]


def test_an_artifact_that_is_no_zip_is_an_error():
    with pytest.raises(Terminal) as refused:
        components(b"no zip")
    assert refused.value.code == "ARTIFACT_DAMAGED"


names = {
    "PyPI": st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True),
    "npm": st.from_regex(r"(@[a-z0-9~-][a-z0-9._~-]{0,6}/)?[a-z0-9~-][a-z0-9._~-]{0,8}", fullmatch=True),
}


released = st.from_regex(r"[0-9][0-9a-z.+!-]{0,9}", fullmatch=True)


@settings(deadline=None)
@given(data=st.data(), ecosystem=st.sampled_from(get_args(Ecosystem)), version=released)
def test_package_urls_are_those_of_the_standard(data: st.DataObject, ecosystem: Ecosystem, version: str):
    name = normalised(ecosystem, data.draw(names[ecosystem]))
    scope, _, last = name.rpartition("/")
    expected = PackageURL({"PyPI": "pypi", "npm": "npm"}[ecosystem], scope or None, last, version)
    assert Component(ecosystem=ecosystem, name=name, version=version).purl == expected.to_string()


def test_a_file_that_is_json_but_no_object_is_no_description():
    assert inside({"node_modules/spade/package.json": json.dumps(["spade"])}) == ["pkg:npm/spade"]
