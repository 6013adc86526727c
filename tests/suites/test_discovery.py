"""Suites are found by looking at the repository: trees such as people have, and the example application."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from shoreward.domain import Checks, Place, SpecError, Suite

from .registry import registry
from .support import Application, command_suite

EXAMPLE = Path(__file__).parents[2] / "examples" / "sandcastles"
TEST = "def test_it(): pass\n"


def found(made: Application) -> dict[str, str]:
    return {suite.name: f"{suite.folder or '.'}: {suite.command}" for suite in made.discovered()}


def one(made: Application, name: str = "unit") -> Suite:
    [suite] = [suite for suite in made.discovered() if suite.name == name]
    return suite


# As `sam init` lays out an application in Python ...
GREETING = {
    "README.md": "",
    "__init__.py": "",
    "events/event.json": "{}",
    "greeting/__init__.py": "",
    "greeting/app.py": "def lambda_handler(event, context):\n    return {'statusCode': 200}\n",
    "greeting/requirements.txt": "requests\n",
    "samconfig.toml": "version = 0.1\n",
    "template.yaml": "Resources: {F: {Properties: {CodeUri: greeting/, Runtime: python3.12}}}\n",
    "tests/__init__.py": "",
    "tests/requirements.txt": "pytest\nboto3\nrequests\n",
    "tests/unit/__init__.py": "",
    "tests/unit/test_handler.py": "from greeting import app\n\ndef test_it():\n    assert app.lambda_handler({}, '')\n",
    "tests/integration/__init__.py": "",
    "tests/integration/test_api_gateway.py": TEST,
}


def test_an_application_in_python(tmp_path: Path) -> None:
    made = Application.of(tmp_path, GREETING)
    assert found(made) == {
        "unit": ".: python -m pytest tests/unit",
        "integration": ".: python -m pytest tests/integration",
    }
    assert one(made).requirements == ("tests/requirements.txt", "greeting/requirements.txt")
    assert one(made, "integration").requirements == ("tests/requirements.txt",)
    assert one(made).where == Place(file="tests/unit/test_handler.py")


def test_its_tests_import_the_function_from_the_root(tmp_path: Path) -> None:
    made = Application.of(tmp_path, GREETING)
    report = made.run(replace(one(made), requirements=(), environment=("PYTEST_DISABLE_PLUGIN_AUTOLOAD",)))
    assert (report.findings, report.summary) == ((), "1 test")


# ... and in Node, ...
SALUTE = {
    "template.yaml": "Resources: {F: {Properties: {CodeUri: salute/, Runtime: nodejs22.x}}}\n",
    "salute/app.mjs": "",
    "salute/package.json": json.dumps(
        {
            "name": "salute",
            "version": "1.0.0",
            "scripts": {"test": "mocha tests/unit/"},
            "devDependencies": {"mocha": "^10"},
        },
        indent=2,
    ),
    "salute/tests/unit/test-handler.mjs": "",
}


def test_an_application_in_node(tmp_path: Path) -> None:
    made = Application.of(tmp_path, SALUTE)
    assert found(made) == {"unit": "salute: npm test"}
    assert one(made).where == Place(file="salute/package.json", line=5)


# ... and in TypeScript.
SCRIPTS = {
    "unit": "jest",
    "lint": "eslint '*.ts' --quiet --fix",
    "compile": "tsc",
    "test": "npm run compile && npm run unit",
}


def test_an_application_in_typescript(tmp_path: Path) -> None:
    package = json.dumps({"name": "salute", "version": "1.0.0", "scripts": SCRIPTS})
    made = Application.of(tmp_path, SALUTE | {"salute/package.json": package})
    assert found(made) == {"unit": "salute: npm run unit", "quality": "salute: npm run lint"}


def test_scripts_that_npm_puts_there_by_itself_are_no_suites(tmp_path: Path) -> None:
    scripts = {"test": 'echo "Error: no test specified" && exit 1'}
    made = Application.of(tmp_path, SALUTE | {"salute/package.json": json.dumps({"scripts": scripts})})
    assert found(made) == {}


def test_every_kind_of_suite_has_its_folder(tmp_path: Path) -> None:
    kinds = (
        "unit",
        "integration",
        "acceptance",
        "e2e",
        "load",
        "chaos",
        "dast",
        "security",
        "performance",
        "resilience",
    )
    made = Application.of(
        tmp_path, {f"tests/{kind}/test_{kind}.py": TEST for kind in kinds} | {"tests/conftest.py": ""}
    )
    assert found(made) == {
        "unit": ".: python -m pytest tests/unit",
        "integration": ".: python -m pytest tests/integration",
        "acceptance": ".: python -m pytest tests/acceptance tests/e2e",
        "performance": ".: python -m pytest tests/load tests/performance",
        "resilience": ".: python -m pytest tests/chaos tests/resilience",
        "dynamic": ".: python -m pytest tests/dast tests/security",
    }


LAYOUTS = {
    "tests alone": ({"tests/test_a.py": TEST}, ".: python -m pytest tests"),
    "a folder beside": (
        {"tests/test_a.py": TEST, "tests/unit/test_b.py": TEST, "tests/integration/test_c.py": TEST},
        ".: python -m pytest tests --ignore=tests/integration",
    ),
    "tests in each function": (
        {"one/tests/test_a.py": TEST, "two/tests/unit/test_b.py": TEST, "two/tests/e2e/b_test.py": TEST},
        ".: python -m pytest one/tests two/tests/unit",
    ),
    "tests beside the code": (
        {"src/test_a.py": TEST, "tests/integration/test_c.py": TEST},
        ".: python -m pytest --ignore=tests/integration",
    ),
    "a function called security": ({"security/tests/test_a.py": TEST}, ".: python -m pytest security/tests"),
    "a function called like a test": (
        {"load_test/app.py": "", "tests/unit/test_a.py": TEST},
        ".: python -m pytest tests/unit",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_unit_tests_are_found_where_they_are(tmp_path: Path, layout: str) -> None:
    files, command = LAYOUTS[layout]
    assert found(Application.of(tmp_path, files))["unit"] == command


def test_what_others_installed_is_no_suite(tmp_path: Path) -> None:
    others = ("node_modules/a/test_a.py", ".venv/lib/test_b.py", ".aws-sam/build/F/tests/test_c.py")
    files = dict.fromkeys(others, TEST) | {"node_modules/a/package.json": '{"scripts": {"test": "jest"}}'}
    assert found(Application.of(tmp_path, files)) == {}


def test_an_application_in_a_folder_has_its_own_suites(tmp_path: Path) -> None:
    made = Application.of(
        tmp_path, {f"service/{name}": text for name, text in GREETING.items()} | {"tests/test_a.py": TEST}
    )
    made.template = "service/template.yaml"
    assert found(made)["unit"] == "service: python -m pytest tests/unit"
    assert one(made).requirements == ("service/tests/requirements.txt", "service/greeting/requirements.txt")


def test_a_template_in_a_folder_of_its_own_is_tested_from_above(tmp_path: Path) -> None:
    files = {"infra/template.yaml": "Resources: {F: {Properties: {CodeUri: ../app}}}", "app/requirements.txt": "x\n"}
    made = Application.of(tmp_path, files | {"tests/unit/test_a.py": TEST, "requirements-dev.txt": "pytest\n"})
    made.template = "infra/template.yaml"
    assert found(made) == {"unit": ".: python -m pytest tests/unit"}
    assert one(made).requirements == ("requirements-dev.txt", "app/requirements.txt")


PYPROJECT = """
[project]
name = "beach"
version = "1"
dependencies = ["boto3"]
[project.optional-dependencies]
test = ["pytest"]
docs = ["mkdocs"]
[dependency-groups]
dev = ["ruff"]
[tool.ruff]
line-length = 100
[tool.pytest.ini_options]
addopts = "-q"
"""


def test_what_tests_need_is_found_in_pyproject(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {"pyproject.toml": PYPROJECT, "tests/test_a.py": TEST})
    assert found(made) == {"unit": ".: python -m pytest tests", "quality": ".: ruff check"}
    assert one(made).requirements == ("pyproject.toml", "pyproject.toml:dev", "pyproject.toml[test]")
    assert one(made).where == Place(file="pyproject.toml", line=13)
    assert one(made, "quality").where == Place(file="pyproject.toml", line=11)


@pytest.mark.parametrize(
    ("files", "command", "where"),
    [
        ({"ruff.toml": ""}, "ruff check", "ruff.toml"),
        ({".flake8": ""}, "flake8", ".flake8"),
        ({"setup.cfg": "[metadata]\n[flake8]\n"}, "flake8", "setup.cfg:2"),
        ({".flake8": "", ".ruff.toml": ""}, "ruff check", ".ruff.toml"),
    ],
)
def test_linters_are_found_by_their_configuration(
    tmp_path: Path, files: dict[str, str], command: str, where: str
) -> None:
    suite = one(Application.of(tmp_path, files), "quality")
    assert (suite.command, str(suite.where)) == (command, where)


def test_several_suites_of_a_kind_have_names_of_their_own(tmp_path: Path) -> None:
    package = '{"scripts": {"test": "jest"}}'
    files = {f"{folder}/package.json": package for folder in ("api", "more/api", "Web_App")}
    assert found(Application.of(tmp_path, files | {"tests/test_a.py": TEST})) == {
        "unit": ".: python -m pytest tests",
        "unit-web-app": "Web_App: npm test",
        "unit-api": "api: npm test",
        "unit-api-2": "more/api: npm test",
    }


def test_scripts_of_workspaces_are_those_of_their_root(tmp_path: Path) -> None:
    package = '{"scripts": {"test": "jest"}}'
    root = '{"workspaces": ["parts/*"], "scripts": {"test": "npm test --workspaces"}}'
    made = Application.of(tmp_path, {"package.json": root, "parts/a/package.json": package})
    assert found(made) == {"unit": ".: npm test"}


def test_declared_suites_take_the_place_of_those_found(tmp_path: Path) -> None:
    made = Application.of(tmp_path, GREETING)
    made.checks = Checks(suites=(command_suite("make test", name="fast"),))
    assert list(found(made)) == ["integration"]
    made.checks = Checks(suites=(command_suite("make test", name="integration"),))
    assert list(found(made)) == ["integration-2"]


def test_nothing_is_looked_for_when_nobody_wants_it(tmp_path: Path) -> None:
    made = Application.of(tmp_path, GREETING)
    made.checks = Checks(discover=False)
    assert made.discovered() == ()


@pytest.mark.parametrize(
    ("file", "text", "code", "where"),
    [
        ("package.json", "{\n,}", "PACKAGE_INVALID", "package.json:2"),
        ("package.json", "[]", "PACKAGE_INVALID", "package.json:1"),
        ("pyproject.toml", "[project\n", "PYPROJECT_INVALID", "pyproject.toml"),
    ],
)
def test_manifests_that_cannot_be_read_are_mistakes(
    tmp_path: Path, file: str, text: str, code: str, where: str
) -> None:
    made = Application.of(tmp_path, {file: text, "tests/test_a.py": TEST})
    with pytest.raises(SpecError) as error:
        made.discovered()
    assert (error.value.code, str(error.value.where)) == (code, where)


@pytest.fixture
def sandcastles(tmp_path: Path) -> Application:
    made = Application.of(tmp_path, {})
    shutil.copytree(EXAMPLE, made.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".shoreward", "__pycache__"))
    made.commit({})
    return made


def test_the_example_needs_no_declaration(sandcastles: Application) -> None:
    assert found(sandcastles) == {
        "unit": ".: python -m pytest tests/unit",
        "integration": ".: python -m pytest tests/integration",
    }
    assert one(sandcastles).requirements == ("requirements-dev.txt", "functions/castles/requirements.txt")
    assert one(sandcastles, "integration").requirements == ("requirements-dev.txt",)
    assert one(sandcastles).where == Place(file="pytest.ini", line=1)


def test_the_example_s_unit_tests_pass_in_an_environment_of_their_own(sandcastles: Application) -> None:
    with registry() as index:
        for name in ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "boto3", "botocore", "s3transfer"):
            index.publish_installed(name)
        for name in ("jmespath", "python-dateutil", "six", "urllib3"):
            index.publish_installed(name)
        index.publish_wheel("uuid6", "2025.0.1", {"uuid6.py": ""})
        sandcastles.environment |= {
            "UV_DEFAULT_INDEX": f"{index.address}/simple",
            "UV_CACHE_DIR": str(sandcastles.root.parent / "uv"),
            "NO_PROXY": "127.0.0.1",
        }
        report = sandcastles.run(one(sandcastles))
    assert report.findings == ()
    assert "tests on Python 3." in report.summary
    assert dict(report.measures)["tests"] > 50
