"""A journal with many pipelines: some releases are simulated, and written again under other names and numbers."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from shoreward.adapters.journal import SqliteJournal
from shoreward.domain import Bake, JudgePolicy, Pipeline, Wave
from shoreward.testing.builders import a_target, an_opening
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud
from shoreward.testing.simulator import carry

MODEL = "shore000"

_GOOD, _BAD, _OPEN = f"{MODEL}-2", f"{MODEL}-3", f"{MODEL}-4"

_OPEN_EVERY = 10
"""One pipeline of so many has a release under way."""

_BAD_EVERY = 9
"""One release of so many is rolled back."""


def build(file: Path, *, pipelines: int, releases: int) -> None:
    """Fill a journal."""
    journal = SqliteJournal(file)
    _simulate(journal)
    journal.close()
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN")
    for pipeline in range(1, pipelines + 1):
        name = f"shore{pipeline:03}"
        for number in range(1, releases + 1):
            under_way = number == releases and pipeline % _OPEN_EVERY == 0
            _copy(connection, _OPEN if under_way else _BAD if number % _BAD_EVERY == 5 else _GOOD, name, number)
    for table, column in (("happened", "release"), ("events", "release"), ("releases", "id")):
        connection.execute(f"DELETE FROM {table} WHERE {column} LIKE '{MODEL}-%'")
    connection.execute("COMMIT")
    connection.close()


def _simulate(journal: SqliteJournal) -> None:
    clock = SimulatedClock()
    cloud = SimulatedCloud(
        clock=clock, journal=journal, errors=lambda commit, target, at: 0.2 if commit == "bad" else 0.002
    )
    cloud.traffic = {target.key: 300.0 for target in _pipeline().targets}
    for commit in ("first", "good", "bad", "new"):
        opening = an_opening(commit, _pipeline(), clock.now())
        release = journal.open(replace(opening, subject=f"A change that is {commit}", by="ada"))
        carry(journal, cloud, release, until=clock.now() + 100 if release == _OPEN else None)


def _pipeline() -> Pipeline:
    def wave(name: str, *regions: str) -> Wave:
        targets = tuple(replace(a_target(region), stack=MODEL) for region in regions)
        return Wave(name=name, targets=targets, steps=(10.0,), bake=Bake(minimum=60, requests=200))

    waves = (
        wave("one box", "eu-north-1"),
        wave("some", "eu-west-1", "us-east-1"),
        wave("all", "ap-southeast-2", "us-west-2"),
    )
    judge = JudgePolicy(interval=20, delay=5, promote_points=0.01)
    return Pipeline(application=MODEL, template="template.yaml", waves=waves, judge=judge)


def _copy(connection: sqlite3.Connection, model: str, application: str, number: int) -> None:
    """A release under another name and number."""
    release = f"{application}-{number}"
    said = "CAST(replace(replace(CAST({} AS TEXT), ?1, ?2), ?3, ?4) AS BLOB)"
    names = (model, release, MODEL, application)
    connection.execute(
        f"INSERT INTO releases SELECT ?2, ?4, ?5, open, commit_id, {said.format('header')} FROM releases WHERE id = ?1",
        (*names, number),
    )
    connection.execute(
        "UPDATE releases SET header = CAST(json_set(CAST(header AS TEXT), '$.number', ?2) AS BLOB) WHERE id = ?1",
        (release, number),
    )
    connection.execute(
        f"INSERT INTO events SELECT ?2, seq, at, name, {said.format('body')} FROM events WHERE release = ?1", names
    )
    connection.execute(
        "INSERT INTO happened (release, seq) SELECT ?2, seq FROM events WHERE release = ?1", (model, release)
    )
