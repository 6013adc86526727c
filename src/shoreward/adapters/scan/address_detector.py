"""A detector for detect-secrets: passwords in addresses, with any of the letters that people really use in them.

Its own detector of these stops at `!` and the like, which belong into an address in another spelling, and stand there
all the same. Loaded by its path, in the engine's process.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from detect_secrets.plugins.base import RegexBasedDetector

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@\"'`<>{}$]+:([^\s/@\"'`<>{}$*]{4,})@[\w.-]+", re.IGNORECASE)
_NOBODYS = re.compile(r"(?:pass(?:word|wd)?|pwd|secret|token|x{3,}|\.{3,})", re.IGNORECASE)


class AddressDetector(RegexBasedDetector):
    """`postgres://beach:s4nd!@example.org`, and not `https://${USER}:${TOKEN}@example.org`."""

    # The base declares abstract properties, and asks for attributes of the class in their place.
    secret_type: Any = "Password in an Address"  # pyright: ignore[reportIncompatibleMethodOverride]
    denylist: Any = (_ADDRESS,)  # pyright: ignore[reportIncompatibleMethodOverride]

    def analyze_string(self, string: str) -> Generator[str, None, None]:
        """Passwords in a text; words that only stand for one are none."""
        found: Any = super().analyze_string(string)
        yield from (secret for secret in found if not _NOBODYS.fullmatch(secret))
