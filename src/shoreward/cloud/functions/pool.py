"""Keeps processes warm: one per function version, more when calls come at once, few enough for one machine.

Eight regions of several functions in several versions must fit, so idle processes are ended after a while, and the
least recently used one gives way when the total is reached.
"""

import asyncio
import contextlib
import logging
import os
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shoreward.cloud.functions.code import CodeStore, link_support
from shoreward.cloud.functions.environment import SUPPORT_MODULES, UnsupportedRuntime
from shoreward.cloud.functions.model import FunctionSpec, Invocation, Outcome
from shoreward.cloud.functions.worker import Worker, error_payload

log = logging.getLogger("shoreward.cloud.functions")

_PROCESSORS = os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How many processes, and for how long (seconds).

    A call waits for so much ``patience`` before another process is started beside a busy one: starting one costs more
    than most handlers take.
    """

    per_version: int = 4
    total: int = 96
    idle: float = 300.0
    patience: float = 0.1


@dataclass(slots=True)
class _Version:
    """The processes of one function version, and who waits for one."""

    workers: list[Worker] = field(default_factory=list[Worker])
    calls: int = 0
    starting: int = 0
    queue: deque[asyncio.Future[Worker | None]] = field(default_factory=deque[asyncio.Future[Worker | None]])


class FunctionPool:
    """Runs invocations on warm processes. All methods belong to the event loop's thread."""

    def __init__(
        self, work_dir: Path, endpoint: str, limits: PoolLimits, on_log: Callable[[FunctionSpec, str], None]
    ) -> None:
        self._limits = limits
        self._endpoint = endpoint
        self._on_log = on_log
        self._versions: dict[tuple[str, ...], _Version] = {}
        self._starved: list[_Version] = []
        self.code = CodeStore(work_dir / "code")
        self._support = link_support(work_dir / "runtime", SUPPORT_MODULES)
        self._empty = Path(tempfile.mkdtemp(dir=work_dir))

    async def invoke(self, spec: FunctionSpec, invocation: Invocation) -> Outcome:
        """Run one invocation, on an idle process if there is one. Always returns an outcome."""
        version = self._versions.get(spec.key)
        if version is None:
            version = self._versions[spec.key] = _Version()
        version.calls += 1
        try:
            worker = next((one for one in reversed(version.workers) if not one.busy and not one.dead), None)
            if worker is None:
                worker = await self._grow_or_wait(spec, version)
            worker.busy = True
            try:
                return await worker.invoke(invocation)
            finally:
                worker.busy = False
                self._release(version, worker)
        except UnsupportedRuntime as error:
            return _refused("Runtime.NotSupported", str(error))
        except (zipfile.BadZipFile, OSError) as error:
            return _refused("Runtime.InvalidEntrypoint", f"the function's code cannot be started: {error}")
        finally:
            version.calls -= 1

    def forget(self, keep: Callable[[tuple[str, ...]], bool]) -> None:
        """End the idle processes of every version that ``keep`` does not want."""
        for key, version in list(self._versions.items()):
            if not keep(key):
                for worker in [one for one in version.workers if not one.busy]:
                    version.workers.remove(worker)
                    worker.kill()
        self._drop_unused()

    def reap(self) -> None:
        """End processes that nobody has used for a while."""
        oldest = time.monotonic() - self._limits.idle
        for version in list(self._versions.values()):
            for worker in [one for one in version.workers if not one.busy and one.last_used < oldest]:
                version.workers.remove(worker)
                worker.kill()
        self._drop_unused()

    def close(self) -> None:
        """End every process."""
        for version in self._versions.values():
            for worker in version.workers:
                worker.kill()
        self._versions.clear()

    @property
    def size(self) -> int:
        """How many processes there are, starting ones included."""
        return sum(len(version.workers) + version.starting for version in self._versions.values())

    def _initialising(self) -> int:
        return sum(_initialising(version) for version in self._versions.values())

    async def _grow_or_wait(self, spec: FunctionSpec, version: _Version) -> Worker:
        patient = bool(version.workers or version.starting)
        while True:
            mine = len(version.workers) + version.starting
            if not patient and mine < self._limits.per_version and self._make_room():
                return await self._start(spec, version)
            if not mine:
                self._starved.append(version)
            worker = await self._wait(version, self._limits.patience if patient else None)
            if worker is not None and not worker.dead:
                return worker
            # One that is on its way is there sooner than another that starts beside it and slows it down. And when many
            # functions are short of processes at once, as after a moment's stall, starting all of them stalls again.
            patient = _initialising(version) > 0 or (bool(version.workers) and self._initialising() >= _PROCESSORS)

    async def _wait(self, version: _Version, seconds: float | None) -> Worker | None:
        """Wait for a process to become free; None when the time is over, or when there may be room for a new one."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Worker | None] = loop.create_future()
        version.queue.append(turn)
        timer = loop.call_later(seconds, _give_up, turn) if seconds is not None else None
        try:
            return await turn
        finally:
            if timer is not None:
                timer.cancel()

    async def _start(self, spec: FunctionSpec, version: _Version) -> Worker:
        version.starting += 1
        try:
            worker = Worker(spec, self._on_log)
            worker.busy = True
            root = await self._unpacked(spec.code)
            layers = [await self._unpacked(layer) for layer in spec.layers]
            await worker.start(task_root=root, layers=layers, support=self._support, endpoint=self._endpoint)
        except BaseException:
            self._wake(version, None)
            raise
        finally:
            version.starting -= 1
        version.workers.append(worker)
        return worker

    async def _unpacked(self, archive: bytes) -> Path:
        if not archive:
            return self._empty
        digest = self.code.digest(archive)
        return self.code.known(digest) or await asyncio.to_thread(self.code.unpack, archive)

    def _make_room(self) -> bool:
        if self.size < self._limits.total:
            return True
        idle = [
            (worker.last_used, version, worker) for version in self._versions.values() for worker in version.workers
        ]
        free = [entry for entry in idle if not entry[2].busy]
        if not free:
            return False
        _, version, worker = min(free, key=lambda entry: entry[0])
        version.workers.remove(worker)
        worker.kill()
        return True

    def _release(self, version: _Version, worker: Worker) -> None:
        if worker.dead:
            with contextlib.suppress(ValueError):
                version.workers.remove(worker)
            self._wake(version, None)
        else:
            self._wake(version, worker)
        self._wake_starved()

    def _drop_unused(self) -> None:
        for key in [key for key, version in self._versions.items() if not version.workers and not version.calls]:
            del self._versions[key]

    @staticmethod
    def _wake(version: _Version, worker: Worker | None) -> None:
        while version.queue:
            turn = version.queue.popleft()
            if not turn.done():
                if worker is not None:
                    worker.busy = True
                turn.set_result(worker)
                return

    def _wake_starved(self) -> None:
        """Let versions that got no process, as there was no room for any, have the room that just became free."""
        for version in [one for one in self._starved if not one.workers and not one.starting]:
            self._wake(version, None)
        self._starved.clear()


def _initialising(version: _Version) -> int:
    return version.starting + sum(1 for one in version.workers if one.initialising and not one.dead)


def _give_up(turn: asyncio.Future[Worker | None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _refused(error_type: str, message: str) -> Outcome:
    return Outcome(payload=error_payload(error_type, message), failed=True, log=f"{error_type}: {message}\n")
