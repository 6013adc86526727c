"""Names of sandboxes: one for each owner and branch, and never one that another begins with.

A sandbox's name is its stack's name, and the beginning of the names that CloudFormation gives to what is in it. What
is left of a sandbox is also looked for by that beginning, so no sandbox's name may begin another's: two dashes stand
before the mark at the end, and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata

from shoreward.domain import Target, digest_of

LONGEST = 48
"""Characters of a name, unless the stack's own is longer: roles and functions take 64, of which some are for theirs."""

_STACK = 110
"""Characters of the stack's name that are kept: CloudFormation takes 128 for all of it."""
_MARK = 6


def sandbox_name(place: Target, *, application: str, owner: str, branch: str, nonce: str = "") -> str:
    """The name of a sandbox: `<stack>-<branch>--<mark>`; the mark tells owners, branches, applications, regions apart.

    Args:
        place: where it is; all sandboxes of a pipeline begin with the name of its stack.
        nonce: something that no other sandbox has, for one that is made anew; "" for the one that is reused.
    """
    # Buckets and roles of all regions are in one list.
    mark = digest_of(place.account, place.region, application, owner, branch, nonce)[:_MARK]
    start = place.stack[:_STACK].rstrip("-")
    room = max(0, LONGEST - len(start) - len("---") - _MARK)
    slug = slug_of(branch)[:room].rstrip("-")
    return f"{start}-{slug}--{mark}" if slug else f"{start}--{mark}"


def is_sandbox_name(name: str) -> bool:
    """Whether a stack could be a sandbox, by its name."""
    return re.fullmatch(rf".+--[0-9a-f]{{{_MARK}}}", name) is not None


def slug_of(text: str) -> str:
    """A text in small letters, digits and single dashes; "" when nothing of it can be written so."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
