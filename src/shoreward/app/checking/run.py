"""Running a graph of checks: threads carry out what the schedule says, and everything ends with a verdict.

One thread, the caller's, decides; the others look up what is kept and run checks. They tell the first one through a
queue, so that observers are called by one thread only, one thing after the other.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, assert_never

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Check, Materials, Report, Result, Running
from shoreward.app.checking.graph import WAIVERS, Graph, whole_key
from shoreward.app.checking.keep import Keep, Kept, Memory
from shoreward.app.checking.look import Looked, differences, guarded, judged, look
from shoreward.app.checking.observing import Nobody, Observer
from shoreward.app.checking.schedule import Past, Schedule
from shoreward.app.checking.waivers import about_waivers, expired
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.ports import Clock
from shoreward.app.wording import counted
from shoreward.domain import Finding, Severity, Verdict, Waiver

_LOOKS = 8
"""So many look up what is kept at once, beside those that run."""
_AHEAD = 300.0
"""Seconds that another machine's clock may be ahead before its times are not believed."""

Use = Literal["kept", "fresh", "verify"]
"""What becomes of kept reports: they are taken; nobody looks at them; they are compared with what is found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a graph is run.

    Attributes:
        jobs: how many checks run at once.
        keep_going: whether the others are run when one has failed.
        skipped: names of checks that are left out, with the reason.
        unasked: names of checks that nobody asked for this time, in the graph and skipped, or not in it.
        block: the least severity of a finding that fails its check.
    """

    jobs: int
    keep_going: bool = False
    use: Use = "kept"
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    unasked: tuple[str, ...] = ()
    block: Severity = Severity.MEDIUM
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A look into what is kept has ended."""

    check: str
    key: str | None
    kept: Kept | None
    trouble: Looked | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    check: str
    text: str


@dataclass(frozen=True, slots=True)
class _Ran:
    check: str
    looked: Looked
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class _Halt:
    pass


_Message = _Found | _Said | _Ran | _Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run needs of the world.

    Attributes:
        keep: where reports are kept.
        memory: how checks went lately.
        environment: this process's variables.
        engine: which Shoreward this is.
    """

    keep: Keep
    memory: Memory
    clock: Clock
    environment: Mapping[str, str]
    engine: str


def run_graph(
    graph: Graph,
    materials: Materials,
    around: Surroundings,
    manner: Manner,
    observer: Observer | None = None,
    interruption: Interruption | None = None,
) -> Answer:
    """Run checks to the end; every one of them has a result.

    Interrupted (KeyboardInterrupt), it stops what runs, waits for it, and lets the interruption go on.

    Raises:
        SpecError: WAIVER_DATE, before anything is run.
        Abandoned: the interruption was used; what ran has ended.
    """
    run = _Run(graph, materials, around, manner, observer or Nobody())
    if interruption:
        interruption.listen(run.halt)
    return run.run()


class _Run:
    """One run; only the caller's thread touches what is in here."""

    def __init__(
        self, graph: Graph, materials: Materials, around: Surroundings, manner: Manner, observer: Observer
    ) -> None:
        self._graph = graph
        self._materials = materials
        self._around = around
        self._manner = manner
        self._observer = observer
        self._began = around.clock.now()
        self._today = datetime.fromtimestamp(self._began, UTC).date()
        self._past = around.memory.recall()
        self._schedule = Schedule(
            graph, jobs=manner.jobs, past=self._past, keep_going=manner.keep_going, skipped=manner.skipped
        )
        self._messages: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._stops: dict[str, threading.Event] = {}
        self._stopped: dict[str, str] = {}
        self._found: dict[str, _Found] = {}
        self._results: dict[str, Result] = {}
        self._products: dict[str, str] = {}

    def run(self) -> Answer:
        for waiver in self._manner.waivers:
            expired(waiver, self._today)
        for name, why in self._manner.skipped.items():
            self._conclude(self._unrun(name, why, skipped=True))
        workers = len(self._graph.checks) + _LOOKS
        with ThreadPoolExecutor(workers, thread_name_prefix="check") as pool:
            try:
                self._carry(pool)
            except BaseException:
                for stop in self._stops.values():
                    stop.set()
                raise
        self._remember()
        return self._answer()

    def halt(self) -> None:
        """From any thread: nobody wants the answer any more."""
        self._messages.put(_Halt())

    def _carry(self, pool: ThreadPoolExecutor) -> None:
        while not self._schedule.over:
            for check in self._schedule.open():
                pool.submit(self._look_up, check, self._with_products(check))
            for check in self._schedule.begin():
                self._begin(pool, check)
            if not self._schedule.over:
                self._heard(self._messages.get())

    def _begin(self, pool: ThreadPoolExecutor, check: Check) -> None:
        stop = self._stops[check.name] = threading.Event()
        say: Callable[[str], None] = lambda text: self._messages.put(_Said(check.name, text))  # noqa: E731
        self._observer.begun(check)
        pool.submit(self._look, check, self._with_products(check), Running(stop=stop, say=say))

    def _with_products(self, check: Check) -> Materials:
        needed = {need: check.sees(need, self._products[need]) for need in check.needs}
        return replace(self._materials, products=needed)

    def _look_up(self, check: Check, materials: Materials) -> None:
        """In a thread of the pool."""
        found: list[_Found] = []

        def ask() -> Looked:
            own = check.key(materials)
            key, kept = None, None
            if own is not None:
                around = self._around
                key = whole_key(check, own, materials.products, around.environment, around.engine)
                kept = self._good(check, key) if self._manner.use != "fresh" else None
            found.append(_Found(check.name, key, kept))
            return Looked(report=Report())

        looked = guarded(ask)
        self._messages.put(found[0] if found else _Found(check.name, None, None, trouble=looked))

    def _good(self, check: Check, key: str) -> Kept | None:
        kept = self._around.keep.get(key)
        if kept is None:
            return None
        age = self._around.clock.now() - kept.at
        good_for = check.depends.good_for
        if age < -_AHEAD or (good_for is not None and age > good_for) or not check.still(kept.report):
            return None
        return kept

    def _look(self, check: Check, materials: Materials, running: Running) -> None:
        """In a thread of the pool."""
        began = self._around.clock.now()
        looked = look(check, materials, running)
        self._messages.put(_Ran(check.name, looked, began, max(0.0, self._around.clock.now() - began)))

    def _heard(self, message: _Message) -> None:
        match message:
            case _Said(name, text):
                self._observer.said(name, text)
            case _Found(name) as found:
                self._look_ended(name, found)
            case _Ran(name) as ran:
                self._run_ended(name, ran)
            case _Halt():
                raise Abandoned
            case _:
                assert_never(message)

    def _look_ended(self, name: str, found: _Found) -> None:
        if name in self._results:  # given up meanwhile
            return
        self._found[name] = found
        if found.trouble:
            self._decide(name, found.trouble, at=self._around.clock.now(), seconds=0.0)
        elif found.kept and self._manner.use == "kept":
            kept = found.kept
            self._decide(name, Looked(report=kept.report), at=kept.at, seconds=kept.seconds, kept=True)
        else:
            self._schedule.admit(name)

    def _run_ended(self, name: str, ran: _Ran) -> None:
        if name in self._stopped:
            # What it says now may be half of the truth.
            self._end(self._unrun(name, self._stopped[name]))
            return
        looked, found = ran.looked, self._found[name]
        if found.kept and not looked.trouble and (other := differences(found.kept.report, looked.report)):
            self._around.keep.drop(found.kept.key)
            wrong = _kept_wrong(self._graph[name], found.kept, other)
            looked = Looked(report=replace(looked.report, findings=(*looked.report.findings, wrong), lasting=False))
        elif found.key and looked.report.lasting and not looked.trouble:
            kept = Kept(key=found.key, check=name, report=looked.report, seconds=ran.seconds, at=ran.at)
            self._around.keep.put(kept)
        self._decide(name, looked, at=ran.at, seconds=ran.seconds)

    def _decide(self, name: str, looked: Looked, *, at: float, seconds: float, kept: bool = False) -> None:
        verdict, report = judged(
            name, looked.report, block=self._manner.block, waivers=self._manner.waivers, today=self._today
        )
        if looked.trouble:
            verdict = Verdict.ERROR
        self._products[name] = report.product
        key = self._found[name].key if report.lasting else None
        self._end(
            Result(
                check=name,
                verdict=verdict,
                report=report,
                seconds=seconds,
                at=at,
                kept=kept,
                key=key,
                error=looked.trouble,
            )
        )

    def _end(self, result: Result) -> None:
        """A check is over; so are those that will not be run for it, and those that nobody waits for any more."""
        self._conclude(result)
        for name, why in self._schedule.end(result.check, result.verdict):
            self._conclude(self._unrun(name, why))
        if result.verdict is Verdict.FAIL and not self._manner.keep_going:
            for name in self._schedule.running - self._stopped.keys():
                self._stopped[name] = f"stopped: {result.check} failed first"
                self._stops[name].set()

    def _conclude(self, result: Result) -> None:
        self._results[result.check] = result
        self._observer.ended(result)

    def _unrun(self, name: str, why: str, *, skipped: bool = False) -> Result:
        report = Report(summary=why, lasting=False)
        at = self._around.clock.now()
        return Result(check=name, verdict=Verdict.NO_DATA, report=report, seconds=0.0, at=at, skipped=skipped)

    def _remember(self) -> None:
        past = dict(self._past)
        for name, result in self._results.items():
            if result.verdict in (Verdict.PASS, Verdict.FAIL):
                past[name] = _later(past.get(name), result)
        if past != self._past:
            self._around.memory.remember(past)

    def _answer(self) -> Answer:
        results = [self._results[name] for name in self._graph.names]
        whole = not self._manner.unasked and all(
            result.verdict in (Verdict.PASS, Verdict.FAIL) for result in results if not result.skipped
        )
        findings = [finding for result in results for finding in result.report.findings]
        said = about_waivers(findings, self._manner.waivers, self._today, whole=whole)
        now = self._around.clock.now()
        if said:
            report = Report(findings=said, summary=counted(len(self._manner.waivers), "waiver"))
            verdict, report = judged(WAIVERS, report, block=self._manner.block, waivers=(), today=self._today)
            result = Result(check=WAIVERS, verdict=verdict, report=report, seconds=0.0, at=now)
            results.append(result)
            self._observer.ended(result)
        return Answer(
            commit=self._materials.commit,
            base=self._materials.base,
            results=tuple(results),
            unasked=self._manner.unasked,
            block=self._manner.block,
            at=self._began,
            seconds=max(0.0, now - self._began),
        )


def _later(past: Past | None, result: Result) -> Past:
    """What a check takes, the newest run counting as much as all before it."""
    seconds = result.seconds
    if past is not None:
        seconds = past.seconds if result.kept else (past.seconds + result.seconds) / 2
    return Past(failed=result.verdict is Verdict.FAIL, seconds=seconds)


def _kept_wrong(check: Check, kept: Kept, other: Sequence[str]) -> Finding:
    return Finding(
        rule="KEPT_VERDICT_WRONG",
        severity=Severity.CRITICAL,
        what=f"{check.name} was run again on the very same, and says something else: {'; '.join(other[:3])}.",
        why="It reads something that it does not declare, or its answer is a matter of chance: a kept verdict of it "
        "cannot be trusted.",
        fix="Declare the files, variables and programs that it reads, or mend what makes it flaky.",
        where=check.where,
        subject=check.name,
        details=tuple(("difference", each) for each in other),
    )
