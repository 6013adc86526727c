"""The embedded cloud as its user sees it: a process of its own, with an address, that ends with its parent."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from shoreward.cloud.faults import Call, Control

START_LIMIT = 60.0
STOP_LIMIT = 10.0


class CloudError(RuntimeError):
    """The embedded cloud could not be started, or did not do what it was asked; the message says what to do."""


class EmbeddedCloud:
    """AWS on this machine. ``with EmbeddedCloud() as cloud: boto3.client("s3", endpoint_url=cloud.endpoint, ...)``.

    ``port`` 0 takes a free one. With ``state_dir`` what was created is there again at the next start. The twelve-digit
    access key of a client names its account; every region works. At most ``processes`` function processes run at once.
    Nothing outside 127.0.0.1 is bound or called.
    """

    def __init__(
        self, *, port: int = 0, state_dir: Path | None = None, log_level: str = "WARNING", processes: int = 96
    ) -> None:
        self._port = port
        self._state_dir = state_dir
        self._log_level = log_level
        self._processes = processes
        self._process: subprocess.Popen[bytes] | None = None
        self._work_dir: Path | None = None
        self._endpoint = ""

    @property
    def endpoint(self) -> str:
        """``http://127.0.0.1:PORT``; raises :class:`CloudError` when the cloud does not run."""
        if not self._endpoint:
            raise CloudError("the embedded cloud is not running: call start() first")
        return self._endpoint

    @property
    def pid(self) -> int:
        """The process id of the cloud."""
        if self._process is None:
            raise CloudError("the embedded cloud is not running: call start() first")
        return self._process.pid

    @property
    def faults(self) -> Control:
        """Where faults are injected: ``cloud.faults.set([FaultRule(kind="throttle", service="lambda", rate=0.5)])``."""
        return Control(self.endpoint)

    def calls(self, *, since: int = 0) -> tuple[Call, ...]:
        """The API calls that may have changed something, oldest first, with a sequence number above ``since``."""
        return self.faults.calls(since=since)

    def reset(self) -> None:
        """Forget everything in every account: resources, metrics, logs, processes, faults and the call log."""
        self.faults.ask("POST", "reset")

    @property
    def log(self) -> str:
        """What the cloud has logged so far: warnings, and errors of its own."""
        path = self._log_path
        return path.read_text(errors="replace") if path is not None and path.exists() else ""

    def start(self) -> Self:
        """Start the process and return once it answers; takes about half a second."""
        if self._process is not None:
            raise CloudError("the embedded cloud is running already")
        self._work_dir = Path(tempfile.mkdtemp(prefix="shoreward-cloud-"))
        command = [sys.executable, "-m", "shoreward.cloud", "--port", str(self._port), "--parent-pipe"]
        command += ["--work-dir", str(self._work_dir), "--log-level", self._log_level]
        command += ["--processes", str(self._processes)]
        if self._state_dir is not None:
            command += ["--state", str(self._state_dir)]
        assert self._log_path is not None
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        try:
            self._endpoint = self._read_endpoint(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the process and all function processes, and remove what they left. Safe to repeat."""
        process, self._process, self._endpoint = self._process, None, ""
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            try:
                process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._work_dir is not None:
            shutil.rmtree(self._work_dir, ignore_errors=True)
            self._work_dir = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _log_path(self) -> Path | None:
        return self._work_dir / "cloud.log" if self._work_dir is not None else None

    def _read_endpoint(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout is not None
        deadline = time.monotonic() + START_LIMIT
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, left))
            chunk = os.read(process.stdout.fileno(), 4096) if ready else b""
            if not chunk:
                why = "did not answer in time" if left <= 0 else "ended while starting"
                raise CloudError(f"the embedded cloud {why}; its log says:\n{self.log[-2000:]}")
            line += chunk
        return str(json.loads(line)["endpoint"])
