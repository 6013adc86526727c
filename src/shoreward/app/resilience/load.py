"""Load: what is asked of a sandbox while something in it fails.

Either the pipeline's probes, sent at a rate whatever becomes of them, as customers come; or a command that is run as a
suite, again and again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from shoreward.app.checking import Report
from shoreward.app.resilience.ports import FaultCloud, Sent
from shoreward.domain import Probe, Retryable, Severity, Target

_WIDTH = 32
"""Requests that may be under way at once: a function that hangs must not keep others from being asked."""

TESTS = "tests"
"""The measure of a suite's report that says how many tests it has."""


class Load(Protocol):
    """Asks something of a sandbox."""

    def once(self, stop: Event) -> tuple[Sent, ...]:
        """Everything once."""
        ...

    def during(self, seconds: float, stop: Event, fault: str) -> tuple[Sent, ...]:
        """As load, for some time.

        Args:
            fault: what fails meanwhile, for whoever wants to know.
        """
        ...


def stopped() -> Retryable:
    """Nobody waits for the answer any more."""
    return Retryable("FAULTS_STOPPED", "The trial was stopped; what was made to fail was mended.", next="Check again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLoad:
    """The pipeline's probes.

    Attributes:
        functions: physical name and alias of those that are asked, by logical id.
        rate: requests per second.
    """

    cloud: FaultCloud
    target: Target
    functions: Mapping[str, tuple[str, str]]
    probes: Sequence[Probe]
    rate: float

    def once(self, stop: Event) -> tuple[Sent, ...]:
        """See `Load.once`."""
        _require_wanted(stop)
        with ThreadPoolExecutor(min(_WIDTH, len(self.probes))) as pool:
            return tuple(pool.map(self._send, self.probes))

    def during(self, seconds: float, stop: Event, fault: str) -> tuple[Sent, ...]:
        """See `Load.during`; what was sent in that time is waited for."""
        del fault
        begun = time.monotonic()
        sent: list[Future[Sent]] = []
        with ThreadPoolExecutor(_WIDTH) as pool:
            for number in range(max(len(self.probes), int(seconds * self.rate))):
                if stop.wait(max(0.0, begun + number / self.rate - time.monotonic())):
                    pool.shutdown(cancel_futures=True)
                    raise stopped()
                sent.append(pool.submit(self._send, self.probes[number % len(self.probes)]))
        return tuple(one.result() for one in sent)

    def _send(self, probe: Probe) -> Sent:
        name, alias = self.functions[probe.function]
        return self.cloud.send(self.target, name, alias, probe)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteLoad:
    """A command, run as a suite. Each of its tests is a request; without a report the command is.

    Attributes:
        run: runs it, told what fails meanwhile ("" for nothing); raises what a suite may raise.
        name: what it is called.
    """

    run: Callable[[str], Report]
    name: str

    def once(self, stop: Event) -> tuple[Sent, ...]:
        """See `Load.once`."""
        return self._once("", stop)

    def during(self, seconds: float, stop: Event, fault: str) -> tuple[Sent, ...]:
        """See `Load.during`; what has begun is run to its end."""
        until = time.monotonic() + seconds
        sent = self._once(fault, stop)
        while time.monotonic() < until:
            sent += self._once(fault, stop)
        return sent

    def _once(self, fault: str, stop: Event) -> tuple[Sent, ...]:
        _require_wanted(stop)
        begun = time.monotonic()
        report = self.run(fault)
        bad = [one for one in report.findings if one.severity is not Severity.NOTE]
        tests = max(int(dict(report.measures).get(TESTS, 1)), len(bad), 1)
        seconds = (time.monotonic() - begun) / tests
        failed = [Sent(to=one.subject or self.name, status=one.rule, wrong=one.what, seconds=seconds) for one in bad]
        passed = [Sent(to=self.name, status="answered", seconds=seconds)] * (tests - len(bad))
        return (*failed, *passed)


def _require_wanted(stop: Event) -> None:
    if stop.is_set():
        raise stopped()
