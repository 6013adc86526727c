"""A shop for each test, and the environment of whoever works on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .shop import Shop

THEIRS = ("AWS_", "SHOREWARD_", "UV_", "PIP_", "GIT_", "FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_")


@pytest.fixture
def environment() -> Iterator[None]:
    """This process's environment, without what a person at this machine has put there; tests may change it."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(THEIRS):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def shop(tmp_path: Path, environment: None) -> Shop:
    """An application that passes."""
    home, tools = tmp_path / "home", tmp_path / "bin"
    for folder in (home, tools):
        folder.mkdir()
    (tools / "teller").write_text("#!/bin/sh\n")
    (tools / "teller").chmod(0o755)
    os.environ |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "MODE": "right"}
    os.environ["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return Shop.built(tmp_path / "shop")
