"""What every route has in common: what the server knows, and that the policy has decided before it is called.

Endpoints say with `needs` what they need of their caller. `admitted` stands before every route of the application, and
one that says nothing is answered to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol, cast

from fastapi import Depends, Request

from shoreward.app.ports import Clock, Journal
from shoreward.app.releases import Wish
from shoreward.app.webhooks import Push
from shoreward.core.header import Header
from shoreward.web.access import Access, Asked, Caller, Denied, Need
from shoreward.web.hub import Hub
from shoreward.web.remembered import Remembered
from shoreward.web.views.difference import Differences
from shoreward.web.watch import Sight, Watch


class Branches(Protocol):
    """Watched branches."""

    def secrets(self, push: Push) -> Sequence[str]:
        """The secrets that a webhook about a push may be signed with."""
        ...

    def wake(self) -> None:
        """Look at all branches now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All that routes stand on.

    Attributes:
        differences: what releases change in git.
        begin: opens a release of a revision (a branch, tag or commit), with a reason why one in quarantine may go all
            the same, or ""; returns the release's id. None where this server can open none.
        branches: what is watched, and woken by webhooks; None where nothing is.
        remembered: answers to commands, by idempotency key.
    """

    journal: Journal
    clock: Clock
    hub: Hub
    access: Access
    differences: Differences = field(default_factory=Differences)
    begin: Callable[[str, Wish, str], str] | None = None
    branches: Branches | None = None
    remembered: Remembered = field(default_factory=Remembered)

    def now(self) -> float:
        """UNIX seconds."""
        return self.clock.now()

    def wish(self, caller: Caller, why: str) -> Wish:
        """What somebody asks for, now."""
        return Wish(by=caller.name, at=self.clock.now(), why=why)

    @property
    def watch(self) -> Watch:
        """What is known."""
        return self.hub.watch

    @property
    def sight(self) -> Sight:
        """What is known at this moment."""
        return self.hub.watch.sight

    def header(self, release: str) -> Header:
        """A release's header; raises `Refused` (RELEASE_UNKNOWN)."""
        application, _, _ = release.rpartition("-")
        for header in reversed(self.sight.headers.get(application, ())):
            if header.id == release:
                return header
        return self.journal.header(release)


def ground_of(request: Request) -> Ground:
    """The ground of the server that a request came to."""
    return cast("Ground", request.app.state.ground)


Stands = Annotated[Ground, Depends(ground_of)]
"""The ground, as an argument of a route."""


def caller_of(request: Request) -> Caller:
    """Who asks, as the policy has decided."""
    return cast("Caller", request.state.caller)


Called = Annotated[Caller, Depends(caller_of)]
"""Who asks, as an argument of a route."""

NEED = "shoreward_need"
"""The name under which a route's endpoint keeps what it needs."""


def needs(need: Need) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark an endpoint with what it needs of whoever calls it."""

    def mark(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        setattr(endpoint, NEED, need)
        return endpoint

    return mark


def admitted(request: Request) -> None:
    """Let the policy decide about a request; before every route, as a dependency of the application.

    Raises:
        Denied: the caller may not, or nothing says what the route needs.
    """
    need = getattr(request.scope.get("endpoint"), NEED, None)
    if not isinstance(need, Need):
        raise Denied("NOT_PERMITTED", "Nobody may do this.", status=403)
    parameters = request.path_params
    release = str(parameters.get("release", ""))
    application = str(parameters.get("application", "")) or release.rpartition("-")[0]
    asked = Asked(
        need=need,
        method=request.method,
        path=request.url.path,
        headers={name.lower(): value for name, value in request.headers.items()},
        application=application,
    )
    request.state.caller = ground_of(request).access.admit(asked)
