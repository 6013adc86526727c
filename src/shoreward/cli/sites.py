"""Where commands find releases: in this machine's journal, or at a server (`--server`).

Commands ask a `Site`, and so say the same words, print the same JSON and end with the same code wherever it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from shoreward.app.past.history import Delivery, Revision, Stay, Where, deliveries, stays, whereabouts
from shoreward.app.people.commands import Command, obey
from shoreward.app.people.gates import GateState, gate_states
from shoreward.app.ports import Reader
from shoreward.app.standing import decision_of, scene_of
from shoreward.bootstrap import Project, open_project, wish
from shoreward.cli import settings
from shoreward.core import Blocker, Release
from shoreward.domain import Outcome, Refused

if TYPE_CHECKING:
    from shoreward.client import Client

TOKEN = "SHOREWARD_TOKEN"
"""The environment variable of the token that a server asks for; on a command line others could read it."""

_LOOK = 0.2
"""Seconds between two looks at a journal that others write."""


class Site(Protocol):
    """Releases, wherever they are."""

    @property
    def journal(self) -> Reader:
        """What is known of them."""
        ...

    def application(self) -> str:
        """The pipeline that is meant when none is named."""
        ...

    def revision(self, rev: str) -> Revision:
        """The commit of a branch, a tag or a commit."""
        ...

    def waits(self, state: Release, now: float) -> Sequence[Blocker]:
        """What a release waits for."""
        ...

    def gates(self, state: Release, now: float) -> Sequence[GateState]:
        """How its gates stand."""
        ...

    def history(self, limit: int) -> Sequence[Stay]:
        """What was live on each target, oldest first, as so many of the newest releases tell."""
        ...

    def where(self, rev: str) -> Where:
        """Where a commit is."""
        ...

    def delivery(self, days: int) -> Mapping[str, Delivery]:
        """How pipelines deliver, by name, and all of them together ("") unless there is one."""
        ...

    def obey(self, command: Command, why: str) -> str:
        """Ask for something; see `app.people.commands.obey`."""
        ...

    def begin(self, rev: str, *, allow_dirty: bool, despite: str, detached: bool) -> str:
        """Open a release of a revision; returns its id."""
        ...

    def carry(self, release: str, *, json: bool, wished: Outcome | None = None) -> int:
        """See a release to its end, carrying it when that is for this process to do; returns the exit code."""
        ...

    def news(self, release: str) -> Iterator[None]:
        """Comes back whenever something may have happened to a release; at once at first."""
        ...


class Here:
    """Implements `Site` for an application's repository on this machine."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @property
    def journal(self) -> Reader:
        """See `Site.journal`."""
        return self.project.journal

    def application(self) -> str:
        """See `Site.application`: the repository's own."""
        return self.project.pipeline().application

    def revision(self, rev: str) -> Revision:
        """See `Site.revision`."""
        commit = self.project.repository.resolve(rev)
        return Revision(commit=commit.id, subject=commit.subject)

    def waits(self, state: Release, now: float) -> Sequence[Blocker]:
        """See `Site.waits`."""
        return decision_of(self.project.journal, self.project.conditions(), state, now).blockers

    def gates(self, state: Release, now: float) -> Sequence[GateState]:
        """See `Site.gates`."""
        return gate_states(state, now, scene_of(self.project.journal, self.project.conditions(), now))

    def history(self, limit: int) -> Sequence[Stay]:
        """See `Site.history`."""
        newest = self.project.journal.page(limit=limit)
        return stays(self.project.journal, sorted(newest, key=lambda header: header.opened_at))

    def where(self, rev: str) -> Where:
        """See `Site.where`."""
        found = self.revision(rev)
        journal, ancestry = self.project.journal, self.project.quarantine().ancestry
        names = sorted({header.application for header in journal.releases()})
        known = tuple(whereabouts(journal, ancestry, name, found.commit) for name in names)
        return Where(commit=found.commit, subject=found.subject, applications=known)

    def delivery(self, days: int) -> Mapping[str, Delivery]:
        """See `Site.delivery`."""
        headers = self.project.journal.releases()
        names = sorted({header.application for header in headers})
        groups = {name: [each for each in headers if each.application == name] for name in names}
        return deliveries(groups, time.time(), days=days)

    def obey(self, command: Command, why: str) -> str:
        """See `Site.obey`."""
        return obey(self.project.journal, command, wish(why), self.project.quarantine())

    def begin(self, rev: str, *, allow_dirty: bool, despite: str, detached: bool) -> str:
        """See `Site.begin`."""
        from shoreward.cli.starting import start

        return start(self.project, rev, allow_dirty=allow_dirty, despite=despite, detached=detached)

    def carry(self, release: str, *, json: bool, wished: Outcome | None = None) -> int:
        """See `Site.carry`."""
        from shoreward.cli.carry import carry

        return carry(self, release, json=json, wished=wished)

    def news(self, release: str) -> Iterator[None]:
        """See `Site.news`."""
        while True:
            yield
            time.sleep(_LOOK)


class There:
    """Implements `Site` for a server; whoever runs it carries the releases."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def journal(self) -> Reader:
        """See `Site.journal`."""
        return self._client.journal

    def application(self) -> str:
        """See `Site.application`: the server's only one; raises `Refused` (PIPELINE_UNNAMED) when it has several."""
        names = [row.application for row in self._client.pipelines()]
        if len(names) != 1:
            raise Refused(
                "PIPELINE_UNNAMED",
                f"{self._client.address} has {len(names)} pipelines, and none is named.",
                next="Name one of its releases: `shoreward hold sandcastles-12 --pipeline`.",
            )
        return names[0]

    def revision(self, rev: str) -> Revision:
        """See `Site.revision`: as the server's repository has it."""
        return self._client.revision(rev)

    def waits(self, state: Release, now: float) -> Sequence[Blocker]:
        """See `Site.waits`."""
        return tuple(
            Blocker(what=each.what, until=each.until, person=each.person, gate=each.gate, zone=each.zone)
            for each in self._client.blockers(state.id)
        )

    def gates(self, state: Release, now: float) -> Sequence[GateState]:
        """See `Site.gates`."""
        return self._client.gates(state.id)

    def history(self, limit: int) -> Sequence[Stay]:
        """See `Site.history`."""
        return self._client.history(limit=limit)

    def where(self, rev: str) -> Where:
        """See `Site.where`."""
        return self._client.where(rev)

    def delivery(self, days: int) -> Mapping[str, Delivery]:
        """See `Site.delivery`."""
        return self._client.delivery(days=days)

    def obey(self, command: Command, why: str) -> str:
        """See `Site.obey`."""
        return self._client.obey(command, why)

    def begin(self, rev: str, *, allow_dirty: bool, despite: str, detached: bool) -> str:
        """See `Site.begin`; the work tree of this machine has nothing to do with it."""
        return self._client.begin(rev, despite=despite)

    def carry(self, release: str, *, json: bool, wished: Outcome | None = None) -> int:
        """See `Site.carry`: it is followed."""
        from shoreward.cli.carry import attend

        return attend(self, release, json=json, wished=wished)

    def news(self, release: str) -> Iterator[None]:
        """See `Site.news`."""
        # From before the first look on, so that nothing happens in between unseen.
        application = release.rpartition("-")[0]
        for each in self._client.stream(application=application):
            if each.kind in ("open", "control") or each.release in ("", release):
                yield


def open_site(directory: Path, *, config: Path | None = None, journal: Path | None = None) -> Site:
    """Where a command finds its releases.

    Args:
        directory: of an application on this machine, when no server is named; see `open_project`.

    Raises:
        UserError: what `open_project` raises, SERVER_ADDRESS.
        Refused: TOKEN_EXPOSED.
    """
    if not settings.server():
        return Here(open_project(directory, config=config, journal=journal))
    from shoreward.client import Client

    client = Client(settings.server(), token=os.environ.get(TOKEN, ""))
    settings.keep(client)
    return There(client)
