"""Two ways to ask `shoreward check --json`: as a process, as people do, or in this one, as `--watch` does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shoreward.bootstrap import open_project
from shoreward.cli.answers import EXIT, plain
from shoreward.cli.checking import Asked, prepare, run
from shoreward.domain import ShorewardError, SpecErrors

from .case import Case
from .ground import Ground

PATIENCE = 900.0
"""Seconds after which nobody waits for an answer any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer: the exit code, and what the JSON holds; `errors` when the request was refused."""

    code: int
    checks: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    findings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


Ask = Callable[[Ground, Case], Said]


def by_process(ground: Ground, case: Case) -> Said:
    """As a person at a desk asks."""
    chosen = [f"--only={name}" for name in case.only] or ([] if case.cost == "sandbox" else ["--skip=sandbox"])
    command = [sys.executable, "-m", "shoreward", "check", "--json", "--keep-going", *chosen]
    done = subprocess.run(
        command,
        cwd=ground.root,
        env=ground.environment | case.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return _said(done.returncode, json.loads(done.stdout))


def as_watched(ground: Ground, case: Case) -> Said:
    """As `--watch` asks once more after an edit: the engines that judge templates are there already."""
    skipped = () if case.only or case.cost == "sandbox" else ("sandbox",)
    asked = Asked(only=case.only, skip=skipped, keep_going=True, json=True)
    with ground.around(case.environment):
        try:
            project = open_project(Path())
            with closing(project.journal):
                answer = run(project, prepare(project, None, engines=ground.engines), asked)
        except ShorewardError as error:
            several = error.errors if isinstance(error, SpecErrors) else (error,)
            told = [{"code": one.code, "what": one.what, "where": str(one.where or "")} for one in several]
            return Said(code=2, errors=told)
    return _said(EXIT.get(answer.verdict, 3), plain(answer))


def _said(code: int, answer: dict[str, Any]) -> Said:
    return Said(
        code=code,
        checks={one["check"]: one for one in answer.get("checks", ())},
        findings=answer.get("findings", []),
        errors=answer.get("errors", []),
    )
