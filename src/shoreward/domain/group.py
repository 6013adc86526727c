"""Groups: several applications that are released, and go back, together, in the order of their dependencies.

A *provider* is what another member, its *consumer*, depends on. A group release is one ordinary release for each member
that changed, opened together; each of them keeps this value, so that none needs another one's events to know of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shoreward.domain.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An application in a group release.

    Attributes:
        after: applications of the other members that it depends on, through members that did not change as well.
    """

    application: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRelease:
    """Releases that were opened together.

    Attributes:
        id: the same for all of them, and for no others.
        name: of the group.
        members: providers before their consumers.
    """

    id: str
    name: str
    members: tuple[Member, ...]

    @property
    def turned(self) -> tuple[Member, ...]:
        """The members the other way round, for what goes back: consumers before their providers."""
        return tuple(
            Member(
                application=each.application,
                after=tuple(other.application for other in self.members if each.application in other.after),
            )
            for each in reversed(self.members)
        )

    def depends(self, consumer: str, provider: str) -> bool:
        """Whether a member depends on another one, by their applications."""
        return any(each.application == consumer and provider in each.after for each in self.members)


def relied_on(consumer: Target, provider: Iterable[Target]) -> tuple[Target, ...]:
    """The provider's targets that a target of its consumer depends on.

    Those in its account and region; where there are none, those in its region; where there are none either, all: then
    what it needs is somewhere else.
    """
    known = tuple(provider)
    region = tuple(each for each in known if each.region == consumer.region)
    return tuple(each for each in region if each.account == consumer.account) or region or known
