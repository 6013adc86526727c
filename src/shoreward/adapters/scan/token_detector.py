"""A detector for detect-secrets: tokens of Shoreward's own server, by their prefix and their checksum.

Loaded by its path, in the engine's process.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from detect_secrets.plugins.base import RegexBasedDetector

from shoreward.app.access.tokens import PATTERN, well_formed


class ShorewardTokenDetector(RegexBasedDetector):
    """What begins with `swt_` and ends with the right checksum; nothing else does by chance."""

    # The base declares abstract properties, and asks for attributes of the class in their place.
    secret_type: Any = "Shoreward Token"  # pyright: ignore[reportIncompatibleMethodOverride]
    denylist: Any = (PATTERN,)  # pyright: ignore[reportIncompatibleMethodOverride]

    def analyze_string(self, string: str) -> Generator[str, None, None]:
        """Tokens in a text."""
        found: Any = super().analyze_string(string)
        yield from (secret for secret in found if well_formed(secret))
