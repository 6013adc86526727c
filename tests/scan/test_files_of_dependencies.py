"""Manifests say what people ask for and where; lock files say what they got."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from shoreward.adapters.scan.beside import find_beside
from shoreward.adapters.scan.checks import _DEPENDENCIES  # pyright: ignore[reportPrivateUsage]
from shoreward.adapters.scan.locks import LOCKS, Locked, read_lock
from shoreward.adapters.scan.manifests import MANIFESTS, read_manifest
from shoreward.domain import SpecError


def asks(file: str, files: Mapping[str, str]) -> list[tuple[str, str, str]]:
    manifest = read_manifest(file, files.get)
    assert manifest
    return [(ask.name, str(ask.where), ask.version) for ask in manifest.asks]


def locked(file: str, text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.name, one.version, one.requires) for one in read_lock(file, text).packages if not one.local]


def test_requirements_with_all_that_pip_allows():
    text = """# what the tide needs
--index-url https://packages.example.org/simple
Spade==1.4 \\
    --hash=sha256:0000
bucket[red,blue] >= 2 ; python_version > "3"  # not the old one
net === 3.0.post1
-e git+https://example.org/kite.git#egg=kite
wheel-of-sand @ https://example.org/wheel_of_sand-1.0-py3-none-any.whl
./local
https://example.org/other.whl
pebble == 1.*
-r ../shared/requirements.txt
"""
    files = {"tide/requirements.txt": text, "shared/requirements.txt": "sun==1.0\n-r requirements.txt\n"}
    assert asks("tide/requirements.txt", files) == [
        ("spade", "tide/requirements.txt:3", "1.4"),
        ("bucket", "tide/requirements.txt:5", ""),
        ("net", "tide/requirements.txt:6", "3.0.post1"),
        ("kite", "tide/requirements.txt:7", ""),
        ("wheel-of-sand", "tide/requirements.txt:8", ""),
        ("pebble", "tide/requirements.txt:11", ""),
        ("sun", "shared/requirements.txt:1", "1.0"),
    ]


def test_pyproject_of_the_standard_and_of_poetry():
    text = """[project]
name = "tide"
dependencies = [
  "Spade>=1",
  'bucket[red]~=2.0',
]
[project.optional-dependencies]
fast = ["net"]
[tool.poetry.dependencies]
python = "^3.12"
Kite = "^1"
pebble = {version = "^2", optional = true}
"""
    assert [one[:2] for one in asks("pyproject.toml", {"pyproject.toml": text})] == [
        ("spade", "pyproject.toml:4"),
        ("bucket", "pyproject.toml:5"),
        ("net", "pyproject.toml:8"),
        ("kite", "pyproject.toml:11"),
        ("pebble", "pyproject.toml:12"),
    ]


def test_pipfile():
    text = '[dev-packages]\nnet = "*"\n[packages]\nSpade = "==1.4"\nnet = "*"\n'
    manifest = read_manifest("Pipfile", {"Pipfile": text}.get)
    assert manifest
    assert [(ask.name, ask.where.line, ask.development) for ask in manifest.asks] == [
        ("spade", 4, False), ("net", 5, False), ("net", 2, True),
    ]  # fmt: skip


def test_package_json():
    text = """{
  "name": "sun",
  "devDependencies": {"jest": "^29"},
  "dependencies": {
    "@beach/spade": "^1",
    "shovel": "npm:@beach/shovel@^2"
  }
}"""
    manifest = read_manifest("sun/package.json", {"sun/package.json": text}.get)
    assert manifest
    assert [(ask.name, ask.where.line, ask.development) for ask in manifest.asks] == [
        ("@beach/spade", 5, False), ("shovel", 6, False), ("@beach/shovel", 6, False), ("jest", 3, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text"),
    [("package.json", "{"), ("package.json", "[]"), ("pyproject.toml", "[["), ("Pipfile", "packages = 3")],
)
def test_a_manifest_that_cannot_be_read_is_a_mistake_in_it(file: str, text: str):
    with pytest.raises(SpecError) as refused:
        read_manifest(file, {file: text}.get)
    assert refused.value.code == "MANIFEST_UNREADABLE"
    assert str(refused.value.where) == file


UV = """
version = 1
[[package]]
name = "tide"
version = "0.1"
source = { virtual = "." }
dependencies = [{ name = "spade" }]
[[package]]
name = "spade"
version = "1.4"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "bucket", marker = "x" }]
[package.optional-dependencies]
fast = [{ name = "net" }]
[[package]]
name = "bucket"
version = "2.0"
source = { registry = "https://pypi.org/simple" }
"""
POETRY = """
[[package]]
name = "Spade"
version = "1.4"
groups = ["main"]
[package.dependencies]
Bucket = ">=2"
net = {version = "*", optional = true}
[[package]]
name = "bucket"
version = "2.0"
"""
PDM = """
[[package]]
name = "spade"
version = "1.4"
dependencies = ["bucket<3,>=2", "net; extra == 'x'"]
[[package]]
name = "bucket"
version = "2.0"
"""
PIPFILE = json.dumps(
    {
        "default": {"spade": {"version": "==1.4"}, "bucket": {"version": "==2.0"}},
        "develop": {"kite": {"version": "==1"}},
    }
)
PACKAGE_LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"spade": "^1"}},
        "node_modules/spade": {"version": "1.4.0", "dependencies": {"bucket": "^2", "shovel": "npm:@beach/shovel@^1"}},
        "node_modules/spade/node_modules/bucket": {"version": "2.0.0"},
        "node_modules/shovel": {"name": "@beach/shovel", "version": "1.1.0"},
        "node_modules/shared": {"resolved": "packages/shared", "link": True},
        "packages/shared": {"version": "0.0.1", "dependencies": {"bucket": "^2"}},
    },
}
PACKAGE_LOCK_1 = {
    "lockfileVersion": 1,
    "dependencies": {
        "spade": {
            "version": "1.4.0",
            "requires": {"bucket": "^2", "shovel": "npm:@beach/shovel@^1"},
            "dependencies": {"bucket": {"version": "2.0.0"}},
        },
        "shovel": {"version": "npm:@beach/shovel@1.1.0"},
    },
}
PNPM_5 = """
lockfileVersion: 5.4
dependencies: {spade: 1.4.0}
packages:
  /spade/1.4.0:
    dependencies: {bucket: 2.0.0_react@17.0.0, shovel: /@beach/shovel/1.1.0}
  /bucket/2.0.0_react@17.0.0: {dev: false}
  /@beach/shovel/1.1.0: {dev: false}
"""
PNPM_6 = """
lockfileVersion: '6.0'
packages:
  /spade@1.4.0:
    dependencies: {bucket: 2.0.0(react@17.0.0), shovel: /@beach/shovel@1.1.0}
  /bucket@2.0.0(react@17.0.0): {dev: false}
  /@beach/shovel@1.1.0: {dev: false}
"""
PNPM_9 = """
lockfileVersion: '9.0'
importers: {.: {dependencies: {spade: {specifier: ^1, version: 1.4.0}}}}
packages:
  spade@1.4.0: {resolution: {integrity: x}}
snapshots:
  spade@1.4.0:
    dependencies: {bucket: 2.0.0(react@17.0.0), shovel: '@beach/shovel@1.1.0'}
  bucket@2.0.0(react@17.0.0): {}
  '@beach/shovel@1.1.0': {}
"""
YARN_1 = """# yarn lockfile v1


"shovel@npm:@beach/shovel@^1":
  version "1.1.0"
  resolved "https://example.org"

bucket@^2, bucket@^2.0.0:
  version "2.0.0"

spade@^1:
  version "1.4.0"
  dependencies:
    bucket "^2"
    shovel "npm:@beach/shovel@^1"
"""
YARN_BERRY = """__metadata:
  version: 8

"bucket@npm:^2, bucket@npm:^2.0.0":
  version: 2.0.0
  resolution: "bucket@npm:2.0.0"

"shovel@npm:@beach/shovel@^1":
  version: 1.1.0
  resolution: "@beach/shovel@npm:1.1.0"

"spade@npm:^1":
  version: 1.4.0
  resolution: "spade@npm:1.4.0"
  dependencies:
    bucket: "npm:^2"
    shovel: "npm:@beach/shovel@^1"
  checksum: 10/00

"sun@workspace:.":
  version: 0.0.0-use.local
  resolution: "sun@workspace:."
"""


@pytest.mark.parametrize(
    ("file", "text", "edges"),
    [
        ("uv.lock", UV, ("bucket", "net")),
        ("poetry.lock", POETRY, ("bucket", "net")),
        ("pdm.lock", PDM, ("bucket", "net")),
        ("Pipfile.lock", PIPFILE, ()),
    ],
)
def test_lock_files_of_python(file: str, text: str, edges: tuple[str, ...]):
    assert sorted(locked(file, text)) == [("bucket", "2.0", ()), ("spade", "1.4", edges)]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("package-lock.json", json.dumps(PACKAGE_LOCK)),
        ("npm-shrinkwrap.json", json.dumps(PACKAGE_LOCK_1)),
        ("pnpm-lock.yaml", PNPM_5),
        ("pnpm-lock.yaml", PNPM_6),
        ("pnpm-lock.yaml", PNPM_9),
        ("yarn.lock", YARN_1),
        ("yarn.lock", YARN_BERRY),
    ],
    ids=["npm 7", "npm 6", "pnpm 6", "pnpm 8", "pnpm 9", "yarn 1", "yarn 4"],
)
def test_lock_files_of_node(file: str, text: str):
    found = {name: (version, {*requires}) for name, version, requires in locked(file, text)}
    assert {name: version for name, (version, _) in found.items()} == {
        "spade": "1.4.0",
        "bucket": "2.0.0",
        "@beach/shovel": "1.1.0",
    }
    assert {"bucket", "@beach/shovel"} <= found["spade"][1]


@pytest.mark.parametrize(
    ("file", "text"),
    [("uv.lock", "[["), ("package-lock.json", "{"), ("pnpm-lock.yaml", "a: ["), ("poetry.lock", "package = 3")],
)
def test_a_lock_file_that_cannot_be_read_is_a_mistake_in_it(file: str, text: str):
    with pytest.raises(SpecError) as refused:
        read_lock(f"tide/{file}", text)
    assert refused.value.code == "LOCK_UNREADABLE"
    assert str(refused.value.where) == f"tide/{file}"


def carried(folder: str, files: Mapping[str, str], *imported: str) -> list[str]:
    beside = find_beside(folder, "npm", files.get)
    return sorted(f"{one.name} {one.version}" for one in beside.carried(frozenset(imported)))


MANIFEST = json.dumps({"dependencies": {"spade": "^1"}, "devDependencies": {"jest": "^29", "kite": "^1"}})
LOCK = json.dumps(
    {
        "packages": {
            "node_modules/spade": {"version": "1.4.0", "dependencies": {"bucket": "^2"}},
            "node_modules/bucket": {"version": "2.0.0"},
            "node_modules/jest": {"version": "29.0.0", "dev": True, "dependencies": {"expect": "^29"}},
            "node_modules/expect": {"version": "29.0.0", "dev": True},
            "node_modules/kite": {"version": "1.0.0", "dev": True, "dependencies": {"string": "^1"}},
            "node_modules/string": {"version": "1.0.0", "dev": True},
        }
    }
)


def test_a_bundle_carries_what_is_asked_for_to_run_and_what_that_brings():
    assert carried("sun", {"sun/package.json": MANIFEST, "sun/package-lock.json": LOCK}) == [
        "bucket 2.0.0",
        "spade 1.4.0",
    ]


def test_a_bundle_carries_what_its_code_imports_whatever_it_was_asked_for():
    files = {"sun/package.json": MANIFEST, "sun/package-lock.json": LOCK}
    assert carried("sun", files, "kite") == ["bucket 2.0.0", "kite 1.0.0", "spade 1.4.0", "string 1.0.0"]


def test_without_a_lock_file_nobody_knows_the_versions():
    assert carried("sun", {"sun/package.json": MANIFEST}) == ["spade "]


def test_a_folder_inside_of_a_workspace_uses_its_lock_file():
    files = {"packages/sun/package.json": MANIFEST, "package-lock.json": LOCK}
    assert carried("packages/sun/src", files) == ["bucket 2.0.0", "spade 1.4.0"]


def test_a_lock_file_of_something_else_is_not_used():
    other = json.dumps({"packages": {"node_modules/prettier": {"version": "3.0.0"}}})
    assert carried("sun", {"sun/package.json": MANIFEST, "package-lock.json": other}) == ["spade "]


def test_when_a_lock_file_does_not_pin_what_is_needed_all_of_it_may_be_carried():
    other = json.dumps({"packages": {"node_modules/prettier": {"version": "3.0.0"}}})
    assert carried("sun", {"sun/package.json": MANIFEST, "sun/package-lock.json": other}) == [
        "prettier 3.0.0",
        "spade ",
    ]


def test_a_part_of_the_repository_brings_its_packages_and_is_none_itself():
    manifest = json.dumps({"dependencies": {"shared": "*"}})
    files = {"sun/package.json": manifest, "sun/package-lock.json": json.dumps(PACKAGE_LOCK)}
    assert carried("sun", files) == ["bucket 2.0.0"]


def test_the_key_of_a_verdict_knows_all_files_that_say_what_is_carried():
    assert {name for names in (*MANIFESTS.values(), *LOCKS.values()) for name in names} == _DEPENDENCIES


def test_a_package_that_is_a_part_of_the_repository_is_marked():
    local = [one for one in read_lock("uv.lock", UV).packages if one.local]
    assert local == [Locked(name="tide", version="0.1", requires=("spade",), local=True)]
