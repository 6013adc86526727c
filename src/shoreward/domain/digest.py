"""Names for what was read: one digest over plain values, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no needless space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(*parts: Any) -> str:
    """sha256 over plain JSON, hexadecimal."""
    return hashlib.sha256(canonical(list(parts))).hexdigest()
