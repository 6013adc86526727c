"""The hook of .pre-commit-hooks.yaml, as the real pre-commit installs and runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
PACKAGE = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "examples/sandcastles", "pyproject.toml", "src")
LEAK = f'KEY = "AKIA{"Q3EGRXVYX2P5TJ6W"}"\n'


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with git and pre-commit, a home of their own, and no network."""

    home: Path

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        names = [f"GIT_{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "PRE_COMMIT_HOME": str(self.home / "hooks"),
            "VIRTUALENV_OVERRIDE_APP_DATA": str(self.home / "virtualenv"),
            # The package is built and installed as from anywhere; what it needs is taken from the tests' environment.
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PYTHONPATH": sysconfig.get_path("purelib"),
            **dict.fromkeys(names, "kim@example.org"),
        }
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)

    def git(self, folder: Path, *arguments: str) -> str:
        done = self.run(folder, "git", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def commit(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(folder, "git", "commit", "--quiet", "--message", "A change", *arguments)


@pytest.fixture
def kim(tmp_path: Path) -> Person:
    home = tmp_path / "home"
    home.mkdir()
    return Person(home)


@pytest.fixture
def hooks(kim: Person, tmp_path: Path) -> Path:
    """A repository that holds what this one holds."""
    root = tmp_path / "shoreward"
    for path in PACKAGE:
        source, target = HERE / path, root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "dist", ".shoreward"))
        else:
            shutil.copy(source, target)
    kim.git(root, "init", "--quiet")
    kim.git(root, "add", "--all")
    kim.git(root, "commit", "--quiet", "--message", "A release")
    return root


@pytest.fixture
def app(kim: Person, hooks: Path, tmp_path: Path) -> Path:
    """A new application, with the hook and without a commit."""
    root = tmp_path / "app"
    shutil.copytree(hooks / "examples" / "sandcastles", root)
    rev = kim.git(hooks, "rev-parse", "HEAD")
    (root / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks}\n    rev: {rev}\n    hooks:\n      - id: shoreward-check\n"
    )
    kim.git(root, "init", "--quiet")
    kim.git(root, "add", "--all")
    assert kim.run(root, "pre-commit", "install").returncode == 0
    return root


def test_a_clean_commit_passes_and_a_secret_is_refused_with_its_line(kim: Person, app: Path):
    # When everything is clean, the very first commit is made
    first = kim.commit(app)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Passed" in first.stderr

    # When a secret is about to be committed, there is no commit, and its line is told
    leak = app / "functions" / "castles" / "keys.py"
    leak.write_text(LEAK)
    kim.git(app, "add", "--all")
    refused = kim.commit(app)
    assert refused.returncode == 1
    assert "functions/castles/keys.py:1" in refused.stderr
    assert kim.git(app, "rev-list", "--count", "HEAD") == "1"

    # What lies in the work tree and is not committed hinders nobody, however the commit is made
    kim.git(app, "reset", "--quiet")
    (app / "README.md").write_text("Castles.\n")
    second = kim.commit(app, "--all")
    assert second.returncode == 0, second.stdout + second.stderr

    # And a secret that only this way of committing takes along is found, too
    (app / "README.md").write_text(LEAK)
    third = kim.commit(app, "README.md")
    assert (third.returncode, "README.md:1" in third.stderr) == (1, True), third.stdout + third.stderr
    assert kim.git(app, "rev-list", "--count", "HEAD") == "2"
