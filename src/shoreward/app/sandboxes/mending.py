"""Faults in a sandbox: written into its lease before they are injected, and crossed out when they were taken back.

    lease: faults ──► injected ──► requests are sent ──► lifted ──► lease: none

So whoever is killed in between has left a sandbox of which the ledger knows what is wrong with it; `up`, `down` and
`reap` mend it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from shoreward.app.sandboxes.lease import Injected, Lease
from shoreward.app.sandboxes.ports import Ledger, Progress, SandboxCloud
from shoreward.domain import OperationError


@contextmanager
def suffering(
    ledger: Ledger, cloud: SandboxCloud, key: str, faults: Sequence[Injected], inject: Callable[[], None]
) -> Generator[None]:
    """Have faults in a sandbox for the time of the block; afterwards they are gone, whatever happened in it.

    Whoever calls holds the sandbox.

    Args:
        faults: what it takes to take back what `inject` does.

    Raises what `inject` and `SandboxCloud.lift` raise; a fault that could not be lifted stays in the lease.
    """
    lease = ledger.get(key)
    assert lease is not None, "nobody has this sandbox"
    ledger.put(replace(lease, faults=(*lease.faults, *faults)))
    try:
        inject()
        yield
    finally:
        mended(ledger, cloud, key, Progress())


def mended(ledger: Ledger, cloud: SandboxCloud, key: str, progress: Progress) -> Lease | None:
    """Take all faults of a sandbox back; returns its lease, None when there is none.

    All are tried before the first error is raised.
    """
    lease = ledger.get(key)
    if lease is None or not lease.faults:
        return lease
    failed: list[OperationError] = []
    for fault in lease.faults:
        progress.say(f"taking back: {fault}")
        try:
            cloud.lift(lease.target, fault)
        except OperationError as error:
            failed.append(error)
            continue
        lease = replace(lease, faults=tuple(one for one in lease.faults if one != fault))
        ledger.put(lease)
    if failed:
        raise failed[0]
    return lease
