"""The server as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server, and its process."""

    address: str
    process: int

    @property
    def worked(self) -> float:
        """Seconds of a core that it has had; what it waits for on a busy machine does not count."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(journal: Path) -> Iterator[Served]:
    """A server of a journal that carries nothing."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        command = [sys.executable, "-m", "shoreward", "serve", "--no-carry", "--port", "0", "--json"]
        options = ["-C", folder, "--journal", str(journal.resolve())]
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                yield Served(address=json.loads(process.stdout.readline())["address"], process=process.pid)
            finally:
                process.terminate()
                process.wait()
