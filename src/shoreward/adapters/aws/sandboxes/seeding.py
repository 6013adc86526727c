"""Putting data into a sandbox: the plan's command, in a fresh copy of the commit's files."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from shoreward.app.files import Source
from shoreward.app.sandboxes.ports import Progress
from shoreward.domain import Refused, SandboxPlan, SpecError

_END = 1_500
"""Characters of what a command said that are told when it fails."""


class CommandSeeder:
    """Implements `app.sandboxes.ports.Seeder` with the shell.

    The command sees this process's environment and the sandbox's; credentials are the sandbox's own.

    Args:
        limit: seconds after which it counts as hanging.
    """

    def __init__(self, source: Source, *, limit: float = 600.0) -> None:
        self._source = source
        self._limit = limit

    def seed(self, plan: SandboxPlan, commit: str, environment: Mapping[str, str], progress: Progress) -> None:
        """Run the plan's command; raises `SpecError` (SEED_FAILED) with the end of what it said."""
        with tempfile.TemporaryDirectory(prefix="shoreward-seed-") as folder:
            self._source.export(commit, Path(folder))
            self._run(plan, Path(folder), _surroundings(environment), progress)

    def _run(self, plan: SandboxPlan, folder: Path, environment: Mapping[str, str], progress: Progress) -> None:
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                ["/bin/sh", "-c", plan.seed],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = _await(process, self._limit, progress)
            finally:
                # Whatever it started in the background ends with it: data that comes later would surprise a test.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if code == 0:
                return
            said.seek(0)
            end = said.read().decode(errors="replace")[-_END:].strip()
        if progress.stop.is_set():
            raise Refused("SANDBOX_STOPPED", "Nobody waits for the sandbox any more.")
        how = f"did not end within {self._limit:.0f} s" if code is None else f"ended with {code}"
        raise SpecError(
            "SEED_FAILED",
            f"The command that puts data into sandboxes {how}: {end or 'it said nothing'}",
            where=plan.seeded or plan.where,
            next="Mend it; it must bear to be run again on a sandbox that has data already.",
        )


def _surroundings(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the sandbox's in place of whatever it says about AWS accounts."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
    }
    return {**ours, **given}


def _await(process: subprocess.Popen[bytes], limit: float, progress: Progress) -> int | None:
    """The command's exit code; None when it hangs, or nobody waits for it any more."""
    until = time.monotonic() + limit
    while time.monotonic() < until and not progress.stop.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(0.2)
    return None
