"""What every route has in common: what the server knows, as far as whoever asks may see it.

Endpoints say with `needs` what they need of their caller; the door (`access.door`) has let them in before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from shoreward.app.access.accounts import Accounts, Audited
from shoreward.app.access.audit import audited
from shoreward.app.merging.webhooks import Push
from shoreward.app.past.spared import Spared, spared
from shoreward.app.people.answers import Answers
from shoreward.app.ports import Clock, Journal
from shoreward.app.quarantine import Quarantine
from shoreward.app.quarantine.ancestry import Ancestry
from shoreward.app.releases import Wish
from shoreward.app.sandboxes.lease import Lease, State
from shoreward.core.header import Header
from shoreward.domain import Refused
from shoreward.domain.access import EVERYTHING, Role
from shoreward.web.access.door import needs
from shoreward.web.access.policy import Access, Caller, Via
from shoreward.web.access.signed_in import SigningIn
from shoreward.web.hub import Hub
from shoreward.web.kept import Kept
from shoreward.web.measures import Measures
from shoreward.web.recollected import Recollected
from shoreward.web.views.changes import Comparisons
from shoreward.web.views.difference import Differences
from shoreward.web.views.shapes import SignedIn
from shoreward.web.watch import Sight, Watch


class Branches(Protocol):
    """Watched branches."""

    def secrets(self, push: Push) -> Sequence[str]:
        """The secrets that a webhook about a push may be signed with."""
        ...

    def wake(self) -> None:
        """Look at all branches now."""
        ...


_ITSELF = Caller(name="the server", rights=EVERYTHING, via=Via.MACHINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All that routes stand on; `seen_by` a caller it shows, and does, what they may.

    Attributes:
        accounts: tokens, sessions and the audit.
        caller: whose request it is; the server itself when it is nobody's.
        differences: what releases change in git.
        begin: opens a release of a revision (a branch, tag or commit); is given what makes the wish, once it knows the
            pipeline, and a reason why one in quarantine may go all the same, or "". Returns the release's id. None
            where this server can open none.
        branches: what is watched, and woken by webhooks; None where nothing is.
        sandboxes: the ledger's leases; None where there is no ledger.
        ancestry: the history of an application's commits; None where there is no repository.
        comparisons: of templates; `recollected`: what was found in releases that are over.
        signing_in: how people sign in; None where nobody has to.
        answers: answers to commands, by idempotency key.
        measures: what the server counts and times of itself.
        quarantine: what may not be released again, of an application; None where its history is not at hand.
    """

    journal: Journal
    clock: Clock
    hub: Hub
    access: Access
    accounts: Accounts
    answers: Answers
    differences: Differences = field(default_factory=Differences)
    begin: Callable[[str, Callable[[str], Wish], str], str] | None = None
    branches: Branches | None = None
    signing_in: SigningIn | None = None
    sandboxes: Callable[[], Sequence[Lease]] | None = None
    ancestry: Callable[[str], Ancestry | None] = field(default=lambda application: None)
    comparisons: Comparisons = field(default_factory=Comparisons)
    recollected: Recollected = field(default_factory=Recollected)
    quarantine: Callable[[str], Quarantine | None] = field(default=lambda application: None)
    measures: Measures = field(default_factory=Measures)
    kept: Kept = field(default_factory=Kept)
    caller: Caller = _ITSELF

    def seen_by(self, caller: Caller) -> Ground:
        """The same, for somebody's request."""
        return replace(self, caller=caller)

    def now(self) -> float:
        """UNIX seconds."""
        return self.clock.now()

    def wish(self, application: str, why: str, role: Role = Role.OPERATOR) -> Wish:
        """What the caller asks for, now; raises `Denied` (NOT_PERMITTED) when they may not.

        Args:
            application: the pipeline that it is about, "" for every one.
            role: that it takes.
        """
        self.caller.must(role, application)
        return Wish(by=self.caller.name, at=self.clock.now(), why=why)

    def audited(
        self, *, application: str = "", who: str = "", refused: bool = False, before: int = 0, limit: int = 100
    ) -> tuple[Audited, ...]:
        """What was asked for, newest first, as far as the caller may see it; see `app.access.audit.audited`."""
        rights = self.caller.rights
        return audited(
            self.accounts, rights, application=application, who=who, refused=refused, before=before, limit=limit
        )

    def signed_in(self) -> tuple[SignedIn, ...]:
        """Everybody's sessions, oldest first; none for whoever is no admin of every pipeline."""
        if not self.caller.rights.may(Role.ADMIN, ""):
            return ()
        return tuple(
            SignedIn(who=each.person.name, email=each.person.email, since=each.made_at, until=each.expires_at)
            for each in self.accounts.sessions(self.now())
        )

    @property
    def watch(self) -> Watch:
        """What is known."""
        return self.hub.watch

    @property
    def sight(self) -> Sight:
        """What is known at this moment; of pipelines, those that the caller sees."""
        sight = self.hub.watch.sight
        return sight if self.caller.sees("") else sight.only(self.caller.sees)

    def page(self, application: str | None, *, before: str = "", limit: int) -> Sequence[Header]:
        """Releases that the caller sees, newest first; see `Journal.page`."""
        found: list[Header] = []
        while len(found) < limit:
            some = self.journal.page(application, before=before, limit=limit)
            found += [each for each in some if self.caller.sees(each.application)]
            if len(some) < limit:
                break
            before = some[-1].id
        return found[:limit]

    def header(self, release: str) -> Header:
        """A release's header; raises `Refused` (RELEASE_UNKNOWN)."""
        application, _, _ = release.rpartition("-")
        if not self.caller.sees(application):
            raise Refused("RELEASE_UNKNOWN", f"There is no release {release} that you may see.")
        for header in reversed(self.sight.headers.get(application, ())):
            if header.id == release:
                return header
        return self.journal.header(release)

    def leases(self) -> tuple[Lease, ...]:
        """Sandboxes that are not gone, of pipelines that the caller sees.

        Raises:
            Refused: NO_LEDGER; and whatever the ledger cannot be read for.
        """
        if self.sandboxes is None:
            raise Refused("NO_LEDGER", "This server has no ledger of sandboxes at hand.")
        return tuple(
            each for each in self.sandboxes() if each.state is not State.GONE and self.caller.sees(each.application)
        )

    def spared(self, header: Header) -> Spared:
        """What came of a release that harmed."""

        def read() -> Spared:
            carried = self.watch.carried(header.id)
            return spared(carried.state, carried.recorded)

        return self.recollected.of("spared", header, read)

    def commit(self, application: str, rev: str) -> str:
        """The commit that a branch, tag or commit of an application means.

        Raises:
            UserError: GIT_UNKNOWN_REVISION and its like.
            Refused: NO_REPOSITORY where the application's repository is not at hand.
        """
        repository = self.differences.repository(application)
        if repository is None:
            raise Refused(
                "NO_REPOSITORY",
                "This server knows no commits: it was started without the application's repository.",
                next="Start it in the application's folder.",
            )
        return repository.resolve(rev).id


def ground_of(request: Request) -> Ground:
    """The ground of the server that a request came to, as its caller sees it."""
    return cast("Ground", request.app.state.ground).seen_by(caller_of(request))


Stands = Annotated[Ground, Depends(ground_of)]
"""The ground, as an argument of a route."""


def caller_of(request: Request) -> Caller:
    """Who asks, as the policy has decided."""
    return cast("Caller", request.state.caller)


Called = Annotated[Caller, Depends(caller_of)]
"""Who asks, as an argument of a route."""

__all__ = ["Branches", "Called", "Ground", "Stands", "caller_of", "ground_of", "needs"]
