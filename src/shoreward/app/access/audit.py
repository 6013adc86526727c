"""Reading the audit: each admin sees what is about their own pipelines."""

from __future__ import annotations

from shoreward.app.access.accounts import Accounts, Audited
from shoreward.domain.access import EVERYTHING, Rights, Role

_AT_ONCE = 500


def audited(
    accounts: Accounts,
    rights: Rights = EVERYTHING,
    *,
    application: str = "",
    who: str = "",
    refused: bool = False,
    before: int = 0,
    limit: int = 100,
) -> tuple[Audited, ...]:
    """What was asked for, newest first.

    Args:
        rights: of whoever reads: an admin of a pipeline sees what is about it, an admin of all sees everything.
        application, who: of this pipeline, of this person or token alone.
        refused: only what was not done.
        before: the id of the entry before which to go on; 0 begins with the newest.
    """
    found: list[Audited] = []
    while len(found) < limit:
        some = accounts.audited(before=before, limit=_AT_ONCE)
        found += [
            each
            for each in some
            if rights.may(Role.ADMIN, each.application)
            and application in ("", each.application)
            and who in ("", each.who)
            and not (refused and each.allowed and each.status < 400)
        ]
        if len(some) < _AT_ONCE:
            break
        before = some[-1].id
    return tuple(found[:limit])
