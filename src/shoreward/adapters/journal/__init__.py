"""Journals: where a release's events are kept."""
