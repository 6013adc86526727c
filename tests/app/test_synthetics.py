"""Probes go on while a release bakes, and an answer that is wrong counts against the version that gave it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pytest

from shoreward.app.ports import Answered, Samples, Stream
from shoreward.app.synthetics import Synthetics
from shoreward.domain import Probe, Retryable, StagedFunction, Target
from shoreward.testing.builders import a_target
from shoreward.testing.metrics import Untimed
from shoreward.testing.simulated import SimulatedClock

OFTEN = Probe(function="Tides", every=0.01)
TIDES = StagedFunction(logical_id="Tides", name="app-Tides", alias="live", baseline="1", candidate="2")
OLD, NEW = (Stream(function="app-Tides", alias="live", version=version) for version in "12")


class Platform(Untimed):
    """Counts ten requests and one error in every interval; answers as it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[], Answered] = lambda: Answered(version="1")
        self.enough = threading.Event()

    def ask(self, target: Target, function: StagedFunction, probe: Probe) -> Answered:
        self.asked.append(target.region)
        if len(self.asked) >= 5:
            self.enough.set()
        return self.answer()

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        size = int((end - start) // period)
        requests, errors = np.full(size, 10.0), np.full(size, 1.0)
        return {each: Samples(requests=requests, errors=errors, throttles=np.zeros(size)) for each in streams}


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(time=1_000.0)


@pytest.fixture
def synthetics(platform: Platform, clock: SimulatedClock) -> Iterator[Synthetics]:
    made = Synthetics(platform, platform, clock)
    yield made
    made.close()
    assert gone()


def errors(synthetics: Synthetics, stream: Stream) -> list[float]:
    [samples] = synthetics.counts(a_target(), [stream], start=960.0, end=1_020.0, period=20).values()
    return samples.errors.tolist()


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("synthetic-")]


def gone() -> bool:
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not threads()


def test_a_probe_goes_on_and_asking_again_does_not_double_it(synthetics: Synthetics, platform: Platform):
    for _ in range(3):
        synthetics.keep_up(a_target(), [TIDES], [OFTEN], lasting=60.0)
    assert platform.enough.wait(10)
    assert threads() == ["synthetic-eu-north-1-Tides"]


def test_it_ceases_when_nobody_asks_for_it_any_more(synthetics: Synthetics, platform: Platform, clock: SimulatedClock):
    synthetics.keep_up(a_target(), [TIDES], [OFTEN], lasting=60.0)
    assert platform.enough.wait(10)
    clock.advance(61.0)
    assert gone()
    platform.enough.clear()
    synthetics.keep_up(a_target(), [TIDES], [OFTEN], lasting=60.0)
    assert platform.enough.wait(10), "and goes on when somebody asks anew"


@pytest.mark.parametrize(
    "probe", [Probe(function="Tides"), Probe(function="Castles", every=0.01)], ids=["only once", "another function"]
)
def test_a_probe_that_does_not_ask_for_it_is_not_sent_on(synthetics: Synthetics, platform: Platform, probe: Probe):
    synthetics.keep_up(a_target(), [TIDES], [probe], lasting=60.0)
    assert threads() == []
    assert platform.asked == []


def test_a_wrong_answer_is_an_error_of_the_version_that_gave_it_and_never_more_than_there_were_requests(
    synthetics: Synthetics, platform: Platform, clock: SimulatedClock
):
    platform.answer = lambda: Answered(version="2", wrong="$.statusCode is 204")
    synthetics.keep_up(a_target(), [TIDES], [OFTEN], lasting=60.0)
    deadline = time.monotonic() + 10
    while len(platform.asked) < 12 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert errors(synthetics, OLD) == [1.0, 1.0, 1.0]
    assert errors(synthetics, NEW) == [1.0, 1.0, 10.0], "all at 1,000 s, in the last interval"


def test_right_answers_and_errors_that_the_platform_counts_itself_change_nothing(
    synthetics: Synthetics, platform: Platform
):
    platform.answer = lambda: Answered(version="2")
    synthetics.keep_up(a_target(), [TIDES], [OFTEN], lasting=60.0)
    assert platform.enough.wait(10)
    assert errors(synthetics, NEW) == [1.0, 1.0, 1.0]


def test_what_could_not_be_sent_says_nothing_of_the_function_and_is_tried_again(
    synthetics: Synthetics, platform: Platform
):
    def nobody() -> Answered:
        raise Retryable("AWS_UNREACHABLE", "Nobody answers.")

    platform.answer = nobody
    synthetics.keep_up(a_target(), [TIDES], [OFTEN], lasting=60.0)
    assert platform.enough.wait(10)
    assert errors(synthetics, NEW) == [1.0, 1.0, 1.0]
