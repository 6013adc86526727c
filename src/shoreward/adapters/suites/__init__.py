"""Any command as a check: test suites and linters, each in a fresh copy of the files that it declares."""

from shoreward.adapters.suites.checks import suite_checks
from shoreward.adapters.suites.discovery import discover

__all__ = ["discover", "suite_checks"]
