"""Virtual environments of suites, made by uv: once for what their requirements files say, and then kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from shoreward.adapters.suites.making import Kitchen, Tool
from shoreward.adapters.suites.requirements import Project, Requirements
from shoreward.adapters.suites.wanted import Wanted
from shoreward.domain import SpecError

_EDITABLE = re.compile(rb"^(\s*)(?:-e|--editable)[\s=]+", re.MULTILINE)
_ADVICE = (
    "Mend the requirement; when functions need versions that do not go together, declare a suite for each of them."
)


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
