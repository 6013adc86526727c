"""Toy checks, a repository that is a dictionary, and a world to run them in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shoreward.adapters.keep import LayeredKeep, ShelfKeep, ShelfMemory
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Check, Materials, Report, Result, Running
from shoreward.app.checking.graph import graph_of
from shoreward.app.checking.manner import Manner, Surroundings
from shoreward.app.checking.observing import Observer
from shoreward.app.checking.run import run_graph
from shoreward.domain import Finding, Pipeline, Severity, Terminal, Waiver
from shoreward.testing.builders import a_pipeline
from shoreward.testing.files import MemorySource
from shoreward.testing.shelf import MemoryShelf

NOON = 1_790_000_000.0
"""2026-09-21, some time of the day, UTC."""


@dataclass
class Clock:
    """Stands still until somebody moves it."""

    at: float = NOON

    def now(self) -> float:
        return self.at


class Blobs:
    """Content-addressed bytes in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.kept[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        if digest not in self.kept:
            raise Terminal("BLOB_MISSING", f"There is no blob {digest}.")
        return self.kept[digest]


def finding(rule: str = "wrong", severity: Severity = Severity.HIGH, **more: Any) -> Finding:
    return Finding(rule=rule, severity=severity, what=more.pop("what", f"{rule} is so."), **more)


def toy(
    name: str,
    *found: Finding,
    key: str | None = "same",
    does: Callable[[Materials, Running], Report | None] | None = None,
    **more: Any,
) -> Check:
    """A check that finds what it is told to."""

    def run(materials: Materials, running: Running) -> Report:
        said = does(materials, running) if does else None
        return said or Report(findings=found, summary=f"{len(found)} things")

    return Check(name=name, about=f"{name} is right.", key=lambda _: key, run=run, **more)


def breaking(name: str, error: Exception | None = None, **more: Any) -> Check:
    """A check that raises something."""

    def run(materials: Materials, running: Running) -> Report:
        raise error or ZeroDivisionError("division by zero")

    return toy(name, does=run, **more)


@dataclass
class World:
    """What a run needs, with a shelf in memory."""

    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    shared: MemoryShelf | None = None
    blobs: Blobs = field(default_factory=Blobs)
    clock: Clock = field(default_factory=Clock)
    environment: dict[str, str] = field(default_factory=dict[str, str])
    engine: str = "1"
    warnings: list[str] = field(default_factory=list[str])
    pipeline: Pipeline = field(default_factory=a_pipeline)

    def run(
        self,
        *checks: Check,
        files: Mapping[str, str] | None = None,
        waivers: Sequence[Waiver] = (),
        observer: Observer | None = None,
        **manner: Any,
    ) -> Answer:
        """Run checks on a commit with these files, one at a time unless `jobs` says more."""
        settings = Manner(**({"jobs": 1, "waivers": tuple(waivers)} | manner))
        materials = Materials(source=MemorySource({"c0ffee": files or {}}), commit="c0ffee", pipeline=self.pipeline)
        return run_graph(graph_of(checks), materials, self.surroundings(), settings, observer)

    def surroundings(self) -> Surroundings:
        warn = self.warnings.append
        shared = ShelfKeep(self.shared, warn) if self.shared is not None else None
        return Surroundings(
            keep=LayeredKeep(ShelfKeep(self.shelf, warn), shared, self.blobs),
            memory=ShelfMemory(self.shelf),
            clock=self.clock,
            environment=self.environment,
            engine=self.engine,
        )


def result(answer: Answer, name: str) -> Result:
    return next(each for each in answer.results if each.check == name)


def verdicts(answer: Answer) -> dict[str, str]:
    return {each.check: each.verdict.value for each in answer.results}


def rules(answer: Answer) -> list[str]:
    return [each.rule for each in answer.findings]
