"""A controller at work in a thread, and a world around it that a test can look into, hold up, and break."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from typing import Any

from shoreward.app.ports import Journal, Recorded
from shoreward.app.world import World
from shoreward.controller import Controller
from shoreward.core import Event, Release
from shoreward.domain import Bake, JudgePolicy, LatencyPolicy, Outcome, Pipeline, Target
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.clock import CountedClock
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import carry, state_of

PATIENCE = 60.0
"""Seconds after which a test gives up: far more than anything here takes, so that a busy machine fails no test."""


_ASPECTS = {
    "stacks": "stack",
    "traffic": "traffic",
    "prober": "traffic",
    "metrics": "judge",
    "alarms": "judge",
    "synthetics": "judge",
    "series": "judge",
    "survey": "judge",
    "drift": "stack",
    "past": "stack",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A question to a port, or an act: `stacks.stage` at a target."""

    port: str
    name: str
    target: str

    @property
    def region(self) -> str:
        return self.target.split("/")[1] if self.target else ""

    @property
    def lane(self) -> str:
        """What the core calls the lane of the effects that call it."""
        return f"{_ASPECTS.get(self.port, 'build')}/{self.target}"

    def __str__(self) -> str:
        return f"{self.name} {self.region}"


Hook = Callable[[Call], AbstractContextManager[object]]


class Around:
    """A port whose every call goes through hooks, the first one outermost."""

    def __init__(self, port: object, name: str, hooks: tuple[Hook, ...]) -> None:
        self._port, self._name, self._hooks = port, name, hooks

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def call(*args: Any, **keywords: Any) -> Any:
            target = next((each.key for each in args if isinstance(each, Target)), "")
            with ExitStack() as stack:
                for hook in self._hooks:
                    stack.enter_context(hook(Call(self._name, name, target)))
                return method(*args, **keywords)

        return call


def around(world: World, *hooks: Hook) -> World:
    """The world, with hooks around every port but the clock and the quarantine."""
    ports = (each.name for each in fields(World) if each.name not in ("clock", "quarantine"))
    return replace(world, **{name: Around(getattr(world, name), name, hooks) for name in ports})


@dataclass
class Log:
    """Begin and end of every call, in order, and how many of one lane were under way at once."""

    lines: list[str] = field(default_factory=list)
    most: dict[str, int] = field(default_factory=dict)
    _under_way: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def __call__(self, call: Call) -> Iterator[None]:
        with self._lock:
            self.lines.append(f"{call} begins")
            now = self._under_way[call.lane] = self._under_way.get(call.lane, 0) + 1
            self.most[call.lane] = max(self.most.get(call.lane, 0), now)
        try:
            yield
        finally:
            with self._lock:
                self._under_way[call.lane] -= 1
                self.lines.append(f"{call} ends")

    def count(self, line: str) -> int:
        return self.lines.count(line)


@dataclass
class Barrier:
    """Holds up one call until it is let go."""

    what: str
    reached: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def __call__(self, call: Call) -> Iterator[None]:
        if str(call) == self.what:
            self.reached.set()
            assert self.open.wait(PATIENCE)
        yield


@dataclass
class Breaking:
    """Raises at one call."""

    what: str
    error: BaseException

    @contextmanager
    def __call__(self, call: Call) -> Iterator[None]:
        if str(call) == self.what:
            raise self.error
        yield


def alone() -> Hook:
    """Lets one call at a time into the simulated cloud, which knows nothing of threads."""
    lock = threading.Lock()
    return lambda call: lock


def pipeline(waves: Any = (("eu-north-1",), ("eu-west-1", "us-east-1")), **more: Any) -> Pipeline:
    """A pipeline that is through in a few hundred seconds when there is much traffic."""
    return a_pipeline(
        waves,
        bake=more.pop("bake", Bake(minimum=20, requests=50, deadline=100_000, on_deadline="rollback")),
        judge=JudgePolicy(interval=10, delay=5, promote_points=0.01, dispersion=1.0, latency=LatencyPolicy(warm_up=0)),
        **more,
    )


class Scene:
    """A cloud on which `old` has been released, and whose clock goes on by `step` seconds at each reading since."""

    def __init__(self, journal: Journal, *pipelines: Pipeline, step: float = 1.0) -> None:
        self.journal = journal
        self.pipelines = pipelines or (pipeline(),)
        self.pipeline = self.pipelines[0]
        targets = [target for each in self.pipelines for target in each.targets]
        self.cloud = SimulatedCloud(traffic={target.key: 200.0 for target in targets}, journal=journal)
        before = MemoryJournal()
        for each in self.pipelines:
            opening = an_opening("old", each, at=self.cloud.clock.now())
            assert carry(before, self.cloud, before.open(opening)).outcome is Outcome.SUCCEEDED
        for target in self.cloud.targets.values():
            target.acts.clear()
        self.cloud.clock = CountedClock(step=step)
        self.log = Log()
        self.hooks: list[Hook] = []
        self.release = self.open("new")

    def open(self, commit: str, pipeline: Pipeline | None = None) -> str:
        return self.journal.open(an_opening(commit, pipeline or self.pipeline, at=self.cloud.clock.now()))

    def world(self) -> World:
        return around(self.cloud.world(), self.log, *self.hooks, alone())

    def controller(self, **more: Any) -> Controller:
        return Controller(more.pop("journal", self.journal), self.world(), poll=0.005, **more)

    def barrier(self, what: str) -> Barrier:
        barrier = Barrier(what)
        self.hooks.append(barrier)
        return barrier

    def bad(self, rate: float = 0.3, region: str | None = None) -> None:
        """From now on `new` fails, everywhere or in one region."""
        self.cloud.errors = lambda commit, target, at: (
            rate if commit == "new" and region in (None, target.region) else 0.0
        )

    def events(self, kind: type = object, release: str = "") -> list[Any]:
        recorded = self.journal.events(release or self.release)
        return [each.event for each in recorded if isinstance(each.event, kind)]

    def say(self, event: Event, journal: Journal | None = None) -> None:
        """Append what a person says, through another connection perhaps."""
        say(journal or self.journal, self.release, event)

    def state(self, release: str = "") -> Release:
        return state_of(self.journal, release or self.release)

    def serving(self, pipeline: Pipeline | None = None) -> list[dict[str, float]]:
        return [dict(self.cloud.target(target).serving()) for target in (pipeline or self.pipeline).targets]


def say(journal: Journal, release: str, event: Event) -> None:
    """Append an event behind whatever is last."""
    from shoreward.app.ports import Conflict

    while True:
        try:
            journal.append(release, journal.events(release)[-1].seq, (event,))
        except Conflict:
            continue
        return


@contextmanager
def at_work(controller: Controller) -> Iterator[None]:
    """The controller carries releases in a thread; leaving waits until they have ended, and fails if it failed."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            controller.run()
        except BaseException as error:  # noqa: BLE001 - it is raised again in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    thread.join(PATIENCE)
    assert not thread.is_alive(), "the controller does not come to an end"
    if failures:
        raise failures[0]


@contextmanager
def staying(carrier: Callable[[Any], Controller], journal: Journal) -> Iterator[None]:
    """A controller that waits for further releases; leaving interrupts it."""
    over = threading.Event()

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            return getattr(journal, name)

        def changes(self) -> int:
            if over.is_set():
                raise KeyboardInterrupt
            return journal.changes()

    def work() -> None:
        with suppress(KeyboardInterrupt):
            carrier(Interrupted()).run(forever=True)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run(controller: Controller) -> None:
    """Carry all releases to their ends."""
    with at_work(controller):
        pass


def wait(condition: Callable[[], object]) -> None:
    """Until something is so."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.002)


@dataclass
class Onlooker:
    """Keeps what a controller tells."""

    told: list[tuple[Release, Recorded]] = field(default_factory=list)

    def __call__(self, state: Release, recorded: Recorded) -> None:
        self.told.append((state, recorded))

    def saw(self, kind: type) -> int:
        return sum(isinstance(recorded.event, kind) for _, recorded in list(self.told))
