"""What the ledger of sandboxes knows, for those who only look: without the cloud's libraries, which take a while."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from shoreward.adapters.ledger import SqliteLedger
from shoreward.app.sandboxes import Lease


def leases(state: Path) -> tuple[Lease, ...]:
    """All leases of the ledger in a folder; none where there is no ledger yet."""
    file = state / "sandboxes.db"
    if not file.exists():
        return ()
    with closing(SqliteLedger(file)) as ledger:
        return tuple(ledger.all())
