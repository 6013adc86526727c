"""Keeps processes warm: one per function version, more when calls come at once, few enough for one machine.

Eight regions of several functions in several versions must fit, so idle processes are ended after a while, and the
least recently used one gives way when the total is reached.
"""

import asyncio
import contextlib
import logging
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How many processes, and for how long (seconds)."""

    per_version: int = 4
    total: int = 96
    idle: float = 300.0


@dataclass(slots=True)
class _Version:
    """The processes of one function version, and who waits for one."""

    workers: list[Worker] = field(default_factory=list[Worker])
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
        self.code = CodeStore(work_dir / "code")
        self._support = link_support(work_dir / "runtime", SUPPORT_MODULES)
        self._empty = Path(tempfile.mkdtemp(dir=work_dir))

    async def invoke(self, spec: FunctionSpec, invocation: Invocation) -> Outcome:
        """Run one invocation, on an idle process if there is one. Always returns an outcome."""
        version = self._versions.get(spec.key)
        if version is None:
            version = self._versions[spec.key] = _Version()
        worker = next((one for one in reversed(version.workers) if not one.busy and not one.dead), None)
        if worker is None:
            try:
                worker = await self._grow_or_wait(spec, version)
            except UnsupportedRuntime as error:
                return _refused("Runtime.NotSupported", str(error))
            except (zipfile.BadZipFile, OSError) as error:
                return _refused("Runtime.InvalidEntrypoint", f"the function's code cannot be started: {error}")
        worker.busy = True
        try:
            return await worker.invoke(invocation)
        finally:
            worker.busy = False
            self._release(spec.key, version, worker)

    def forget(self, keep: Callable[[tuple[str, ...]], bool]) -> None:
        """End the idle processes of every version that ``keep`` does not want."""
        for key, version in list(self._versions.items()):
            if not keep(key):
                for worker in [one for one in version.workers if not one.busy]:
                    version.workers.remove(worker)
                    worker.kill()
                if not version.workers and not version.queue and not version.starting:
                    del self._versions[key]

    def reap(self) -> None:
        """End processes that nobody has used for a while."""
        oldest = time.monotonic() - self._limits.idle
        for version in list(self._versions.values()):
            for worker in [one for one in version.workers if not one.busy and one.last_used < oldest]:
                version.workers.remove(worker)
                worker.kill()

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

    async def _grow_or_wait(self, spec: FunctionSpec, version: _Version) -> Worker:
        while True:
            if len(version.workers) + version.starting < self._limits.per_version and self._make_room():
                return await self._start(spec, version)
            turn: asyncio.Future[Worker | None] = asyncio.get_running_loop().create_future()
            version.queue.append(turn)
            worker = await turn
            if worker is not None and not worker.dead:
                return worker

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

    def _release(self, key: tuple[str, ...], version: _Version, worker: Worker) -> None:
        if worker.dead:
            with contextlib.suppress(ValueError):
                version.workers.remove(worker)
            self._wake(version, None)
        else:
            self._wake(version, worker)
        if not version.workers and not version.queue and not version.starting and self._versions.get(key) is version:
            del self._versions[key]
        elif self.size >= self._limits.total:
            self._wake_starved()

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
        """At the total limit, let versions without any process have the room that just became free."""
        for version in self._versions.values():
            if version.queue and not version.workers and not version.starting:
                self._wake(version, None)


def _refused(error_type: str, message: str) -> Outcome:
    return Outcome(payload=error_payload(error_type, message), failed=True, log=f"{error_type}: {message}\n")
