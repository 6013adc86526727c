"""The server as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(journal: Path) -> Iterator[str]:
    """A server of a journal that carries nothing; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        command = [sys.executable, "-m", "shoreward", "serve", "--no-carry", "--port", "0", "--json"]
        options = ["-C", folder, "--journal", str(journal.resolve())]
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                yield json.loads(process.stdout.readline())["address"]
            finally:
                process.terminate()
                process.wait()
