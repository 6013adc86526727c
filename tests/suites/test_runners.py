"""Commands are taken apart: which runner is behind them, and how it is asked."""

from pathlib import Path

import pytest

from shoreward.adapters.suites.commands import expanded, folder_of, segments
from shoreward.adapters.suites.ground import speaks_node
from shoreward.adapters.suites.runners import only, parts
from shoreward.adapters.suites.tools import runtime_of

RECOGNISED = {
    "pytest": "pytest",
    "pytest tests/unit -v": "pytest",
    "python -m pytest": "pytest",
    "python3.12 -X dev -m pytest tests": "pytest",
    ".venv/bin/python -m pytest": "pytest",
    "uv run pytest": "pytest",
    "uv run --frozen python -m pytest": "pytest",
    "coverage run --branch -m pytest tests": "pytest",
    "A=1 B='two words' pytest": "pytest",
    "pytest -k 'a and (b or c)'": "pytest",
    "pytest > out.txt": None,
    "pytest; true": None,
    "pytest-watch": None,
    "echo pytest": None,
    "ruff check .": "ruff",
    "python -m ruff check": "ruff",
    "ruff format --check": None,
    "flake8 src": "flake8",
    "node --test": "node",
    "node --experimental-vm-modules --test tests/": "node",
    "c8 node --test": "node",
    "node index.js": None,
    "mocha tests/unit/": "mocha",
    "npx mocha": "mocha",
    "nyc --all mocha": "mocha",
    "jest": "jest",
    "NODE_OPTIONS=--experimental-vm-modules npx jest": "jest",
    "cross-env A=1 jest": "jest",
    "node --experimental-vm-modules node_modules/jest/bin/jest.js": "jest",
    "vitest run": "vitest",
    "eslint '*.ts' --quiet --fix": "eslint",
    "make test": None,
}


@pytest.mark.parametrize("command", RECOGNISED)
def test_runners_are_recognised(command: str) -> None:
    [part] = parts(command)
    assert (part.runner.name if part.runner else None) == RECOGNISED[command]


ASKED = {
    "pytest -v tests": "pytest -v tests --junitxml=/r -o junit_family=xunit1 --tb=auto",
    "pytest -- tests": "pytest --junitxml=/r -o junit_family=xunit1 --tb=auto -- tests",
    "node --test tests": "node --test-reporter=junit --test-reporter-destination=/r --test-reporter=spec"
    " --test-reporter-destination=stdout --test tests",
    "mocha tests/unit": "mocha tests/unit --reporter=xunit --reporter-option=output=/r",
    "eslint '*.ts' --quiet --fix": "eslint '*.ts' --quiet --format=json --output-file=/r",
    "ruff check --fix . --unsafe-fixes": "ruff check . --output-format=sarif --output-file=/r",
    "make test": "make test",
}


@pytest.mark.parametrize("command", ASKED)
def test_runners_are_asked_for_a_report(command: str) -> None:
    [part] = parts(command)
    assert " ".join(part.asking(Path("/r")).split()) == ASKED[command]


ONLY = {
    "python -m pytest tests": "python -m pytest t::a",
    "pytest -v tests -x": "pytest -v -x t::a",
    "pytest -k 'a or b' tests/unit -n 2 tests": "pytest -k 'a or b' -n 2 t::a",
    "pytest --cov tests tests": "pytest --cov tests t::a",
    "pytest tests::b --tb=short -q": "pytest --tb=short -q t::a",
}


@pytest.mark.parametrize("command", ONLY)
def test_pytest_is_asked_for_some_tests(command: str) -> None:
    [part] = parts(command)
    assert only(part, ["t::a"], lambda path: path in ("tests", "tests/unit")) == ONLY[command]


def test_a_command_has_parts() -> None:
    assert segments("a 'b && c' && d \"&&\" e&&f \\&\\& g & h") == ["a 'b && c' ", ' d "&&" e', "f \\&\\& g & h"]
    assert folder_of("cd service && cd tests && pytest", "apps") == "apps/service/tests"
    assert folder_of("pytest", "") == ""


SCRIPTS = {
    "test": "npm run compile && npm run unit",
    "compile": "tsc",
    "unit": "jest",
    "postunit": "echo done",
    "loop": "npm run loop",
    "lint:js": "eslint .",
}
EXPANDED = {
    "npm test": "tsc && jest && echo done",
    "npm t": "tsc && jest && echo done",
    "npm run unit -- --ci": "jest --ci && echo done",
    "npm run -s lint:js": "eslint .",
    "yarn unit": "jest && echo done",
    "pnpm run lint:js": "eslint .",
    "npm ci && npm run lint:js": "npm ci && eslint .",
    "npm run unknown": "npm run unknown",
    "npm run unit --workspace a": "npm run unit --workspace a",
    "npm install": "npm install",
    "npm unit": "npm unit",
}


@pytest.mark.parametrize("command", EXPANDED)
def test_scripts_stand_for_their_commands(command: str) -> None:
    assert " ".join(expanded(command, SCRIPTS).replace("&&", " && ").split()) == EXPANDED[command]


def test_a_script_that_calls_itself_ends() -> None:
    assert expanded("npm run loop", SCRIPTS) == "npm run loop"


@pytest.mark.parametrize(
    ("command", "node"),
    [("npm test", True), ("CI=1 npx jest", True), ("cd a && node b.js", True), ("jest", True), ("make test", False)],
)
def test_commands_of_node_are_known(command: str, node: bool) -> None:
    assert speaks_node(command) is node


@pytest.mark.parametrize(
    ("template", "version"),
    [
        ("Runtime: python3.12", "3.12"),
        ('{"Runtime": "python3.9"}', "3.9"),
        ("Runtime: python3.9\nRuntime: 'python3.13'", "3.13"),
        ("# python3.9 was here\nRuntime: python3.12", "3.12"),
        ("Runtime: !Ref Python\nDefault: python3.11", "3.11"),
        ("Runtime: nodejs22.x", ""),
    ],
)
def test_the_runtime_of_the_functions_is_read(template: str, version: str) -> None:
    assert runtime_of(template.encode()) == version
