"""What a suite sees: the files that it declares, few variables, and the sandbox."""

import json
from pathlib import Path

import pytest

from shoreward.domain import SpecError, Terminal

from .support import DECLARED, Application, command_suite, only

FILES = {
    "tide/app.py": "",
    "tide/data/high.csv": "4\n",
    "wind/app.py": "",
    "docs/page.md": "",
    "notes.md": "",
}


def seen(made: Application, note: Path, *inputs: str, folder: str = "") -> list[str]:
    suite = command_suite(f"find . -type f | sort > {note}", inputs=inputs, folder=folder)
    assert made.run(suite).findings == ()
    return [line.removeprefix("./") for line in note.read_text().split()]


def test_a_suite_sees_what_is_committed_and_nothing_else(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {**FILES, ".gitignore": "secret\n"})
    (made.root / "secret").write_text("")
    (made.root / "new.py").write_text("")
    assert seen(made, tmp_path / "note") == sorted([".gitignore", "template.yaml", *FILES])


INPUTS = {
    ("tide/**",): ["tide/app.py", "tide/data/high.csv"],
    ("tide/data/high.csv",): ["tide/data/high.csv"],
    ("tide", "docs/*.md"): ["docs/page.md", "tide/app.py", "tide/data/high.csv"],
    ("*.md",): ["docs/page.md", "notes.md"],
    ("tide/**", "!tide/data/**"): ["tide/app.py"],
    ("!tide/**", "!*.md"): ["template.yaml", "wind/app.py"],
    ("*/app.py",): ["tide/app.py", "wind/app.py"],
}


@pytest.mark.parametrize("inputs", INPUTS, ids=" ".join)
def test_a_suite_sees_only_its_inputs(tmp_path: Path, inputs: tuple[str, ...]) -> None:
    assert seen(Application.of(tmp_path, FILES), tmp_path / "note", *inputs) == INPUTS[inputs]


def test_a_suite_runs_in_its_folder(tmp_path: Path) -> None:
    made = Application.of(tmp_path, FILES)
    assert seen(made, tmp_path / "note", folder="tide") == ["app.py", "data/high.csv"]


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("SUITE_INPUTS", {"inputs": ("sand/**",)}),
        ("SUITE_FOLDER", {"folder": "sand"}),
        ("SUITE_FOLDER", {"folder": "wind", "inputs": ("tide/**",)}),
    ],
)
def test_a_suite_that_sees_nothing_is_a_mistake(tmp_path: Path, code: str, more: dict[str, object]) -> None:
    made = Application.of(tmp_path, FILES)
    suite = command_suite("true", **more)
    for ask in (made.run, made.key):
        with pytest.raises(SpecError) as error:
            ask(suite)
        assert (error.value.code, error.value.where) == (code, DECLARED)


def variables(made: Application, note: Path, **more: object) -> dict[str, str]:
    made.run(command_suite(f"env > {note}", **more))
    return dict(line.partition("=")[::2] for line in note.read_text().splitlines())


def test_a_suite_sees_few_variables(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    made.environment |= {
        "SAND": "wet",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "PYTHONPATH": "/x",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
    }
    found = variables(made, tmp_path / "note")
    shell = {"PWD", "OLDPWD", "_", "SHLVL", "SHOREWARD_RUN"}
    assert {name: value for name, value in found.items() if name not in shell | {"PATH", "HOME", "TMPDIR"}} == {
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "SHELL": "/bin/sh",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "CI": "true",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONUNBUFFERED": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_SYNC": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    assert Path(found["HOME"]).parent == Path(found["TMPDIR"]).parent
    assert found["PATH"].endswith(made.environment["PATH"])


def test_a_suite_sees_the_variables_that_it_declares(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    made.environment |= {"SAND": "wet", "TZ": "Asia/Tokyo"}
    found = variables(made, tmp_path / "note", environment=("SAND", "SHELLS", "TZ"))
    assert (found["SAND"], found["TZ"], "SHELLS" in found) == ("wet", "Asia/Tokyo", False)


SANDBOX = {
    "stack": "beach-main",
    "account": "123456789012",
    "region": "eu-north-1",
    "outputs": {"ApiUrl": "https://beach", "CastlesTableName": "castles", "PATH": "nowhere", "Path": "sand"},
    "environment": {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "secret",
    },
}


def test_a_suite_finds_the_sandbox_as_it_would_find_a_stack(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    made.products = {"sandbox": json.dumps(SANDBOX)}
    made.environment |= {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "other", "NO_PROXY": "127.0.0.1"}
    found = variables(made, tmp_path / "note", kind="integration", name="integration")
    expected = {
        "AWS_SAM_STACK_NAME": "beach-main",
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "ApiUrl": "https://beach",
        "API_URL": "https://beach",
        "CASTLES_TABLE_NAME": "castles",
        "Path": "sand",
        "NO_PROXY": "127.0.0.1",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["PATH"].endswith(made.environment["PATH"])
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_EC2_METADATA_DISABLED"} & found.keys()


def test_without_credentials_of_the_sandbox_those_of_this_process_are_used(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    made.products = {"sandbox": json.dumps(SANDBOX | {"environment": {}})}
    made.environment |= {"AWS_PROFILE": "sandbox", "AWS_CONFIG_FILE": "/etc/aws"}
    found = variables(made, tmp_path / "note", kind="acceptance", name="acceptance")
    assert (found["AWS_PROFILE"], found["AWS_CONFIG_FILE"]) == ("sandbox", "/etc/aws")


@pytest.mark.parametrize("product", ["", "{", "[]", '{"stack": "beach"}'])
def test_without_a_sandbox_nothing_can_be_told(tmp_path: Path, product: str) -> None:
    made = Application.of(tmp_path, {})
    made.products = {"sandbox": product}
    with pytest.raises(Terminal) as error:
        made.run(command_suite("true", kind="integration", name="integration"))
    assert error.value.code == "SUITE_SANDBOX"


def test_suites_of_the_sandbox_need_it_and_do_not_run_side_by_side(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    check = made.check(command_suite("true", kind="integration", name="integration"))
    assert (check.needs, check.lane, check.waits) == (("sandbox",), "sandbox", True)
    unit = made.check(command_suite("true"))
    assert (unit.needs, unit.lane, unit.waits) == ((), "", False)


def test_a_failure_in_the_sandbox_is_not_kept(tmp_path: Path) -> None:
    made = Application.of(tmp_path, {})
    made.products = {"sandbox": json.dumps(SANDBOX)}
    report = made.run(command_suite("false", kind="integration", name="integration"))
    assert only(report).rule == "command-failed"
    assert not report.lasting
