"""A journal that simulated releases fill, its outbox, and those who are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.app.telling.courier import Courier
from shoreward.app.telling.listener import Listener
from shoreward.app.telling.notice import Notice
from shoreward.app.telling.ports import Messenger
from shoreward.core import Event
from shoreward.core.events import ReleaseOpened
from shoreward.domain import Bake
from shoreward.domain.notifications import Chat, Kind, Receiver
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud
from shoreward.testing.simulator import carry

PAGE = "https://shoreward.example.org"
DAY = 86_400.0


@dataclass(kw_only=True)
class Shore:
    """What happens, and who hears of it."""

    file: Path
    journal: SqliteJournal
    outbox: SqliteOutbox
    cloud: SimulatedCloud
    clock: SimulatedClock
    broken: set[str]
    listener: Listener

    def opened(self, commit: str, *, subject: str = "Towers may have flags", by: str = "ada", **more: Any) -> str:
        opening = replace(an_opening(commit, more.pop("pipeline", None), self.clock.now()), subject=subject, by=by)
        return self.journal.open(replace(opening, **more))

    def carried(self, commit: str, *, until: float | None = None, **opening: Any) -> str:
        release = self.opened(commit, **opening)
        self.carry(release, until)
        return release

    def carry(self, release: str, seconds: float | None = None) -> None:
        carry(self.journal, self.cloud, release, until=None if seconds is None else self.clock.now() + seconds)

    def tell_again(self, story: Story, then: Callable[[], object] = lambda: None) -> None:
        """Let a release that was carried elsewhere happen here, event by event, with something after each."""
        first, *others = story.events
        assert isinstance(first, ReleaseOpened)
        release = self.journal.open(first)
        for seq, event in enumerate(others, start=1):
            then()
            self.journal.append(release, seq, (event,))
        self.clock.time = story.events[-1].at

    def listen(self) -> None:
        while self.listener.step():
            pass

    def notices(self) -> list[Notice]:
        """All that the outbox holds, after listening."""
        self.listen()
        return [posted.notice for posted in self.outbox.after(0, limit=10_000)]

    def kinds(self) -> list[str]:
        return [notice.kind.value for notice in self.notices()]

    def courier(self, messenger: Messenger, name: str = "team", about: frozenset[Kind] = frozenset(Kind)) -> Courier:
        """One that is told what comes from now on."""
        self.listen()
        self.outbox.standing(name)
        return Courier(
            receiver=Receiver(name=name, means=Chat(address="SLACK"), about=about),
            messenger=messenger,
            outbox=self.outbox,
            now=self.clock.now,
            chance=lambda: 0.0,
            give_up_after=DAY,
        )


@dataclass
class Heard:
    """A receiver in memory, which answers as it is told to."""

    digests: bool = False
    answers: list[Exception | None] = field(default_factory=list)
    told: list[list[Notice]] = field(default_factory=list)

    def deliver(self, notices: Sequence[Notice]) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.told.append(list(notices))

    @property
    def keys(self) -> list[str]:
        return [notice.key for parcel in self.told for notice in parcel]


Make = Callable[[Path], Shore]


def shore_on(file: Path) -> Shore:
    """A shore on a journal's file."""
    journal, outbox = SqliteJournal(file), SqliteOutbox(file)
    clock, broken = SimulatedClock(), set[str]()
    cloud = SimulatedCloud(
        clock=clock, journal=journal, errors=lambda commit, target, at: 0.2 if commit in broken else 0.002
    )
    listener = Listener(journal=journal, outbox=outbox, now=clock.now, patience=7_200.0)
    listener.step()
    return Shore(file=file, journal=journal, outbox=outbox, cloud=cloud, clock=clock, broken=broken, listener=listener)


@pytest.fixture
def shore(tmp_path: Path) -> Iterator[Shore]:
    found = shore_on(tmp_path / "journal.db")
    with closing(found.journal), closing(found.outbox):
        yield found


SMALL = a_pipeline(
    (("eu-north-1",), ("eu-west-1",)),
    steps=(50.0,),
    bake=Bake(minimum=10, requests=20, deadline=600, on_deadline="hold"),
)


@dataclass(frozen=True, kw_only=True)
class Story:
    """A release as it was carried: its events in their order."""

    release: str
    events: tuple[Event, ...]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Story]:
    """A release that went all the way, and one after it that harmed and came back; judged by the real judge."""
    found = shore_on(tmp_path_factory.mktemp("past") / "journal.db")
    with closing(found.journal), closing(found.outbox):
        found.broken.add("bad")
        good = found.carried("good", pipeline=SMALL, subject="Moats are filled twice a day")
        bad = found.carried("bad", pipeline=SMALL, subject="Buckets without a bottom", before="good")
        return tuple(  # type: ignore[return-value]
            Story(release=release, events=tuple(each.event for each in found.journal.events(release)))
            for release in (good, bad)
        )


@pytest.fixture
def past(shore: Shore, told: tuple[Story, Story]) -> Shore:
    """A journal in which both have happened, while somebody listened."""
    for story in told:
        shore.tell_again(story)
    return shore


def a_notice(kind: Kind = Kind.HELD, number: int = 1, **more: Any) -> Notice:
    """A notice of a release."""
    blank = Notice(
        key=f"sandcastles-12/{number}",
        kind=kind,
        at=1_700_000_000.0 + number,
        application="sandcastles",
        release="sandcastles-12",
        what="Release sandcastles-12 is held, says kim",
        path="/releases/sandcastles-12",
        commit="4f2c1a9e0b77d1c2a3f4e5d6c7b8a9f0e1d2c3b4",
        before="9f1c2ab7d04e55aa01b2c3d4e5f60718293a4b5c",
    )
    return replace(blank, **more)
