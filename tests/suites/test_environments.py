"""Environments: made once for what manifests say, whole or not at all, and blamed on the line that cannot be had."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from shoreward.adapters.suites.store import UNUSED, Environments
from shoreward.domain import Retryable, SpecError, Terminal

from .registry import Registry, registry, wheel
from .support import Application, command_suite, only

SHELLS = {"shells.py": "COUNT = 3\n\n\ndef main():\n    print('shells')\n"}


@pytest.fixture(scope="module")
def index() -> Iterator[Registry]:
    with registry() as found:
        found.publish_wheel("shells", "1.0", SHELLS, requires=("pebbles>=2",))
        found.publish_wheel("pebbles", "2.1", {"pebbles.py": "COUNT = 9\n"})
        found.publish_wheel("pytest", "8.0", {"pytest/__init__.py": "", "pytest/__main__.py": "print('ours')\n"})
        found.publish_package("rays", "1.0.0", {"index.js": "module.exports = 3;\n"})
        yield found


def application(directory: Path, index: Registry, files: dict[str, str]) -> Application:
    made = Application.of(directory, files)
    made.environment |= {
        "HOME": str(directory),
        "UV_CACHE_DIR": str(directory / "uv"),
        "UV_DEFAULT_INDEX": f"{index.address}/simple",
        "UV_HTTP_RETRIES": "0",
        "npm_config_cache": str(directory / "npm"),
        "npm_config_registry": f"{index.address}/npm/",
        "npm_config_fetch_retries": "0",
        "NO_PROXY": "127.0.0.1",
    }
    return made


PYTHON = "python -c 'import shells, pebbles; print(shells.COUNT, pebbles.COUNT)'"


def test_requirements_are_there(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"dev/requirements.txt": "-r ../all.txt\n", "all.txt": "shells==1.0  # hard\n"})
    suite = command_suite(f"{PYTHON} && shells", requirements=("dev/requirements.txt",))
    report = made.run(suite)
    assert report.findings == ()
    assert report.log == "3 9\nshells\n"
    assert report.summary == f"the command passed on Python {sys.version_info.major}.{sys.version_info.minor}"


def test_nothing_is_resolved_again_while_requirements_are_unchanged(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"requirements.txt": "shells\n"})
    suite = command_suite(PYTHON, requirements=("requirements.txt",))
    made.run(suite)
    made.commit({"tide.py": "HIGH = 4\n"})
    shutil.rmtree(tmp_path / "uv")
    asked = len(index.asked)
    assert made.run(suite).log == "3 9\n"
    assert len(index.asked) == asked
    made.commit({"requirements.txt": "shells\npebbles\n"})
    assert made.run(suite).log == "3 9\n"
    assert len(list(made.environments.glob("*/.complete"))) == 2


PROJECT = """
[project]
name = "beach"
version = "1"
dependencies = ["pebbles"]
[project.optional-dependencies]
test = ["shells"]
[dependency-groups]
dev = ["shells"]
"""


@pytest.mark.parametrize(
    ("named", "has"),
    [
        (("pyproject.toml",), "9"),
        (("pyproject.toml:dev",), "3 9"),
        (("pyproject.toml[test]",), "3 9"),
        (("pyproject.toml", "pyproject.toml:dev"), "3 9"),
    ],
)
def test_projects_say_what_they_need(tmp_path: Path, index: Registry, named: tuple[str, ...], has: str) -> None:
    made = application(tmp_path, index, {"pyproject.toml": PROJECT})
    ask = PYTHON if has == "3 9" else "python -c 'import pebbles; print(pebbles.COUNT)'"
    assert made.run(command_suite(ask, requirements=named)).log == f"{has}\n"


def test_a_lock_file_decides(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"pyproject.toml": PROJECT})
    subprocess.run([find_uv_bin(), "lock", "-q"], cwd=made.root, env=made.environment, check=True)
    made.commit({})
    index.publish_wheel("pebbles", "2.2", {"pebbles.py": "COUNT = 10\n"})
    try:
        assert made.run(command_suite(PYTHON, requirements=("pyproject.toml:dev",))).log == "3 9\n"
    finally:
        del index.files["/simple/pebbles/pebbles-2.2-py3-none-any.whl"]


def test_a_test_runner_that_nobody_asked_for_is_added(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"requirements.txt": "shells\n"})
    suite = command_suite("python -m pytest", requirements=("requirements.txt",))
    with pytest.raises(Terminal) as error:  # this index has another pytest, which writes no report
        made.run(suite)
    assert error.value.code == "SUITE_REPORT"


def test_uv_run_finds_the_environment_that_was_made(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"pyproject.toml": PROJECT})
    suite = command_suite("uv run python -c 'import shells; print(shells.COUNT)'", requirements=("pyproject.toml:dev",))
    asked = len(index.asked)
    assert made.run(suite).log == "3\n"
    assert len(index.asked) > asked


BAD = {
    "an unknown package": ("shells\n\nno-such-package==1.0\n", "requirements.txt:3"),
    "an unknown version": ("shells==9.9\n", "requirements.txt:1"),
    "a contradiction": ("shells\npebbles==1.0\n", "requirements.txt:2"),
    "a package behind it": ("# first\nshells\n-r more.txt\n", "more.txt:2"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_had_is_named_with_its_line(tmp_path: Path, index: Registry, kind: str) -> None:
    text, where = BAD[kind]
    made = application(tmp_path, index, {"requirements.txt": text, "more.txt": "pebbles\nNo.Such_Package\n"})
    with pytest.raises(SpecError) as error:
        made.run(command_suite("true", requirements=("requirements.txt",)))
    assert (error.value.code, str(error.value.where)) == ("REQUIREMENTS_UNRESOLVABLE", where)
    assert not [path for path in made.environments.iterdir() if path.is_dir()]


def test_an_index_that_does_not_answer_is_not_the_change_s_fault(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"requirements.txt": "shells\n"})
    made.environment["UV_DEFAULT_INDEX"] = "http://127.0.0.1:9/simple"
    with pytest.raises(Retryable) as error:
        made.run(command_suite("true", requirements=("requirements.txt",)))
    assert error.value.code == "SUITE_NETWORK"
    assert not [path for path in made.environments.iterdir() if path.is_dir()]


@pytest.mark.parametrize("status", [500, 503])
def test_an_index_in_trouble_is_not_the_change_s_fault(tmp_path: Path, status: int) -> None:
    with registry() as broken:
        broken.status = status
        made = application(tmp_path, broken, {"requirements.txt": "shells\n"})
        with pytest.raises(Retryable) as error:
            made.run(command_suite("true", requirements=("requirements.txt",)))
    assert error.value.code == "SUITE_NETWORK"


def test_code_of_the_repository_can_be_required(tmp_path: Path, index: Registry) -> None:
    files = {"requirements.txt": "./wheels/sand-1-py3-none-any.whl\n"}
    made = application(tmp_path, index, files)
    (made.root / "wheels").mkdir()
    (made.root / "wheels" / "sand-1-py3-none-any.whl").write_bytes(wheel("sand", "1", {"sand.py": "GRAINS = 5\n"}))
    made.commit({})
    suite = command_suite("python -c 'import sand; print(sand.GRAINS)'", requirements=("requirements.txt",))
    assert made.run(suite).log == "5\n"


PACKAGE = {
    "name": "sun",
    "version": "1.0.0",
    "scripts": {"test": "node check.js"},
    "devDependencies": {"rays": "^1.0.0"},
}
CHECK = "if (require('rays') !== 3) process.exit(1);\nconsole.log(require.resolve('rays'));\n"


def test_node_dependencies_are_installed_once(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"sun/package.json": json.dumps(PACKAGE), "sun/check.js": CHECK})
    suite = command_suite("npm test", folder="sun")
    assert str(made.environments) in made.run(suite).log
    asked = len(index.asked)
    made.commit({"sun/check.js": f"// bright\n{CHECK}"})
    assert made.run(suite).findings == ()
    assert len(index.asked) == asked


def test_packages_of_the_repository_are_the_workspace_s_own(tmp_path: Path, index: Registry) -> None:
    files = {
        "package.json": json.dumps(
            {"name": "all", "version": "1.0.0", "workspaces": ["parts/*"], "scripts": PACKAGE["scripts"]}
        ),
        "parts/moon/package.json": json.dumps({"name": "moon", "version": "1.0.0", "main": "index.js"}),
        "parts/moon/index.js": "module.exports = 1;\n",
        "check.js": "console.log(require('moon'), require.resolve('moon'));\n",
    }
    made = application(tmp_path, index, files)
    log = made.run(command_suite("npm test")).log
    assert log == "1 parts/moon/index.js\n"


@pytest.mark.parametrize("wanted", ["^9.0.0", "missing"])
def test_node_packages_that_cannot_be_had_are_named_with_their_line(
    tmp_path: Path, index: Registry, wanted: str
) -> None:
    name = "rays" if wanted != "missing" else "no-such-rays"
    package = PACKAGE | {"devDependencies": {name: "^9.0.0"}}
    made = application(tmp_path, index, {"package.json": json.dumps(package, indent=1), "check.js": CHECK})
    with pytest.raises(SpecError) as error:
        made.run(command_suite("npm test"))
    assert (error.value.code, str(error.value.where)) == ("REQUIREMENTS_UNRESOLVABLE", "package.json:8")


def test_a_registry_that_does_not_answer_is_not_the_change_s_fault(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"package.json": json.dumps(PACKAGE), "check.js": CHECK})
    made.environment["npm_config_registry"] = "http://127.0.0.1:9/"
    with pytest.raises(Retryable) as error:
        made.run(command_suite("npm test"))
    assert error.value.code == "SUITE_NETWORK"


def test_a_package_json_that_cannot_be_read_is_a_mistake_at_its_line(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"package.json": '{\n  "name": "sun",\n}\n'})
    with pytest.raises(SpecError) as error:
        made.run(command_suite("npm test"))
    assert (error.value.code, str(error.value.where)) == ("PACKAGE_INVALID", "package.json:3")


def test_an_environment_is_made_once_however_many_want_it(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        time.sleep(0.05)
        made.append(path)
        (path / "python").mkdir()

    found: list[Path] = []
    stop = threading.Event()
    threads = [
        threading.Thread(target=lambda: found.append(Environments(tmp_path).get("key", make, stop))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), found) == (1, [tmp_path / "key"] * 5)


def test_half_an_environment_is_never_used(tmp_path: Path) -> None:
    maker = f"""
import os, threading
from pathlib import Path
from shoreward.adapters.suites.store import Environments

def make(path):
    (path / "half").touch()
    os.kill(os.getpid(), 9)

Environments(Path({str(tmp_path)!r})).get("key", make, threading.Event())
"""
    assert subprocess.run([sys.executable, "-c", maker], check=False).returncode == -9
    assert (tmp_path / "key" / "half").exists()
    path = Environments(tmp_path).get("key", lambda path: (path / "whole").touch(), threading.Event())
    assert sorted(one.name for one in path.iterdir()) == [".complete", "whole"]


def test_one_that_failed_is_made_anew(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        (path / "half").touch()
        raise OSError("wet")

    environments = Environments(tmp_path)
    with pytest.raises(OSError, match="wet"):
        environments.get("key", fail, threading.Event())
    assert not (tmp_path / "key").exists()


def test_who_waits_for_another_maker_can_be_stopped(tmp_path: Path) -> None:
    begun, stop, go_on = threading.Event(), threading.Event(), threading.Event()

    def slow(path: Path) -> None:
        del path
        begun.set()
        go_on.wait()

    maker = threading.Thread(target=lambda: Environments(tmp_path).get("key", slow, threading.Event()))
    maker.start()
    begun.wait()
    stop.set()
    with pytest.raises(Retryable) as error:
        Environments(tmp_path).get("key", slow, stop)
    go_on.set()
    maker.join()
    assert error.value.code == "SUITE_STOPPED"


def test_what_nobody_used_for_long_goes(tmp_path: Path) -> None:
    environments, stop = Environments(tmp_path), threading.Event()
    for key in ("old", "used"):
        environments.get(key, lambda path: None, stop)
        long_ago = time.time() - UNUSED - 60
        os.utime(tmp_path / key / ".complete", (long_ago, long_ago))
    environments.get("used", lambda path: None, stop)
    environments.get("new", lambda path: None, stop)
    assert sorted(path.parent.name for path in tmp_path.glob("*/.complete")) == ["new", "used"]


def test_a_finding_of_a_suite_names_the_python_that_was_to_be_had(tmp_path: Path, index: Registry) -> None:
    made = application(tmp_path, index, {"requirements.txt": "shells\n"})
    made.commit({"template.yaml": (made.root / "template.yaml").read_text().replace("python3.11", "python3.99")})
    report = made.run(command_suite("false", requirements=("requirements.txt",)))
    assert only(report).rule == "command-failed"
    assert "3.99, which the functions run on, is not on this machine" in report.summary
