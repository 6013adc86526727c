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
from contextvars import ContextVar
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


class Abandoned(Exception):
    """A call had not begun, and nobody waits for its answer any more."""


def _always() -> bool:
    return True


wanted: ContextVar[Callable[[], bool]] = ContextVar("wanted", default=_always)
"""Whether somebody waits for what is being called. Nothing is started for a customer who has left meanwhile: else those
who come after a stall would wait until all of those have been served who gave up during it."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """A call that waits since a moment: for a process, or, if it is given None, to start one itself."""

    since: float
    wanted: Callable[[], bool]
    given: asyncio.Future[Worker | None]

    @property
    def over(self) -> bool:
        """Whether it need not be given anything; who has left is told so."""
        if not self.given.done() and not self.wanted():
            self.given.set_exception(Abandoned())
        return self.given.done()


@dataclass(slots=True)
class _Version:
    """The processes of one function version, and who waits for one."""

    workers: list[Worker] = field(default_factory=list[Worker])
    calls: int = 0
    starting: int = 0
    queue: deque[_Turn] = field(default_factory=deque[_Turn])
    look: asyncio.TimerHandle | None = None


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
        """Run one invocation, on an idle process if there is one. Returns an outcome, or raises `Abandoned`."""
        version = self._versions.get(spec.key)
        if version is None:
            version = self._versions[spec.key] = _Version()
        version.calls += 1
        try:
            worker = next((one for one in reversed(version.workers) if not one.busy and not one.dead), None)
            if worker is None:
                worker = await self._turn(spec, version)
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

    async def _turn(self, spec: FunctionSpec, version: _Version) -> Worker:
        """Wait for a process to become free, or to be the one who starts another."""
        loop = asyncio.get_running_loop()
        while True:
            turn = _Turn(loop.time(), wanted.get(), loop.create_future())
            version.queue.append(turn)
            if version.look is None:
                self._look(version)
            worker = await turn.given
            if worker is None:
                return await self._start(spec, version)
            if not worker.dead:
                return worker

    def _look(self, version: _Version) -> None:
        """Let the first who waits start another process if it is time for one, and look again as long as any wait.

        One looks for all of them: thousands may wait while processes start, and what each of them did would slow that.
        """
        if version.look is not None:
            version.look.cancel()
            version.look = None
        while version.queue and version.queue[0].over:
            version.queue.popleft()
        if not version.queue:
            return
        loop = asyncio.get_running_loop()
        if self._may_grow(version, loop.time() - version.queue[0].since):
            version.starting += 1
            version.queue.popleft().given.set_result(None)
        version.look = loop.call_later(self._limits.patience, self._look, version)

    def _may_grow(self, version: _Version, waited: float) -> bool:
        mine = len(version.workers) + version.starting
        if mine >= self._limits.per_version or (mine and waited < self._limits.patience):
            return False
        # One that is on its way is there sooner than another that starts beside it and slows it down. And when many
        # functions are short of processes at once, as after a moment's stall, starting all of them stalls again.
        if _initialising(version) or (mine and self._initialising() >= _PROCESSORS):
            return False
        return self._make_room()

    async def _start(self, spec: FunctionSpec, version: _Version) -> Worker:
        """Start a process, which is counted as starting already."""
        try:
            worker = Worker(spec, self._on_log)
            worker.busy = True
            root = await self._unpacked(spec.code)
            layers = [await self._unpacked(layer) for layer in spec.layers]
            await worker.start(task_root=root, layers=layers, support=self._support, endpoint=self._endpoint)
        except BaseException:
            version.starting -= 1
            self._look(version)
            raise
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
            self._look(version)
        else:
            _hand_over(version, worker)

    def _drop_unused(self) -> None:
        for key in [key for key, version in self._versions.items() if not version.workers and not version.calls]:
            del self._versions[key]


def _initialising(version: _Version) -> int:
    return version.starting + sum(1 for one in version.workers if one.initialising and not one.dead)


def _hand_over(version: _Version, worker: Worker) -> None:
    """A process that became free goes to who has waited longest."""
    while version.queue:
        turn = version.queue.popleft()
        if not turn.over:
            worker.busy = True
            turn.given.set_result(worker)
            return


def _refused(error_type: str, message: str) -> Outcome:
    return Outcome(payload=error_payload(error_type, message), failed=True, log=f"{error_type}: {message}\n")
