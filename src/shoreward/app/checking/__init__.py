"""Checking a change before production: a graph of checks, each with a verdict that is kept by content."""

from shoreward.app.checking.check import Check, Materials, Outside, Report, Result, Running, Trouble

__all__ = ["Check", "Materials", "Outside", "Report", "Result", "Running", "Trouble"]
