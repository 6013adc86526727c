"""The same key, the same verdict: a key changes with all that a suite reads, and with nothing else."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoreward.domain import SpecError, Suite

from .support import Application, command_suite, pytest_suite

FILES = {
    "tide/app.py": "HIGH = 4\n",
    "tests/test_tide.py": "def test_a(): pass\n",
    "requirements-dev.txt": "-r more.txt\npytest\n",
    "more.txt": "shells==1.0\n",
    "notes.md": "",
}
NARROW = ("tide/**", "tests/**")


def test_a_key_is_the_same_for_the_same_files(tmp_path: Path) -> None:
    one, other = Application.of(tmp_path / "one", FILES), Application.of(tmp_path / "two" / "deeper", FILES)
    assert one.key(pytest_suite()) == other.key(pytest_suite())
    one.commit({})
    assert one.key(pytest_suite()) == other.key(pytest_suite())


@pytest.mark.parametrize("path", FILES)
def test_a_key_changes_with_every_file_when_no_inputs_are_declared(tmp_path: Path, path: str) -> None:
    made = Application.of(tmp_path, FILES)
    before = made.key(pytest_suite())
    made.commit({path: FILES[path] + "\n"})
    assert made.key(pytest_suite()) != before


CHANGES = {
    "tide/app.py": True,
    "tests/test_tide.py": True,
    "requirements-dev.txt": True,
    "more.txt": True,
    "notes.md": False,
}


@pytest.mark.parametrize("path", CHANGES)
def test_a_key_changes_with_inputs_and_requirements_only(tmp_path: Path, path: str) -> None:
    made = Application.of(tmp_path, FILES)
    suite = pytest_suite(inputs=NARROW, requirements=("requirements-dev.txt",))
    before = made.key(suite)
    made.commit({path: FILES[path] + "# more\n"})
    assert (made.key(suite) != before) is CHANGES[path]


DECLARATIONS: dict[str, Any] = {
    "command": "python -m pytest",
    "folder": "tests",
    "inputs": ("tests/**",),
    "report": "*.xml",
    "timeout": 61.0,
    "repeat": 2,
    "kind": "quality",
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_key_changes_with_the_declaration(tmp_path: Path, name: str) -> None:
    made = Application.of(tmp_path, FILES)
    assert made.key(pytest_suite()) != made.key(pytest_suite(**{name: DECLARATIONS[name]}))


def test_a_key_changes_with_a_declared_tool(tmp_path: Path) -> None:
    made = Application.of(tmp_path, FILES)
    tools = tmp_path / "tools"
    tools.mkdir()
    made.environment["PATH"] = f"{tools}:{made.environment['PATH']}"
    keys = [made.key(command_suite("true", tools=("sand",)))]
    for content in ("#!/bin/sh\n", "#!/bin/sh\n:\n", "\x7fELF one", "\x7fELF two"):
        (tools / "sand").write_text(content)
        (tools / "sand").chmod(0o755)
        keys.append(made.key(command_suite("true", tools=("sand",))))
    assert len(set(keys)) == len(keys)


def test_a_key_changes_with_the_packages_that_a_suite_finds(tmp_path: Path) -> None:
    made = Application.of(tmp_path, FILES)
    packages = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    packages.mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "pytest").write_text("#!/bin/sh\n")
    (tmp_path / "venv" / "bin" / "pytest").chmod(0o755)
    made.environment["PATH"] = f"{tmp_path / 'venv' / 'bin'}:{made.environment['PATH']}"
    suite = pytest_suite("pytest tests")
    before = made.key(suite)
    assert str(packages) in made.check(suite).depends.files
    (packages / "shells-2.0.dist-info").mkdir()
    assert made.key(suite) != before


def test_where_packages_come_from_is_named(tmp_path: Path) -> None:
    made = Application.of(tmp_path, FILES)
    suite = pytest_suite(requirements=("requirements-dev.txt",))
    before = made.key(suite)
    assert "UV_INDEX*" in made.check(suite).depends.environment
    made.environment["UV_INDEX_URL"] = "http://127.0.0.1:9/simple"
    assert made.key(suite) != before


def test_declared_variables_and_tools_are_named(tmp_path: Path) -> None:
    check = Application.of(tmp_path, FILES).check(command_suite("make test", environment=("SAND",), tools=("jq",)))
    assert check.depends.environment == ("SAND",)
    assert check.depends.tools == ("jq", "make")
    assert check.reads == "all files, SAND, jq"


def test_the_python_of_the_functions_counts(tmp_path: Path) -> None:
    made = Application.of(tmp_path, FILES)
    suite = pytest_suite(inputs=NARROW, requirements=("requirements-dev.txt",))
    before = made.key(suite)
    other = tmp_path / "pythons" / "python3.9"
    other.parent.mkdir()
    other.write_bytes(b"\x7fELF")
    other.chmod(0o755)
    made.environment["PATH"] = f"{other.parent}:{made.environment['PATH']}"
    made.commit({"template.yaml": (made.root / "template.yaml").read_text().replace("python3.11", "python3.9")})
    assert made.key(suite) != before


def test_a_suite_of_the_sandbox_depends_on_the_whole_application(tmp_path: Path) -> None:
    made = Application.of(tmp_path, FILES)
    suite = command_suite("true", kind="integration", name="integration", inputs=("tests/**",))
    before = made.key(suite)
    made.commit({"tide/app.py": "HIGH = 5\n"})
    assert made.key(suite) != before


@pytest.mark.parametrize("where", ["requirements-dev.txt:2", "shoreward.yaml:7"])
def test_missing_requirements_are_named_where_they_are_asked_for(tmp_path: Path, where: str) -> None:
    made = Application.of(tmp_path, {**FILES, "requirements-dev.txt": "pytest\n-r none.txt\n"})
    name = "requirements-dev.txt" if where.startswith("requirements") else "nowhere.txt"
    with pytest.raises(SpecError) as error:
        made.key(pytest_suite(requirements=(name,)))
    assert (error.value.code, str(error.value.where)) == ("REQUIREMENTS_MISSING", where)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(
            ["tide/app.py", "tests/test_tide.py", "requirements-dev.txt", "more.txt", "notes.md", "new.py"]
        ),
        st.sampled_from(["", "HIGH = 4\n", "HIGH = 5\n", "-r more.txt\n"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS, narrow=st.booleans())
def test_equal_keys_mean_equal_files(edits: list[tuple[str, str]], narrow: bool) -> None:
    """Whatever is edited: as long as the key is one that was seen, so is what the suite reads."""
    with tempfile.TemporaryDirectory() as directory:
        made = Application.of(Path(directory), FILES)
        inputs = NARROW if narrow else ()
        suite: Suite = pytest_suite(inputs=inputs, requirements=("requirements-dev.txt",))
        content = dict(FILES)
        seen: dict[str | None, str] = {}
        for path, text in [("notes.md", ""), *edits]:
            content[path] = text
            made.commit({path: text})
            read = {name: text for name, text in content.items() if not narrow or name.startswith(("tide/", "tests/"))}
            asked = [content["requirements-dev.txt"]]
            asked += [content["more.txt"]] if "more.txt" in asked[0] else []
            state = json.dumps([read, asked], sort_keys=True)
            assert seen.setdefault(made.key(suite), state) == state
        assert len(seen) == len(set(seen.values()))
