"""Which checks go next: a pure plan over the graph, without threads and without a clock.

open()             their needs have passed: somebody looks whether a verdict is kept
admit(name)        there is none, so it is to be run
begin()            those that run now: within the cores, one of a lane at a time, the most telling first
end(name, verdict) returns those that will not be run because of it
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from shoreward.app.checking.check import Check
from shoreward.app.checking.graph import Graph
from shoreward.domain import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How a check went lately.

    Attributes:
        failed: whether it failed the last time.
        seconds: what it takes, later runs counting more.
    """

    failed: bool
    seconds: float


class Schedule:
    """The state of one run of a graph.

    Args:
        jobs: how many checks run at once; those that wait for others beside them.
        past: how the checks went lately.
        keep_going: whether the others are run when one has failed.
        skipped: names of checks that are not run.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        jobs: int,
        past: Mapping[str, Past],
        keep_going: bool = False,
        skipped: Collection[str] = (),
    ) -> None:
        self._graph = graph
        self._jobs = jobs
        self._keep_going = keep_going
        self._waiting = [check for check in graph.checks if check.name not in skipped]
        self._opened: set[str] = set()
        self._admitted: list[Check] = []
        self._running: dict[str, Check] = {}
        self._passed: set[str] = set()
        self._missed: set[str] = set()
        places = {name: place for place, name in enumerate(graph.names)}
        self._order = {name: _urgency(past.get(name), places[name]) for name in graph.names}

    @property
    def over(self) -> bool:
        """Whether nothing is to be waited for."""
        return not (self._waiting or self._opened or self._admitted or self._running)

    @property
    def running(self) -> frozenset[str]:
        """Names of those that have begun and not ended."""
        return frozenset(self._running)

    def open(self) -> tuple[Check, ...]:
        """Checks whose needs have passed by now; each is returned once."""
        ready = [check for check in self._waiting if self._passed.issuperset(check.needs)]
        self._waiting = [check for check in self._waiting if check not in ready]
        self._opened.update(check.name for check in ready)
        return tuple(ready)

    def admit(self, name: str) -> None:
        """An opened check is to be run; nothing happens when it has been given up meanwhile."""
        if name in self._opened:
            self._opened.remove(name)
            self._admitted.append(self._graph[name])

    def begin(self) -> tuple[Check, ...]:
        """Those that begin now: what failed last time first, then what takes the least time.

        Nothing begins while somebody still looks for kept verdicts: what he finds may be more telling, or a failure.
        """
        begun: list[Check] = []
        if self._opened:
            return ()
        for check in sorted(self._admitted, key=lambda check: self._order[check.name]):
            if self._room(check):
                self._running[check.name] = check
                begun.append(check)
        self._admitted = [check for check in self._admitted if check.name not in self._running]
        return tuple(begun)

    def _room(self, check: Check) -> bool:
        if check.lane and any(other.lane == check.lane for other in self._running.values()):
            return False
        return check.waits or sum(not other.waits for other in self._running.values()) < self._jobs

    def end(self, name: str, verdict: Verdict) -> tuple[tuple[str, str], ...]:
        """A check has its verdict; returns the names of those that will not be run now, each with the reason.

        An error says nothing of the change, so it ends only what needs that check. A failure ends everything that
        has not begun, unless this run keeps going; what runs goes on until it ends by itself, or is stopped.
        """
        self._opened.discard(name)
        self._running.pop(name, None)
        (self._passed if verdict is Verdict.PASS else self._missed).add(name)
        if verdict is Verdict.FAIL and not self._keep_going:
            given_up = [*self._waiting, *(self._graph[one] for one in self._opened), *self._admitted]
            self._waiting, self._opened, self._admitted = [], set(), []
            places = self._graph.names
            return tuple((each, f"not run: {name} failed first") for each in places if each in _names(given_up))
        return tuple(self._lost())

    def _lost(self) -> Iterator[tuple[str, str]]:
        """Those that cannot be run any more, once all that they need has ended: what is told names the first of them.

        Which of several needs ended first is a matter of chance, and an answer is not.
        """
        for check in tuple(self._waiting):
            missing = next((need for need in check.needs if need in self._missed), None)
            if missing is not None and self._passed.union(self._missed).issuperset(check.needs):
                self._waiting.remove(check)
                self._missed.add(check.name)
                yield check.name, f"not run: it needs {missing}, which did not pass"


def _names(checks: list[Check]) -> set[str]:
    return {check.name for check in checks}


def _urgency(past: Past | None, place: int) -> tuple[bool, float, int]:
    """What nobody has seen running yet is soon to be known: it counts as taking no time."""
    return (not past.failed, past.seconds, place) if past else (True, 0.0, place)
