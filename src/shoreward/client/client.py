"""Everything that a server tells and does, as methods with types; see `shoreward.client`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from pydantic import TypeAdapter

from shoreward.app.past.history import Delivery, Revision, Stay, Where
from shoreward.app.people.commands import BringBack, Command
from shoreward.app.people.gates import GateState
from shoreward.client.commands import address_of, body_of
from shoreward.client.connection import Connection
from shoreward.client.journal import ServerJournal
from shoreward.client.stream import Streamed, follow
from shoreward.web.api import bodies
from shoreward.web.views import shapes
from shoreward.web.views.in_force import InForce
from shoreward.web.views.record_shapes import HarmShown, SandboxShown

_ROW = TypeAdapter(shapes.Row)
_SHORE = TypeAdapter(shapes.Shore)
_HEADLINE = TypeAdapter(shapes.Headline)
_RELEASE = TypeAdapter(shapes.ReleaseShown)
_UNDER_WAY = TypeAdapter(shapes.UnderWay)
_BLOCKERS = TypeAdapter(tuple[shapes.Blocked, ...])
_TARGETS = TypeAdapter(tuple[shapes.OnTarget, ...])
_GATES = TypeAdapter(tuple[GateState, ...])
_TOLD = TypeAdapter(shapes.Told)
_FOUND = TypeAdapter(shapes.Found)
_WEIGHTS = TypeAdapter(tuple[shapes.Weights, ...])
_CHANGES = TypeAdapter(tuple[shapes.TargetChanges, ...])
_GROUP: TypeAdapter[shapes.GroupShown | None] = TypeAdapter(shapes.GroupShown | None)
_DIFFERENCE = TypeAdapter(shapes.Difference)
_JUDGEMENT = TypeAdapter(shapes.JudgementShown)
_STAYS = TypeAdapter(tuple[Stay, ...])
_WHERE = TypeAdapter(Where)
_REVISION = TypeAdapter(Revision)
_DELIVERY = TypeAdapter(dict[str, Delivery])
_HARM = TypeAdapter(HarmShown)
_SANDBOX = TypeAdapter(SandboxShown)
_IN_FORCE = TypeAdapter(InForce)
_SESSIONS = TypeAdapter(tuple[shapes.SignedIn, ...])
_ENDED = TypeAdapter(bodies.Ended)
_OPENED = TypeAdapter(bodies.Opened)
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


class Client:
    """A server, for as long as the context lasts.

    Every method may raise what the server refuses with, and the errors of `Connection`.

    Args:
        address: `https://shore.example`.
        token: of somebody who may; "" where nobody signs in.
    """

    def __init__(self, address: str, *, token: str = "") -> None:
        self._connection = Connection(address, token=token)
        self.journal = ServerJournal(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._connection.close()

    @property
    def address(self) -> str:
        """Where the server is."""
        return self._connection.address

    def pipelines(self) -> Iterator[shapes.Row]:
        """All pipelines at a glance, those that need a person first."""
        return self._connection.pages("/pipelines", _ROW)

    def pipeline(self, application: str) -> shapes.Shore:
        """A pipeline: its waves, what is live, what is under way."""
        return self._connection.get(f"/pipelines/{quote(application, safe='')}", _SHORE)

    def releases(self, application: str | None = None) -> Iterator[shapes.Headline]:
        """Releases, newest first; pages are fetched as they are read."""
        return self._connection.pages("/releases", _HEADLINE, application=application)

    def release(self, release: str) -> shapes.ReleaseShown:
        """A release, whole."""
        return self._connection.get(_of(release), _RELEASE)

    def now(self, release: str) -> shapes.UnderWay:
        """Where a release is."""
        return self._connection.get(_of(release, "now"), _UNDER_WAY)

    def blockers(self, release: str) -> Sequence[shapes.Blocked]:
        """What a release waits for."""
        return self._connection.get(_of(release, "blockers"), _BLOCKERS)

    def targets(self, release: str) -> Sequence[shapes.OnTarget]:
        """How a release stands on each of its targets."""
        return self._connection.get(_of(release, "targets"), _TARGETS)

    def gates(self, release: str) -> Sequence[GateState]:
        """How the gates before a release stand."""
        return self._connection.get(_of(release, "gates"), _GATES)

    def story(self, release: str, *, after: int = 0) -> Iterator[shapes.Told]:
        """A release event by event, in words."""
        return self._connection.pages(_of(release, "events"), _TOLD, after=after)

    def findings(self, release: str) -> Iterator[shapes.Found]:
        """What the checks of a release found."""
        return self._connection.pages(_of(release, "findings"), _FOUND)

    def weights(self, release: str) -> Sequence[shapes.Weights]:
        """The traffic of each target over time."""
        return self._connection.get(_of(release, "weights"), _WEIGHTS)

    def difference(self, release: str) -> shapes.Difference:
        """What a release changes in git."""
        return self._connection.get(_of(release, "diff"), _DIFFERENCE)

    def changes(self, release: str) -> Sequence[shapes.TargetChanges]:
        """What a release changes on its targets: rights, template or values, change set."""
        return self._connection.get(_of(release, "changes"), _CHANGES)

    def group(self, release: str) -> shapes.GroupShown | None:
        """The group release that a release belongs to; None when it goes alone."""
        return self._connection.get(_of(release, "group"), _GROUP)

    def judgement(self, release: str, target: str) -> shapes.JudgementShown:
        """All that the judge said of a release on a target, with its evidence."""
        return self._connection.get(_of(release, f"targets/{quote(target)}/judgement"), _JUDGEMENT)

    def report(self, release: str) -> Any:
        """The whole report of a release's checks, as JSON."""
        return self._connection.get(_of(release, "checks"), _ANYTHING)

    def history(self, application: str | None = None, *, limit: int = 50) -> Sequence[Stay]:
        """What was live on each target, oldest first."""
        return self._connection.get("/history", _STAYS, application=application, limit=limit)

    def where(self, rev: str, application: str | None = None) -> Where:
        """Where a commit is."""
        return self._connection.get("/where", _WHERE, rev=rev, application=application)

    def revision(self, rev: str, application: str | None = None) -> Revision:
        """The commit that a branch or a tag means in the server's repository."""
        return self._connection.get("/revision", _REVISION, rev=rev, application=application)

    def delivery(self, application: str | None = None, *, days: int = 90) -> Mapping[str, Delivery]:
        """How pipelines deliver, by name; "" is all of them together."""
        return self._connection.get("/figures", _DELIVERY, application=application, days=days)

    def harm(self, application: str | None = None, *, days: int = 90) -> HarmShown:
        """What releases that were sent back did to customers, and what was spared."""
        return self._connection.get("/figures/harm", _HARM, application=application, days=days)

    def sandboxes(self, application: str | None = None) -> Iterator[SandboxShown]:
        """Sandboxes that are not gone, by their targets."""
        return self._connection.pages("/sandboxes", _SANDBOX, application=application)

    def sandbox(self, name: str) -> SandboxShown:
        """A sandbox, by its name or as account/region/name."""
        return self._connection.get(f"/sandboxes/{quote(name)}", _SANDBOX)

    def sessions(self) -> Sequence[shapes.SignedIn]:
        """Who is signed in with a browser; for admins of every pipeline."""
        return self._connection.get("/sessions", _SESSIONS)

    def end_sessions(self, who: str, why: str) -> int:
        """Sign somebody out, in all of their browsers; returns how many there were."""
        return self._connection.post("/sessions/end", bodies.OfPerson(who=who, why=why), _ENDED, _new_key()).sessions

    def quarantine(self) -> Iterator[shapes.Headline]:
        """Releases that harmed, newest first."""
        return self._connection.pages("/quarantine", _HEADLINE)

    def in_force(self) -> InForce:
        """Stops, freezes and variables."""
        return self._connection.get("/in-force", _IN_FORCE)

    def begin(self, rev: str, *, despite: str = "", key: str = "") -> str:
        """Open a release of a branch, a tag or a commit in the server's repository; returns its id."""
        body = bodies.Begin(rev=rev, despite=despite)
        return self._connection.post("/releases", body, _OPENED, key or _new_key()).id

    def obey(self, command: Command, why: str, *, key: str = "") -> str:
        """Ask for something; see `app.people.commands.obey`.

        Args:
            key: under which it is done once, for a day; a new one by default.
        """
        path, body, key = address_of(command), body_of(command, why), key or _new_key()
        if isinstance(command, BringBack):
            return self._connection.post(path, body, _OPENED, key).id
        self._connection.post(path, body, _ANYTHING, key)
        return getattr(command, "release", "")

    def stream(self, *, after: str = "", application: str = "") -> Iterator[Streamed]:
        """What happens from now on, or behind an id; it goes on by itself when the connection is cut."""
        return follow(self._connection, after=after, application=application)


def _of(release: str, what: str = "") -> str:
    return f"/releases/{quote(release, safe='')}" + (f"/{what}" if what else "")


def _new_key() -> str:
    return str(uuid.uuid4())
