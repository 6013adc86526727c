"""The fleet: which branches of which repositories are carried to production, and how much may be under way at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shoreward.domain.errors import Place
from shoreward.domain.notifications import Notifications


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many targets may be under way at once, over all pipelines; None for any number.

    Attributes:
        account, region: of one account, of one region.
    """

    targets: int | None = None
    account: int | None = None
    region: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A branch whose merges become releases.

    Attributes:
        repository: what `git clone` takes: an address, or a path.
        branch: its name on the remote.
        file: the pipeline's file, from the repository's root.
        secret: name of the environment variable with the secret that webhooks about it are signed with; "" for none.
        where: the place that asks for it.
    """

    repository: str
    branch: str = "main"
    file: str = "shoreward.yaml"
    secret: str = ""
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Applications that are released, and go back, together.

    Attributes:
        applications: their names, `Written` where they were read; each is in one group at most.
        after: for some of them, those that come before, beside what templates and gates tell.
        where: the place that asks for it.
    """

    name: str
    applications: tuple[str, ...]
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All that one controller watches and carries.

    Attributes:
        poll: seconds between two looks at each branch; a webhook makes it look at once.
        notifications: who is told of what happens; None: nobody.
    """

    pipelines: tuple[Watched, ...]
    poll: float = 60.0
    limits: Limits = field(default_factory=Limits)
    groups: tuple[Group, ...] = ()
    notifications: Notifications | None = None
