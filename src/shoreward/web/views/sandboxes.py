"""Sandboxes: whose they are, what they have cost and will cost, and until when they are there.

From the ledger on this machine alone: a page that is asked for again and again does not ask the cloud. `shoreward
sandbox list` does, and finds those of other ledgers, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.app.sandboxes.lease import Lease
from shoreward.web.views.record_shapes import Sandboxes, SandboxShown

_HOUR = 3_600.0


def sandboxes(leases: Sequence[Lease], now: float, trouble: str = "") -> Sandboxes:
    """All of them, those whose lease ends first before the others."""
    shown = sorted((sandbox(each, now) for each in leases), key=lambda one: one.expires)
    return Sandboxes(
        all=tuple(shown),
        hourly=sum(each.hourly or 0.0 for each in shown),
        so_far=sum(each.cost_so_far or 0.0 for each in shown),
        unknown=any(each.hourly is None or each.unpriced for each in shown),
        trouble=trouble,
    )


def sandbox(lease: Lease, now: float) -> SandboxShown:
    """One of them."""
    target, hourly = lease.target, lease.hourly
    return SandboxShown(
        target=lease.key,
        name=lease.name,
        application=lease.application,
        account=target.account,
        region=target.region,
        owner=lease.owner,
        branch=lease.branch,
        commit=lease.commit,
        state=lease.state.value,
        fresh=lease.fresh,
        created=lease.created,
        used=lease.used,
        expires=lease.expires,
        over=lease.expires <= now,
        cost_so_far=None if hourly is None else hourly * max(0.0, now - lease.created) / _HOUR,
        cost_to_come=None if hourly is None else hourly * max(0.0, lease.expires - now) / _HOUR,
        hourly=hourly,
        unpriced=lease.unpriced,
        faults=len(lease.faults),
    )
