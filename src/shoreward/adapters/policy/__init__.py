"""Organisational rules and template checks: what a change may not bring to production, whoever reviews it."""
