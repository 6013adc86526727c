"""A controller in a process that can be killed, and a simulated cloud that outlives it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.ports import Recorded
from shoreward.controller import Controller
from shoreward.core import Release
from shoreward.domain import Outcome, Target
from shoreward.testing.builders import an_opening
from shoreward.testing.clock import CountedClock
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud, SimulatedTarget
from shoreward.testing.simulator import carry, state_of

from .support import Call, Hook, alone, around, pipeline

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["shoreward.controller", "shoreward.adapters.journal", "shoreward.testing.builders", "shoreward.testing.simulator"]
)

PIPELINE = pipeline()


def errors(commit: str, target: Target, at: float) -> float:
    """`bad` fails in the last region, when the first wave has long been served by it."""
    return 0.3 if commit == "bad" and target.region == "us-east-1" else 0.0


@dataclass(slots=True, kw_only=True)
class LastingCloud(SimulatedCloud):
    """A simulated cloud with a file for each target: an act has taken hold as soon as the file is there, whole."""

    folder: Path

    def changed(self, target: Target, act: str) -> None:
        SimulatedCloud.changed(self, target, act)
        self.keep(target)

    def keep(self, target: Target) -> None:
        new = self.folder / f"{target.region}.new"
        with new.open("wb") as file:
            file.write(pickle.dumps(self.target(target)))
            file.flush()
            os.fsync(file.fileno())
        new.rename(self.folder / f"{target.region}.target")


@dataclass(frozen=True, slots=True)
class Mortal:
    """A release, whose journal and cloud are in a folder, and the controllers that carry it one after the other."""

    folder: Path

    @staticmethod
    def begin(folder: Path, commit: str) -> Mortal:
        """Open a release of a commit where `old` has been released."""
        it = Mortal(folder)
        before, cloud = MemoryJournal(), SimulatedCloud()
        assert carry(before, cloud, before.open(an_opening("old", PIPELINE))).outcome is Outcome.SUCCEEDED
        with closing(SqliteJournal(folder / "journal.db")) as journal:
            lasting = it.cloud(journal)
            for target in PIPELINE.targets:
                lasting.targets[target.key] = cloud.target(target)
                cloud.target(target).acts.clear()
                lasting.keep(target)
            journal.open(an_opening(commit, PIPELINE, at=lasting.clock.now()))
        return it

    def target(self, target: Target) -> SimulatedTarget:
        """A target as it is now."""
        return pickle.loads(self.file(target).read_bytes())

    def targets(self) -> list[SimulatedTarget]:
        return [self.target(target) for target in PIPELINE.targets]

    def last_moment(self, journal: SqliteJournal) -> float:
        """When something was last recorded or done: time stands still while nobody lives, or tests would be slow."""
        recorded = (each.event.at for header in journal.releases() for each in journal.events(header.id))
        kept = (self.target(target) for target in PIPELINE.targets if self.file(target).exists())
        shared = (at for target in kept for at, _ in target.shares)
        return max([SimulatedClock().now(), *recorded, *shared])

    def file(self, target: Target) -> Path:
        return self.folder / f"{target.region}.target"

    def cloud(self, journal: SqliteJournal) -> LastingCloud:
        return LastingCloud(
            folder=self.folder,
            clock=CountedClock(step=1.0, start=self.last_moment(journal)),
            journal=journal,
            errors=errors,
            traffic={target.key: 200.0 for target in PIPELINE.targets},
            targets={target.key: self.target(target) for target in PIPELINE.targets if self.file(target).exists()},
        )

    def carry(self, connection: Connection, hook: Hook) -> None:
        """Carry the release to its end; sends the state that the observer saw last."""
        last: list[Release] = []

        def observe(state: Release, recorded: Recorded) -> None:
            last[:] = [state]

        with closing(SqliteJournal(self.folder / "journal.db")) as journal:
            world = around(self.cloud(journal).world(), hook, alone())
            Controller(journal, world, observe=observe, poll=0.005).run()
            # The one before may have died with the last word on its lips; then there was nothing left to carry.
            connection.send(last[0] if last else state_of(journal, "app-1"))

    def live(self, hook: Hook) -> Release | None:
        """One controller's life: the state that it left a release in that ended, None when it died before."""
        ours, theirs = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=self.carry, args=(theirs, hook), daemon=True)
        process.start()
        theirs.close()
        try:
            with ours:
                return ours.recv()
        except EOFError:
            return None
        finally:
            process.join()
            assert process.exitcode in (0, -signal.SIGKILL)


def die() -> None:
    """As by kill -9: nothing is closed, nothing said."""
    os.kill(os.getpid(), signal.SIGKILL)


class Immortal:
    """Never dies."""

    @contextmanager
    def __call__(self, call: Call) -> Iterator[None]:
        yield


@dataclass(slots=True)
class DeathAtAnyInstant:
    """Dies some seconds after the beginning of one of its calls, whatever it does then.

    Instants are told by calls, not by the time of a life, so that a busy machine sees as many deaths as an idle one.
    """

    calls: int
    seconds: float

    @contextmanager
    def __call__(self, call: Call) -> Iterator[None]:
        self.calls -= 1
        if self.calls == 0:
            threading.Timer(self.seconds, die).start()
        yield
        time.sleep(0.002)


@dataclass(frozen=True, slots=True)
class DeathAfter:
    """Dies of every call but looks once: when it has taken hold and nobody has recorded it."""

    mortal: Mortal

    @contextmanager
    def __call__(self, call: Call) -> Iterator[None]:
        yield
        acts = next((self.mortal.target(each).acts for each in PIPELINE.targets if each.key == call.target), [])
        mark = self.mortal.folder / f"died of {call} after {acts[-1:]}"
        if call.port != "metrics" and not mark.exists():
            mark.touch()
            die()
