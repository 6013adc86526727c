"""Frozen values: the vocabulary of the field."""
