"""Synthetic tests in production: probes that go on while a release bakes, so that thin traffic can be judged, too.

    a look at a baking target ──► keep_up: its probes are sent through the alias for some time more
    an answer that is wrong   ──► counts: an error of the version that gave it

They go through the alias, so the platform counts them as it counts customers: by the version that answered. What it
cannot know is that an answer was wrong although nothing was raised; that is remembered here, and joined to its counts.
Nothing of it is in the journal: after a crash the next look begins anew, and what was remembered is evidence that is
not there, never evidence of health.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import structlog
from numpy.typing import NDArray

from shoreward.app.ports import Asker, Clock, MetricSource, Samples, Stream
from shoreward.domain import Probe, ShorewardError, StagedFunction, Target

_log = structlog.get_logger()

_REMEMBERED = 100_000
"""So many wrong answers of a stream are remembered; a look never goes back further than that many."""


@dataclass(slots=True)
class _Sender:
    """A probe that goes on: a thread that ends by itself when nobody asks for it any more."""

    until: float
    over: threading.Event = field(default_factory=threading.Event)


class Synthetics:
    """Sends probes, and joins what was wrong with their answers to a source's counts (`app.ports.MetricSource`).

    Args:
        metrics: counts what the platform saw, these requests included.
        asker: sends one request through an alias.
    """

    def __init__(self, metrics: MetricSource, asker: Asker, clock: Clock) -> None:
        self._metrics = metrics
        self._asker = asker
        self._clock = clock
        self._lock = threading.Lock()
        self._senders: dict[tuple[str, str, Probe], _Sender] = {}
        self._wrong: dict[tuple[str, Stream], deque[float]] = {}

    def keep_up(
        self, target: Target, functions: Sequence[StagedFunction], probes: Sequence[Probe], lasting: float
    ) -> None:
        """Send the probes that ask for it (`Probe.every`) on for `lasting` seconds; asking again prolongs."""
        until = self._clock.now() + lasting
        by_id = {function.logical_id: function for function in functions}
        with self._lock:
            for probe in probes:
                function = by_id.get(probe.function)
                if probe.every > 0 and function is not None:
                    self._prolong(target, function, probe, until)

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        """See `MetricSource.counts`; an answer that was wrong is an error of the interval in which it was asked for."""
        counted = self._metrics.counts(target, streams, start=start, end=end, period=period)
        return {stream: self._joined(target, stream, samples, start, period) for stream, samples in counted.items()}

    def latencies(
        self,
        target: Target,
        streams: Sequence[Stream],
        levels: Sequence[float],
        *,
        start: float,
        end: float,
        period: int,
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """See `MetricSource.latencies`."""
        return self._metrics.latencies(target, streams, levels, start=start, end=end, period=period)

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """See `MetricSource.slower`."""
        return self._metrics.slower(target, limits, start=start, end=end, period=period)

    def close(self) -> None:
        """Send no more."""
        with self._lock:
            for sender in self._senders.values():
                sender.over.set()
            self._senders.clear()

    def _prolong(self, target: Target, function: StagedFunction, probe: Probe, until: float) -> None:
        key = target.key, function.name, probe
        if (sender := self._senders.get(key)) is not None:
            sender.until = max(sender.until, until)
            return
        sender = self._senders[key] = _Sender(until=until)
        name = f"synthetic-{target.region}-{probe.function}"
        threading.Thread(
            target=self._send_on, args=(target, function, probe, sender, key), name=name, daemon=True
        ).start()

    def _send_on(
        self,
        target: Target,
        function: StagedFunction,
        probe: Probe,
        sender: _Sender,
        key: tuple[str, str, Probe],
    ) -> None:
        while not sender.over.is_set():
            with self._lock:
                if self._clock.now() >= sender.until:
                    if self._senders.get(key) is sender:
                        del self._senders[key]
                    return
            self._send(target, function, probe)
            sender.over.wait(probe.every)

    def _send(self, target: Target, function: StagedFunction, probe: Probe) -> None:
        asked = self._clock.now()
        try:
            answer = self._asker.ask(target, function, probe)
        except ShorewardError as error:
            # We could not ask. That says nothing of the function; alarms and customers' own requests still speak.
            _log.warning("a synthetic request was not sent", target=target.key, function=function.name, why=str(error))
            return
        if answer.wrong and answer.version:
            stream = Stream(function=function.name, alias=function.alias, version=answer.version)
            with self._lock:
                self._wrong.setdefault((target.key, stream), deque(maxlen=_REMEMBERED)).append(asked)

    def _joined(self, target: Target, stream: Stream, samples: Samples, start: float, period: int) -> Samples:
        with self._lock:
            times = np.array(self._wrong.get((target.key, stream), ()), dtype=np.float64)
        if not times.size:
            return samples
        place = np.floor((times - start) / period).astype(int)
        inside = place[(place >= 0) & (place < samples.errors.size)]
        wrong = np.bincount(inside, minlength=samples.errors.size)
        # A request is at most once an error, and the platform may still be counting.
        return replace(samples, errors=np.minimum(samples.errors + wrong, samples.requests))
