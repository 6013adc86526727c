"""Kept verdicts: what checks found earlier, by the digest of all that they read."""
