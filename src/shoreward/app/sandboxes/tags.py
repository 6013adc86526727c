"""A sandbox's tags: what the cloud itself knows of its lease, for whoever has lost the ledger, or has another one.

CloudFormation hands a stack's tags down to all that is in it, so that even a resource that outlives its stack tells
whose it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shoreward.app.sandboxes.lease import Lease
from shoreward.domain import Parameters, Target

MARK = "shoreward:sandbox"
"""The tag that makes a stack a sandbox; its value is the sandbox's name."""

_LONGEST = 256
_FORBIDDEN = re.compile(r"[^\w .:/=+@-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A sandbox, as the cloud shows it.

    Attributes:
        status: CloudFormation's word for the state of the stack.
        application, owner, branch, commit: what its tags say, "" for nothing.
        created, expires: the same, UNIX seconds; None for no time.
        marked: whether it carries the tag of a sandbox.
    """

    target: Target
    status: str
    application: str = ""
    owner: str = ""
    branch: str = ""
    commit: str = ""
    created: float | None = None
    expires: float | None = None
    marked: bool = True

    @property
    def begun_only(self) -> bool:
        """Whether it is a name without anything in it: its creation was asked for, and never started."""
        return self.status == "REVIEW_IN_PROGRESS"


def tags_of(lease: Lease) -> Parameters:
    """The tags of a lease's stack, sorted by name."""
    return tuple(
        sorted(
            {
                MARK: lease.name,
                "shoreward:application": tag_text(lease.application),
                "shoreward:owner": tag_text(lease.owner),
                "shoreward:branch": tag_text(lease.branch),
                "shoreward:commit": lease.commit,
                "shoreward:created": _written(lease.created),
                "shoreward:expires": _written(lease.expires),
            }.items()
        )
    )


def read_tags(tags: Mapping[str, str], target: Target, status: str) -> Seen:
    """What a stack's tags say; a text that is no time is None, never a guess."""
    return Seen(
        target=target,
        status=status,
        application=tags.get("shoreward:application", ""),
        owner=tags.get("shoreward:owner", ""),
        branch=tags.get("shoreward:branch", ""),
        commit=tags.get("shoreward:commit", ""),
        created=_read(tags.get("shoreward:created", "")),
        expires=_read(tags.get("shoreward:expires", "")),
        marked=tags.get(MARK) == target.stack,
    )


def tag_text(text: str) -> str:
    """A text as a tag may hold it: letters, digits and some signs; other signs become dashes."""
    return _FORBIDDEN.sub("-", text)[:_LONGEST].strip()


def _written(at: float) -> str:
    return datetime.fromtimestamp(round(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
