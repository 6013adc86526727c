"""What becomes of each sandbox when somebody reaps: pure, and always with a reason.

In doubt nothing is removed: not what a running process works with, not what another ledger may still have a lease on,
and not what nobody could look at.
"""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.app.sandboxes.lease import Lease, State
from shoreward.app.sandboxes.tags import Seen
from shoreward.domain import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A sandbox, by what the ledger and the cloud say of it; one of the two knows it at least.

    Attributes:
        held: whether a process on this machine works with it now.
        unseen: why nobody could ask the cloud, "" when it answered.
    """

    lease: Lease | None
    seen: Seen | None
    held: bool = False
    unseen: str = ""

    @property
    def target(self) -> Target:
        """Where it is."""
        found = self.lease or self.seen
        assert found is not None
        return found.target

    @property
    def expires(self) -> float | None:
        """When its lease ends: the later of what the ledger and the cloud say. None when neither says it."""
        told = [one for one in (self.lease and self.lease.expires, self.seen and self.seen.expires) if one is not None]
        return max(told, default=None)

    @property
    def owner(self) -> str:
        """Whose it is, "" when nobody says so."""
        found = self.lease or self.seen
        return found.owner if found is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Whether a sandbox is to be removed, and why, or why not."""

    known: Known
    doomed: bool
    why: str

    @property
    def broken(self) -> bool:
        """Whether it stays, with faults in it that nobody has taken back."""
        lease = self.known.lease
        return not self.doomed and not self.known.held and lease is not None and bool(lease.faults)


def fate(known: Known, *, now: float, owner: str, orphans: bool = False) -> Fate:
    """What becomes of a sandbox.

    Args:
        owner: whoever reaps.
        orphans: whether what this ledger does not know goes, too, though its lease has not ended: the owner's own,
            and what does not say until when it was meant to be.
    """
    doomed, why = _judge(known, now, owner, orphans)
    return Fate(known=known, doomed=doomed, why=why)


def is_past(known: Known) -> bool:
    """Whether it is gone, as far as anybody knows."""
    return known.seen is None and known.lease is not None and known.lease.state is State.GONE


def _judge(known: Known, now: float, owner: str, orphans: bool) -> tuple[bool, str]:
    lease, seen = known.lease, known.seen
    if known.held:
        return False, "a process on this machine works with it"
    if lease is None or _renewed_elsewhere(lease, seen):
        return _stranger(known, now, owner, orphans)
    match lease.state:
        case State.COMING:
            return True, "its creation was not finished"
        case State.GOING:
            return True, "its removal was not finished"
        case State.GONE if seen is not None:
            return True, "it was removed, and is there again"
        case State.GONE:
            return False, "it is gone"
        case State.UP if known.unseen:
            return False, f"nobody could look: {known.unseen}"
        case State.UP if seen is None:
            return True, "its stack is gone, what functions made may not be"
        case State.UP:
            assert known.expires is not None
            if known.expires <= now:
                return True, "its lease has ended"
            return False, f"its lease has not ended{', but faults are left in it' if lease.faults else ''}"


def _stranger(known: Known, now: float, owner: str, orphans: bool) -> tuple[bool, str]:
    """One that this ledger does not know."""
    seen = known.seen
    assert seen is not None
    if seen.expires is None:
        return orphans, "nothing says until when it was meant to be"
    if seen.expires <= now:
        return True, "its lease has ended, and this ledger does not know it"
    if orphans and seen.owner == owner:
        return True, "it is yours, and this ledger does not know it"
    return False, f"this ledger does not know it: {seen.owner or 'somebody'} has a lease on it"


def _renewed_elsewhere(lease: Lease, seen: Seen | None) -> bool:
    """Whether what is there was made after ours had gone, by somebody with another ledger."""
    if lease.state is not State.GONE or lease.ended is None or seen is None:
        return False
    return seen.created is not None and seen.created > lease.ended
