"""Tokens, sessions and the audit: what a server keeps of those who come to it."""
