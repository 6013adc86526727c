"""What is kept of those who come: tokens, sessions, and what everybody asked for. Secrets are kept as digests alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shoreward.domain.access import Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key of a program.

    Attributes:
        digest: SHA-256 of the secret, hexadecimal.
        by: who made it.
        revoked_at: 0 while nobody has.
        used_at: about when it was used last, 0 for never.
    """

    digest: str
    name: str
    rights: Rights
    by: str
    made_at: float
    expires_at: float
    revoked_at: float = 0.0
    revoked_by: str = ""
    used_at: float = 0.0

    @property
    def id(self) -> str:
        """What people call it by, beside its name."""
        return self.digest[:12]

    def holds(self, now: float) -> bool:
        """Whether it opens anything."""
        return not self.revoked_at and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is, as the provider says.

    Attributes:
        subject: the provider's own name for them, which never changes.
        name: what the journal calls them.
        email: one that the provider has verified; "" for none.
    """

    subject: str
    name: str
    email: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who has signed in with a browser; `digest` is that of the cookie's secret."""

    digest: str
    person: Person
    made_at: float
    expires_at: float

    def holds(self, now: float) -> bool:
        """Whether it opens anything."""
        return now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """Something that somebody asked for.

    Attributes:
        id: grows with time; 0 before it is kept.
        who: as the journal names them; "" for somebody unknown.
        role: what they have on the pipeline that it is about, "" for none.
        via: how they are known: `session`, `token`, `machine`, `webhook`, or "".
        origin: the network address that it came from; "" for the command line.
        what: the command, such as `hold`.
        application: the pipeline that it is about; "" for every one, or none.
        details: what else was asked for, as JSON.
        allowed: whether the policy let it through; what came of it then is in `status` and `code`.
        status: of HTTP; 0 when nobody knows what came of it, since the server ended meanwhile.
        code: of the error, "" when there was none.
    """

    id: int = 0
    at: float
    who: str
    role: str
    via: str
    origin: str
    what: str
    application: str = ""
    release: str = ""
    why: str = ""
    details: str = ""
    allowed: bool
    status: int = 0
    code: str = ""


class Accounts(Protocol):
    """Where tokens, sessions and the audit are kept."""

    def add_token(self, token: Token) -> None:
        """Keep a token; raises `Refused` (TOKEN_NAME_TAKEN) while another of its name holds at its time of making."""
        ...

    def token(self, digest: str) -> Token | None:
        """The token with a digest."""
        ...

    def tokens(self) -> Sequence[Token]:
        """All tokens, oldest first."""
        ...

    def revoke(self, digest: str, by: str, at: float) -> None:
        """A token opens nothing from now on; the first word counts."""
        ...

    def used(self, digest: str, at: float) -> None:
        """Note when a token was used."""
        ...

    def add_session(self, session: Session) -> None:
        """Keep a session, and forget those that are over."""
        ...

    def session(self, digest: str) -> Session | None:
        """The session with a digest."""
        ...

    def end_session(self, digest: str) -> None:
        """Forget a session."""
        ...

    def sessions(self, now: float) -> Sequence[Session]:
        """All that hold, oldest first."""
        ...

    def end_sessions(self, name: str) -> int:
        """Forget all sessions of a person, by the name that the journal calls them; how many there were."""
        ...

    def note(self, entry: Audited) -> int:
        """Keep what somebody asks for, before it is done; returns its id."""
        ...

    def conclude(self, id: int, status: int, code: str, *, allowed: bool = True) -> None:
        """Say what came of it; that it was allowed may only be known once it is known what it is about."""
        ...

    def audited(self, *, before: int = 0, limit: int = 100) -> Sequence[Audited]:
        """What was asked for, newest first, before the entry `before` when it is not 0."""
        ...
