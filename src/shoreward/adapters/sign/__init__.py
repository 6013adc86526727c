"""Signatures on manifests: DSSE envelopes with Ed25519 keys (`app.ports.Signer`)."""

from shoreward.adapters.sign.keys import KeyFile
from shoreward.adapters.sign.signer import Ed25519Signer

__all__ = ["Ed25519Signer", "KeyFile"]
