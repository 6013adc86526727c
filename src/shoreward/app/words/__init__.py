"""Releases in words: what a person reads in `why`, on the page and in a message."""
