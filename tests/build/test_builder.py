"""A commit becomes a revision."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import uv

from shoreward.domain import Place, Retryable, SpecError, SpecErrors, Terminal
from suites.registry import Registry, registry

from .support import Workshop, modes, pipeline, wheel

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12}}
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: tide/
      Handler: app.lambda_handler
      Events: {Get: {Type: Api, Properties: {Path: /tide, Method: get}}}
  Wind:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: wind/, Handler: app.lambda_handler}
  Sun:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: sun/, Handler: app.lambdaHandler, Runtime: nodejs22.x}
"""
PYTHON = """import json


def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"high": 4})}
"""
NODE = "export const lambdaHandler = async (event) => ({ statusCode: 200, body: 'bright' });\n"
FILES = {
    "template.yaml": TEMPLATE,
    "tide/app.py": PYTHON,
    "tide/requirements.txt": "",
    "tide/__init__.py": "",
    "wind/app.py": PYTHON,
    "sun/app.mjs": NODE,
    "sun/package.json": '{"name": "sun", "version": "1.0.0", "scripts": {"test": "mocha"}}',
    "events/event.json": "{}",
}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, FILES)


def one_function(properties: str, more: str = "", **files: str) -> dict[str, str]:
    text = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {{{properties}}}
{more}
"""
    return {"template.yaml": text} | {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}


def test_a_revision_names_template_functions_and_artifacts(workshop: Workshop) -> None:
    made = workshop.revision()
    template = json.loads(workshop.blobs.get(made.template))
    assert [function.logical_id for function in made.functions] == ["Sun", "Tide", "Wind"]
    for artifact in made.artifacts:
        content = workshop.artifacts.open(artifact.digest)
        assert len(content) == artifact.size
        assert modes(content) <= {0o644, 0o755}
        for name in artifact.used_by:
            assert template["Resources"][name]["Properties"]["Code"]["S3Key"] == artifact.key
    assert workshop.zip_of("Wind") == {"app.py": PYTHON.encode()}


def test_the_same_commit_gives_the_same_bytes_in_another_directory(workshop: Workshop, tmp_path: Path) -> None:
    other = Workshop(tmp_path / "elsewhere" / "deeper", FILES)
    first, second = workshop.revision(), other.revision()
    assert (first.digest, first.template, first.functions) == (second.digest, second.template, second.functions)
    assert workshop.blobs.kept == other.blobs.kept
    for one, two in zip(first.artifacts, second.artifacts, strict=True):
        assert workshop.artifacts.open(one.digest) == other.artifacts.open(two.digest)


def test_an_unchanged_commit_is_remembered(workshop: Workshop) -> None:
    first = workshop.builder.make(pipeline(), "HEAD")
    again = workshop.builder.make(pipeline(), "HEAD")
    assert (first.cached, again.cached) == (False, True)
    assert (again.revision, again.notes) == (first.revision, first.notes)


def test_a_commit_with_the_same_content_is_remembered_under_its_own_name(workshop: Workshop) -> None:
    first = workshop.revision()
    workshop.commit({})
    again = workshop.builder.make(pipeline(), "HEAD")
    assert again.cached
    assert again.revision.digest == first.digest
    assert again.revision.commit != first.commit


def test_only_what_changed_is_built_again(workshop: Workshop) -> None:
    before = workshop.revision()
    workshop.commit({"wind/app.py": PYTHON.replace("4", "5"), "README": "new"})
    after = workshop.builder.make(pipeline(), "HEAD")
    assert after.rebuilt == ("Wind",)
    changed = {
        one.logical_id for one, two in zip(before.functions, after.revision.functions, strict=True) if one != two
    }
    assert changed == {"Wind"}


def test_what_was_remembered_but_deleted_is_built_again(workshop: Workshop, tmp_path: Path) -> None:
    first = workshop.revision()
    workshop.blobs.kept.clear()
    shutil.rmtree(tmp_path / "artifacts" / "objects")
    assert workshop.revision() == first
    assert workshop.artifacts.open(first.artifacts[0].digest)


def test_an_artifact_that_was_tampered_with_is_missing(workshop: Workshop, tmp_path: Path) -> None:
    artifact = workshop.revision().artifacts[0]
    (tmp_path / "artifacts" / "objects" / artifact.key).write_bytes(b"x" * artifact.size)
    with pytest.raises(Terminal) as error:
        workshop.artifacts.open(artifact.digest)
    assert error.value.code == "ARTIFACT_MISSING"


def test_parameters_of_targets_are_part_of_the_digest(tmp_path: Path) -> None:
    text = TEMPLATE + "Parameters: {Stage: {Type: String, Default: a}}\n"
    workshop = Workshop(tmp_path, FILES | {"template.yaml": text})
    assert workshop.revision(Stage="a").digest != workshop.revision(Stage="b").digest


def test_uncommitted_work_is_not_built(workshop: Workshop) -> None:
    first = workshop.revision()
    (workshop.root / "wind" / "app.py").write_text("broken(")
    (workshop.root / "wind" / "new.py").write_text("")
    assert workshop.revision() == first


def test_a_template_may_live_in_a_folder(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {f"service/{name}": content for name, content in FILES.items()})
    assert len(workshop.revision("service/template.yaml").artifacts) == 3


def test_python_dependencies_come_with_the_function_and_leave_no_trace_of_the_machine(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheel(wheels, "shells", "1.0", {"shells.py": "def main(): ...\n"}, requires=("pebbles>=2",))
    wheel(wheels, "pebbles", "2.1", {"pebbles/__init__.py": "COUNT = 3\n"})
    requirements = f"--no-index\n--find-links {wheels}\nshells==1.0\n"
    files = FILES | {"tide/requirements.txt": requirements, "tide/shells.py": "# ours goes first\n"}
    one, other = Workshop(tmp_path / "one", files), Workshop(tmp_path / "two" / "deeper", files)
    held = one.zip_of("Tide")
    assert {"app.py", "shells.py", "pebbles/__init__.py", "bin/shells"} <= held.keys()
    assert held["shells.py"] == b"# ours goes first\n"
    assert held["bin/shells"].startswith(b"#!/usr/bin/env python3\n")
    assert not [name for name in held if name.endswith((".pyc", "INSTALLER", "direct_url.json", ".lock"))]
    assert str(tmp_path).encode() not in b"".join(
        content for name, content in held.items() if name != "requirements.txt"
    )
    assert one.revision().digest == other.revision().digest
    shutil.rmtree(wheels)
    one.commit({"tide/app.py": PYTHON.replace("4", "5")})
    assert one.zip_of("Tide")["pebbles/__init__.py"] == b"COUNT = 3\n"


def test_open_versions_are_said(tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "shells", "1.0", {"shells.py": ""})
    requirements = f"--no-index\n--find-links {tmp_path / 'wheels'}\nshells\n"
    made = Workshop(tmp_path, FILES | {"tide/requirements.txt": requirements}).builder.make(pipeline(), "HEAD")
    assert [note.resource for note in made.notes if note.code == "DEPENDENCIES_OPEN"] == ["Tide"]


def test_shared_requirements_above_the_function_are_found(tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "shells", "1.0", {"shells.py": ""})
    common = f"--no-index\n--find-links {tmp_path / 'wheels'}\nshells==1.0\n"
    workshop = Workshop(tmp_path, FILES | {"tide/requirements.txt": "-r ../common.txt\n", "common.txt": common})
    assert "shells.py" in workshop.zip_of("Tide")


LAYERS = """
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: shared, CompatibleRuntimes: [python3.12]}
    Metadata: {BuildMethod: python3.12}
  Plain:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: plain}
  Made:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: made}
    Metadata: {BuildMethod: makefile}
"""


def test_layers_are_built_as_they_say(tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "shells", "1.0", {"shells.py": ""})
    files = FILES | {
        "template.yaml": TEMPLATE + LAYERS,
        "shared/requirements.txt": f"--no-index\n--find-links {tmp_path / 'wheels'}\nshells==1.0\n",
        "shared/tools.py": "",
        "plain/python/a.py": "",
        "made/Makefile": "build-Made:\n\tmkdir $(ARTIFACTS_DIR)/a\n\techo 'x = 1' > $(ARTIFACTS_DIR)/a/b.py\n",
    }
    workshop = Workshop(tmp_path, files)
    assert {"python/shells.py", "python/tools.py"} <= workshop.zip_of("Shared").keys()
    assert workshop.zip_of("Plain").keys() == {"python/a.py"}
    assert workshop.zip_of("Made") == {"a/b.py": b"x = 1\n"}


def test_a_function_may_be_built_by_make_or_be_a_zip_already(tmp_path: Path) -> None:
    zipped = Workshop(tmp_path / "zip", FILES)
    artifact = next(one for one in zipped.revision().artifacts if "Wind" in one.used_by)
    files = FILES | {
        "template.yaml": TEMPLATE.replace("CodeUri: wind/", "CodeUri: wind.zip").replace(
            "  Tide:\n", "  Tide:\n    Metadata: {BuildMethod: makefile}\n"
        ),
        "wind.zip": zipped.artifacts.open(artifact.digest),
        "tide/Makefile": "build-Tide:\n\tcp app.py $(ARTIFACTS_DIR)\n",
    }
    workshop = Workshop(tmp_path, files)
    assert workshop.zip_of("Tide").keys() == {"app.py"}
    assert artifact.digest in {one.digest for one in workshop.revision().artifacts}


def test_linked_code_comes_along_and_its_changes_are_noticed(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, FILES | {"shared/util.py": "A = 1\n"})
    (workshop.root / "wind" / "util.py").symlink_to("../shared/util.py")
    workshop.commit({})
    assert workshop.zip_of("Wind")["util.py"] == b"A = 1\n"
    workshop.commit({"shared/util.py": "A = 2\n"})
    assert workshop.zip_of("Wind")["util.py"] == b"A = 2\n"


def test_node_dependencies_come_with_the_function(tmp_path: Path) -> None:
    package = {"name": "sun", "version": "1.0.0", "dependencies": {"rays": "file:rays"}}
    files = FILES | {
        "sun/package.json": json.dumps(package),
        "sun/rays/package.json": '{"name": "rays", "version": "1.0.0", "main": "index.js"}',
        "sun/rays/index.js": "module.exports = 3;\n",
    }
    held = Workshop(tmp_path, files).zip_of("Sun")
    assert held["node_modules/rays/index.js"] == b"module.exports = 3;\n"
    assert "app.mjs" in held


def test_esbuild_of_the_function_bundles_it(tmp_path: Path) -> None:
    tool = '#!/bin/sh\nfor argument; do case "$argument" in --outdir=*) out="${argument#--outdir=}";; esac; done\n'
    tool += 'echo "// $@" | sed "s# --outdir=[^ ]*##" > "$out/app.js"\n'
    properties = "{Minify: false, Target: es2022, EntryPoints: [app.ts], External: [aws-sdk]}"
    metadata = f"Metadata: {{BuildMethod: esbuild, BuildProperties: {properties}}}"
    files = FILES | {
        "template.yaml": TEMPLATE.replace("  Sun:\n", f"  Sun:\n    {metadata}\n"),
        "sun/app.ts": "export const lambdaHandler = 1;\n",
        "sun/node_modules/.bin/esbuild": tool,
    }
    workshop = Workshop(tmp_path, files)
    workshop.git("update-index", "--chmod=+x", "sun/node_modules/.bin/esbuild")
    workshop.git("commit", "--quiet", "--message", "executable")
    bundled = workshop.zip_of("Sun")["app.js"].decode()
    assert bundled == "// app.ts --bundle --platform=node --target=es2022 --format=cjs --external:aws-sdk\n"


@pytest.fixture
def bundling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry with the package `rays`, and an esbuild on the PATH that puts files one after the other."""
    tool = tmp_path / "tools" / "esbuild"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/sh\nfor argument; do case "$argument" in --outdir=*) out="${argument#--outdir=}";; esac; done\n'
        'cat app.ts node_modules/rays/index.js > "$out/app.js"\n'
        'echo "// $@" | sed "s# --outdir=[^ ]*##" >> "$out/app.js"\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with registry() as index:
        index.publish_package("rays", "1.0.0", {"index.js": "// rays\n"})
        yield index


def bundled(index: Registry, **needed: dict[str, str]) -> dict[str, str]:
    return FILES | {
        "template.yaml": TEMPLATE.replace("  Sun:\n", "  Sun:\n    Metadata: {BuildMethod: esbuild}\n"),
        "sun/app.ts": "// one\n",
        "sun/package.json": json.dumps({"name": "sun", "version": "1.0.0", **needed}),
        "sun/.npmrc": f"registry={index.address}/npm/\n",
    }


def test_what_esbuild_bundles_is_installed_once_for_all_edits_of_code(tmp_path: Path, bundling: Registry) -> None:
    files = bundled(bundling, devDependencies={"rays": "1.0.0"})
    workshop = Workshop(tmp_path, files)
    first = workshop.zip_of("Sun")["app.js"].decode()
    asked = list(bundling.asked)
    workshop.commit({"sun/app.ts": "// two\n"})
    second = workshop.zip_of("Sun")["app.js"].decode()
    assert bundling.asked == asked != []
    workshop.commit({"sun/package.json": files["sun/package.json"].replace('"sun"', '"noon"')})
    workshop.revision()
    assert second == first.replace("one", "two")
    assert first.startswith("// one\n// rays\n// app.js --bundle --platform=node --preserve-symlinks")
    assert [path.name for path in tmp_path.glob("artifacts/trees/*/*")] == ["node_modules", "node_modules"]


@pytest.mark.parametrize(
    ("esbuild", "installed"),
    [("dependencies", {"esbuild", "rays"}), ("devDependencies", {"esbuild", "rays", "shells"})],
)
def test_an_esbuild_of_production_needs_nothing_of_development(
    tmp_path: Path, bundling: Registry, esbuild: str, installed: set[str]
) -> None:
    bundling.publish_package("esbuild", "1.0.0", {})
    bundling.publish_package("shells", "1.0.0", {})
    needed = {"dependencies": {"rays": "1.0.0"}, "devDependencies": {"shells": "1.0.0"}}
    needed[esbuild]["esbuild"] = "1.0.0"
    Workshop(tmp_path, bundled(bundling, **needed)).revision()
    assert {path.name for path in tmp_path.glob("artifacts/trees/*/node_modules/*")} == installed


BAD = {
    "CODE_MISSING": one_function("CodeUri: nowhere, Handler: a.b, Runtime: python3.12"),
    "TEMPLATE_MISSING": {"other.yaml": ""},
    "HANDLER_MISSING": one_function("CodeUri: f, Handler: app.b, Runtime: python3.11", f__app_py="x = 1"),
    "CODE_SYNTAX": one_function("CodeUri: f, Handler: app.b, Runtime: python3.11", f__app_py="x = = 1"),
    "BUILD_UNSUPPORTED": one_function("CodeUri: f, Handler: a::b, Runtime: java21", f__pom_xml="x"),
    "BUILD_FAILED": one_function(
        "CodeUri: f, Handler: app.b, Runtime: python3.11",
        f__app_py="b = 1",
        f__requirements_txt="--no-index\nno-such-package==1.0\n",
    ),
    "ESBUILD_MISSING": one_function(
        "CodeUri: f, Handler: app.b, Runtime: nodejs22.x", "    Metadata: {BuildMethod: esbuild}", f__app_ts="x"
    ),
    "BUILD_PROPERTY_UNKNOWN": one_function(
        "CodeUri: f, Handler: app.b, Runtime: nodejs22.x",
        "    Metadata: {BuildMethod: esbuild, BuildProperties: {Minfy: true}}",
        f__app_ts="x",
    ),
}


@pytest.mark.parametrize("code", BAD)
def test_what_cannot_be_built_is_said_at_its_place(tmp_path: Path, code: str) -> None:
    with pytest.raises(SpecError) as error:
        Workshop(tmp_path, BAD[code]).revision()
    assert error.value.code == code
    assert isinstance(error.value.where, Place)
    assert "Traceback" not in str(error.value)


def test_makes_own_words_are_passed_on(tmp_path: Path) -> None:
    files = one_function("CodeUri: f, Handler: app.b, Runtime: python3.11", "    Metadata: {BuildMethod: makefile}")
    workshop = Workshop(tmp_path, files | {"f/Makefile": "build-F:\n\t@echo the tide is out; exit 3\n"})
    with pytest.raises(SpecError) as error:
        workshop.revision()
    assert error.value.code == "BUILD_FAILED"
    assert "the tide is out" in error.value.what


def test_an_index_that_cannot_be_reached_is_tried_again(tmp_path: Path) -> None:
    requirements = "--index-url http://127.0.0.1:9/simple\nshells==1.0\n"
    with pytest.raises(Retryable) as error:
        Workshop(tmp_path, FILES | {"tide/requirements.txt": requirements}).revision()
    assert error.value.code == "BUILD_NETWORK"


def test_npm_is_asked_for_when_it_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(shutil.which("git") or "git")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    package = '{"name": "sun", "dependencies": {"rays": "1.0.0"}}'
    with pytest.raises(SpecError) as error:
        Workshop(tmp_path, FILES | {"sun/package.json": package}).revision()
    assert error.value.code == "NPM_MISSING"


def test_code_in_a_submodule_is_refused(workshop: Workshop) -> None:
    workshop.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},wind/lib")
    workshop.git("commit", "--quiet", "--message", "a submodule")
    with pytest.raises(SpecError) as error:
        workshop.revision()
    assert error.value.code == "GIT_SUBMODULE"


def test_a_package_that_is_too_large_names_its_biggest_parts(tmp_path: Path) -> None:
    make = "build-F:\n\ttruncate -s 300000000 $(ARTIFACTS_DIR)/model.bin\n\tcp app.py $(ARTIFACTS_DIR)\n"
    files = one_function(
        "CodeUri: f, Handler: app.b, Runtime: python3.11", "    Metadata: {BuildMethod: makefile}", f__app_py="b = 1"
    )
    with pytest.raises(SpecError) as error:
        Workshop(tmp_path, files | {"f/Makefile": make}).revision()
    assert error.value.code == "PACKAGE_TOO_LARGE"
    assert "model.bin 300 MB" in error.value.next


def test_mistakes_in_several_functions_are_told_together(tmp_path: Path) -> None:
    files = FILES | {"tide/app.py": "x = = 1", "wind/app.py": "x = 1"}
    with pytest.raises(SpecErrors) as error:
        Workshop(tmp_path, files | {"template.yaml": TEMPLATE.replace("python3.12", "python3.11")}).revision()
    assert [one.code for one in error.value.errors] == ["CODE_SYNTAX", "HANDLER_MISSING"]


def test_a_package_of_the_public_index_fits_lambda(tmp_path: Path) -> None:
    held = from_the_index(tmp_path, {"tide/requirements.txt": "iniconfig==2.0.0\n"})
    assert "iniconfig/__init__.py" in held


def test_a_lock_file_decides_what_is_installed(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[project]\nname = "tide"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["iniconfig==2.0.0"]\n'
        '[dependency-groups]\ndev = ["pluggy==1.5.0"]\n'
    )
    locked = subprocess.run([uv.find_uv_bin(), "lock", "--quiet"], cwd=tmp_path, capture_output=True, check=False)
    if locked.returncode:
        pytest.skip("the package index cannot be reached from here")
    files = {"tide/pyproject.toml": project.read_text(), "tide/uv.lock": (tmp_path / "uv.lock").read_text()}
    held = from_the_index(tmp_path, files)
    assert "iniconfig/__init__.py" in held
    assert "pluggy/__init__.py" not in held


def from_the_index(directory: Path, files: dict[str, str]) -> dict[str, bytes]:
    try:
        return Workshop(directory, FILES | files).zip_of("Tide")
    except Retryable:
        pytest.skip("the package index cannot be reached from here")
