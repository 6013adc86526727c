"""Any command as a check: test suites and linters, each in a fresh copy of the files that it declares."""

from shoreward.adapters.suites.checks import suite_checks
from shoreward.adapters.suites.discovery import discover
from shoreward.adapters.suites.gone import gone_check, gone_suites

__all__ = ["discover", "gone_check", "gone_suites", "suite_checks"]
