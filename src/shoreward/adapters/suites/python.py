"""Virtual environments of suites, made by uv: once for what their requirements files say, and then kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shoreward.adapters.suites.making import Kitchen, Tool
from shoreward.adapters.suites.requirements import Project, Requirements
from shoreward.adapters.suites.tools import Interpreter, fingerprint, kind_of_machine
from shoreward.domain import Place, SpecError, digest_of

RESOLVING = (
    "UV_DEFAULT_INDEX", "UV_INDEX*", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_EXCLUDE_NEWER",
    "UV_PRERELEASE", "UV_RESOLUTION", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_OFFLINE",
)  # fmt: skip
"""Variables that decide which packages uv finds, and where."""

CONFIGURATION = ("~/.config/uv/uv.toml", "/etc/uv/uv.toml")
"""Files that decide it, too."""

_EDITABLE = re.compile(rb"^(\s*)(?:-e|--editable)[\s=]+", re.MULTILINE)
_ADVICE = (
    "Mend the requirement; when functions need versions that do not go together, declare a suite for each of them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A virtual environment to be made.

    Attributes:
        added: packages beside the requirements: the tool that runs the suite, where nobody asked for it.
        tree: id of the commit's tree when requirements name anything else in the repository, else "".
        where: the place where the suite is declared.
    """

    requirements: Requirements
    python: Interpreter
    added: tuple[str, ...] = ()
    tree: str = ""
    where: Place | None = None


def key_of(wanted: Wanted, environment: Mapping[str, str]) -> str:
    """Digest of all that decides what is in the environment."""
    needed = wanted.requirements
    contents = [[path, content.decode(errors="replace")] for path, content in needed.contents]
    asked = [list(needed.files), [[one.file, one.group, one.extra] for one in needed.projects], list(wanted.added)]
    base = os.path.realpath(wanted.python.path)
    made_by = [wanted.python.version, base, fingerprint(base), kind_of_machine()]
    return digest_of("python", contents, asked, wanted.tree, made_by, resolving(environment))


def resolving(environment: Mapping[str, str]) -> list[list[str]]:
    """What decides on this machine which packages uv finds."""
    names = tuple(name.removesuffix("*") for name in RESOLVING)
    chosen = [[name, value] for name, value in sorted(environment.items()) if name.startswith(names)]
    files = [Path(name).expanduser() for name in CONFIGURATION]
    return chosen + [[str(path), path.read_text(errors="replace")] for path in files if path.is_file()]


def make(wanted: Wanted, target: Path, staged: Path, kitchen: Kitchen) -> None:
    """Make a virtual environment in `target`/python.

    Args:
        staged: a folder with the requirements files, or all of the commit when they need it. It is written to.

    Raises:
        SpecError: REQUIREMENTS_UNRESOLVABLE, at the line that cannot be had.
        Retryable: SUITE_NETWORK, SUITE_STOPPED.
        Terminal: ENVIRONMENT_FAILED.
    """
    needed = wanted.requirements
    for path in needed.files:  # the environment outlives the folder that `-e` would point to
        (staged / path).write_bytes(_EDITABLE.sub(rb"\1", (staged / path).read_bytes()))
    first = needed.files[0] if needed.files else needed.projects[0].file
    uv = _Uv(wanted, (staged / first).parent, kitchen)
    folder = target / "python"
    uv.run("venv", "--no-project", "--python", wanted.python.path, str(folder))
    arguments: list[str] = [part for file in needed.files for part in ("-r", str(staged / file))]
    for project in needed.projects:
        arguments += _asked(project, staged, needed, uv)
    uv.run("pip", "install", "--python", str(folder), *arguments, *wanted.added)


@dataclass(frozen=True, slots=True)
class _Uv:
    wanted: Wanted
    folder: Path
    kitchen: Kitchen

    def run(self, *arguments: str) -> None:
        from uv import find_uv_bin

        command = (find_uv_bin(), *arguments, "--quiet", "--no-progress", "--color", "never")
        extra = {"UV_PYTHON_DOWNLOADS": "never"}
        failed = self.kitchen.run(Tool(name="uv", command=command, folder=self.folder, extra=extra))
        if failed:
            what = f"The Python environment cannot be made; uv said:\n{failed}\n"
            where = self.wanted.requirements.blamed(failed)
            raise SpecError("REQUIREMENTS_UNRESOLVABLE", what, where=where, next=_ADVICE)


def _asked(project: Project, staged: Path, needed: Requirements, uv: _Uv) -> list[str]:
    """What uv is told to install of a project: what its lock file says, if it has one."""
    file = staged / project.file
    if any(path == project.lock for path, _ in needed.contents):
        listed = file.with_name(f"locked-{project.group}-{project.extra}.txt")
        chosen = [f"--only-group={project.group}"] if project.group else []
        chosen += [f"--extra={project.extra}"] if project.extra else []
        how = ("--frozen", "--no-default-groups", "--no-emit-project", "--no-header", "--python", uv.wanted.python.path)
        uv.run("export", "--project", str(file.parent), *how, *chosen, "--output-file", str(listed))
        return ["-r", str(listed)]
    if project.group:
        return ["--group", f"{file}:{project.group}"]
    return ["-r", str(file), *(["--extra", project.extra] if project.extra else [])]
