"""Signatures on manifests: DSSE envelopes with Ed25519 keys."""
