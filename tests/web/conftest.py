"""A real server on a port of its own, over a real journal that simulated releases have filled."""

from __future__ import annotations

import itertools
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.journal import SqliteAccounts, SqliteAnswers, SqliteJournal
from shoreward.app.releases import Wish
from shoreward.domain import Pipeline
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud
from shoreward.testing.simulator import carry
from shoreward.web.access.signed_in import policy_for
from shoreward.web.hub import Hub
from shoreward.web.routing import Ground
from shoreward.web.server import listen, serving
from shoreward.web.watch import Watch

BY = Wish(by="somebody", at=0.0, why="because")


@dataclass(kw_only=True)
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(kw_only=True)
class Site:
    """A server with its journal and its cloud."""

    journal: SqliteJournal
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    cloud: SimulatedCloud
    address: str = ""
    broken: set[str] = field(default_factory=set)

    def opened(self, commit: str, pipeline: Pipeline | None = None, subject: str = "A change", by: str = "ada") -> str:
        opening = an_opening(commit, pipeline, self.clock.now())
        return self.journal.open(replace(opening, subject=subject, by=by))

    def carried(self, commit: str, *, until: float | None = None, **opening: Any) -> str:
        """A release that has been opened and carried, to its end or for so many seconds."""
        release = self.opened(commit, **opening)
        self.carry(release, until)
        return release

    def carry(self, release: str, seconds: float | None = None) -> None:
        carry(self.journal, self.cloud, release, until=None if seconds is None else self.clock.now() + seconds)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def page(self, path: str) -> str:
        answer = self.get(path, Accept="text/html")
        assert answer.status == 200, answer.text
        return answer.text

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        sent = {"Shoreward-Request": "1", "Content-Type": "application/json"} | headers
        return self.ask("POST", path, body=json.dumps(body).encode(), headers=sent)

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        names = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        request = urllib.request.Request(self.address + path, data=body, method=method, headers=names)
        try:
            with urllib.request.urlopen(request, timeout=20) as said:
                return Answer(status=said.status, headers=dict(said.headers), text=said.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(status=error.code, headers=dict(error.headers), text=error.read().decode())


@contextmanager
def standing(
    file: Path,
    fill: Callable[[Site], object],
    *,
    kind: type[SimulatedCloud] = SimulatedCloud,
    clock: Any = None,
    **more: Any,
) -> Iterator[Site]:
    """A site for as long as the context lasts; its clock stands still unless another one is given."""
    with filled(file, fill, kind=kind, clock=clock) as site, server(site, **more) as site.address:
        yield site


@contextmanager
def filled(
    file: Path, fill: Callable[[Site], object], *, kind: type[SimulatedCloud] = SimulatedCloud, clock: Any = None
) -> Iterator[Site]:
    """A site without a server yet."""
    journal = SqliteJournal(file)
    clock, broken = clock or SimulatedClock(), set[str]()
    cloud = kind(clock=clock, journal=journal, errors=lambda commit, target, at: 0.2 if commit in broken else 0.002)
    site = Site(journal=journal, clock=clock, cloud=cloud, broken=broken)
    fill(site)
    yield site
    journal.close()


@contextmanager
def server(site: Site, port: int = 0, listening: socket.socket | None = None, **more: Any) -> Iterator[str]:
    """A server of a site's journal; gives its address."""
    file = site.journal.path
    with closing(SqliteAccounts(file)) as accounts, closing(SqliteAnswers(file, site.clock.now)) as answers:
        ground = Ground(
            journal=site.journal,
            clock=site.clock,
            hub=more.pop("hub", None) or Hub(Watch(site.journal), poll=0.02),
            accounts=accounts,
            answers=answers,
            access=more.pop("access", None) or policy_for("127.0.0.1", accounts, site.clock),
            **more,
        )
        with serving(ground, listening or listen("127.0.0.1", port)) as address:
            yield address


Build = Callable[..., Site]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Starts servers, one for each call; they end with the test."""
    numbers = itertools.count()
    with ExitStack() as stack:

        def make(fill: Callable[[Site], object] = lambda site: None, **more: Any) -> Site:
            return stack.enter_context(standing(tmp_path / f"journal-{next(numbers)}.db", fill, **more))

        yield make


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three releases that have ended: one that went all the way twice, one that came back. Only to be read."""

    def fill(site: Site) -> None:
        # Much traffic and one step: evidence comes at the first looks, and the session is not kept waiting.
        quick = a_pipeline(steps=(10.0,))
        site.cloud.traffic = {target.key: 100.0 for target in quick.targets}
        site.broken.add("bad")
        site.carried("first", pipeline=quick)
        site.carried("good", pipeline=quick, subject="A good change")
        site.carried("bad", pipeline=quick, subject="A bad change")

    with standing(tmp_path_factory.mktemp("past") / "journal.db", fill) as site:
        yield site
