"""Somebody ends the process while something is made to fail: politely, or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from .bakery import STURDY, Bakery
from .test_faults import resilience


@contextmanager
def checking(bakery: Bakery) -> Iterator[subprocess.Popen[bytes]]:
    """The check in a process of its own, which does not outlive the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "shoreward", "check", "--only", "faults"],
        cwd=bakery.shop.root,
        env={**os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(seen: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60.0
    while not seen():
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < end
        time.sleep(0.05)


def throttled(bakery: Bakery) -> bool:
    found = bakery.client("lambda").get_function_concurrency(FunctionName=bakery.physical("Oven"))
    return found.get("ReservedConcurrentExecutions") == 0


def altered(bakery: Bakery) -> bool:
    found = bakery.client("lambda").get_alias(FunctionName=bakery.physical("Counter"), Name="live")
    return found["FunctionVersion"] != "1"


@pytest.mark.parametrize("mend", ["up", "reap"])
def test_what_a_killed_process_left_is_taken_back_by_whoever_comes_next(bakery: Bakery, mend: str):
    bakery.build(STURDY)
    fault, seen = {
        "up": ("kind: throttle, function: Oven", throttled),
        "reap": ("kind: misdirect, function: Counter, variable: OVEN", altered),
    }[mend]
    bakery.declare(resilience(fault, lasts="90s"))
    assert bakery.shop.run("up").code == 0
    whole = bakery.state()
    with checking(bakery) as process:
        until(lambda: seen(bakery), process)
        process.kill()
    assert bakery.state() != whole
    said = bakery.shop.run(*{"up": ("up",), "reap": ("reap", "--yes")}[mend])
    assert said.code == 0
    assert "taking back" in said.out + said.err
    assert bakery.state() == whole


def test_whoever_is_asked_to_stop_takes_the_fault_back_first(bakery: Bakery):
    bakery.build(STURDY)
    bakery.declare(resilience("kind: throttle, function: Oven", lasts="90s"))
    assert bakery.shop.run("up").code == 0
    whole = bakery.state()
    with checking(bakery) as process:
        until(lambda: throttled(bakery), process)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert process.returncode not in (0, 1)
    assert bakery.state() == whole
