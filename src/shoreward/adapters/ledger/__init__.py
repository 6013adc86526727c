"""The ledger of sandboxes: what was asked of the cloud, written down before it was asked."""

from shoreward.adapters.ledger.sqlite import SqliteLedger

__all__ = ["SqliteLedger"]
