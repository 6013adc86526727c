"""The journal: one contract, kept by every implementation, and what a file must endure."""
