"""Running a graph of checks: threads carry out what the schedule says, and everything ends with a verdict.

One thread, the caller's, decides; the others look up what is kept and run checks. They tell the first one through a
queue, so that observers are called by one thread only, one thing after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Check, Materials, Report, Result, Running
from shoreward.app.checking.concluding import kept_wrong, lately, of_waivers
from shoreward.app.checking.graph import Graph
from shoreward.app.checking.keep import Kept
from shoreward.app.checking.look import Looked, differences, judged
from shoreward.app.checking.manner import Manner, Surroundings
from shoreward.app.checking.observing import Nobody, Observer
from shoreward.app.checking.schedule import Schedule
from shoreward.app.checking.waivers import expired
from shoreward.app.checking.workers import Found, Halt, Message, Ran, Said, Workers
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.domain import Verdict

_LOOKS = 8
"""So many look up what is kept at once, beside those that run."""


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
        self._workers = Workers(around=around, use=manner.use)
        self._stops: dict[str, threading.Event] = {}
        self._stopped: dict[str, str] = {}
        self._found: dict[str, Found] = {}
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
        newer = lately(self._past, self._results)
        if newer != self._past:
            self._around.memory.remember(newer)
        return self._answer()

    def halt(self) -> None:
        """From any thread: nobody wants the answer any more."""
        self._workers.messages.put(Halt())

    def _carry(self, pool: ThreadPoolExecutor) -> None:
        while not self._schedule.over:
            for check in self._schedule.open():
                pool.submit(self._workers.look_up, check, self._with_products(check))
            for check in self._schedule.begin():
                self._begin(pool, check)
            if not self._schedule.over:
                self._heard(self._workers.messages.get())

    def _begin(self, pool: ThreadPoolExecutor, check: Check) -> None:
        stop = self._stops[check.name] = threading.Event()
        say: Callable[[str], None] = lambda text: self._workers.messages.put(Said(check.name, text))  # noqa: E731
        self._observer.begun(check)
        pool.submit(self._workers.look, check, self._with_products(check), Running(stop=stop, say=say))

    def _with_products(self, check: Check) -> Materials:
        needed = {need: check.sees(need, self._products[need]) for need in check.needs}
        return replace(self._materials, products=needed)

    def _heard(self, message: Message) -> None:
        match message:
            case Said(name, text):
                self._observer.said(name, text)
            case Found(name) as found:
                self._look_ended(name, found)
            case Ran(name) as ran:
                self._run_ended(name, ran)
            case Halt():
                raise Abandoned
            case _:
                assert_never(message)

    def _look_ended(self, name: str, found: Found) -> None:
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

    def _run_ended(self, name: str, ran: Ran) -> None:
        if name in self._stopped:
            # What it says now may be half of the truth.
            self._end(self._unrun(name, self._stopped[name]))
            return
        looked, found = ran.looked, self._found[name]
        if found.kept and not looked.trouble and (other := differences(found.kept.report, looked.report)):
            self._around.keep.drop(found.kept.key)
            wrong = kept_wrong(self._graph[name], found.kept, other)
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

    def _answer(self) -> Answer:
        results = [self._results[name] for name in self._graph.names]
        now = self._around.clock.now()
        if (beside := of_waivers(results, self._manner, self._today, now)) is not None:
            results.append(beside)
            self._observer.ended(beside)
        return Answer(
            commit=self._materials.commit,
            base=self._materials.base,
            results=tuple(results),
            unasked=self._manner.unasked,
            block=self._manner.block,
            at=self._began,
            seconds=max(0.0, now - self._began),
        )
