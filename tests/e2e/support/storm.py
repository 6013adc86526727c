"""The storm: the controller of a release is killed at random instants, and started again, until the release ends."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from .ground import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Where a release stood when its controller was killed.

    Attributes:
        after: the last event that the journal held; "nothing" when it did not know the release yet.
        back: whether the release was on its way back.
        lived: seconds that the process had lived.
    """

    release: str
    after: str
    back: bool
    lived: float


@dataclass(slots=True)
class Storm:
    """Kills controllers on a ground.

    Some kills come at any moment; others hit within milliseconds after the controller changed something in the cloud:
    between an act and its record, if they can.
    """

    ground: Ground
    chance: random.Random

    def carry(self, commit: str, *, kills: int, back: int = 0, limit: float = 180.0) -> tuple[Kill, ...]:
        """Carry a commit to its end through so many kills on the way there, and so many more on the way back."""
        suffered: list[Kill] = []
        deadline = time.monotonic() + limit
        while True:
            with self.ground.carrying(commit) as process:
                if len(suffered) < kills + back:
                    suffered += self._strike(process, commit, back=len(suffered) >= kills, deadline=deadline)
                else:
                    process.wait(max(1.0, deadline - time.monotonic()))
            if process.returncode != -9:
                assert process.returncode == 0, self.ground.said()
                return tuple(suffered)

    def _strike(self, process: subprocess.Popen[bytes], commit: str, *, back: bool, deadline: float) -> list[Kill]:
        """Kill the process at some instant, unless it ends before."""
        born = time.monotonic()
        if self.chance.random() < 0.9:  # few die while they start, where there is nothing yet to go wrong
            self._await(process, deadline, lambda: self.ground.carries(process))
        if back:
            self._await(process, deadline, lambda: self._going_back(commit))
        if back or self.chance.random() < 0.6:
            enough = len(self.ground.calls()) + self.chance.randint(1, 6)
            self._await(process, min(deadline, time.monotonic() + 2.5), lambda: len(self.ground.calls()) >= enough)
            self._sleep(process, self.chance.uniform(0.0, 0.03))
        else:
            self._sleep(process, self.chance.uniform(0.0, 2.0))
        process.kill()
        process.wait()
        return [self._told(commit, time.monotonic() - born)] if process.returncode == -9 else []

    def _told(self, commit: str, lived: float) -> Kill:
        if not self.ground.project.journal.releases() or self.ground.latest().opened.commit != commit:
            return Kill(release="", after="nothing", back=False, lived=lived)
        state = self.ground.latest()
        last = type(self.ground.events(state)[-1]).__name__
        return Kill(release=state.id, after=last, back=state.rollback is not None, lived=lived)

    def _going_back(self, commit: str) -> bool:
        state = self.ground.latest()
        return state.opened.commit == commit and state.rollback is not None

    def _await(self, process: subprocess.Popen[bytes], deadline: float, seen: Callable[[], bool]) -> None:
        while process.poll() is None and time.monotonic() < deadline and not seen():
            time.sleep(0.008)

    def _sleep(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._await(process, time.monotonic() + seconds, lambda: False)
