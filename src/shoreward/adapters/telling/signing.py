"""Signing webhooks as Standard Webhooks 1.0.0 does: HMAC-SHA256 over id, time of the attempt, and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from shoreward.domain import Retryable

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def keys_of(secret: str, variable: str) -> Sequence[bytes]:
    """The keys in a variable, separated by spaces: while keys are exchanged there are two.

    Raises:
        Retryable: NOTIFY_SECRET_INVALID when one is none; it is not repeated.
    """
    keys: list[bytes] = []
    for one in secret.split():
        try:
            key = base64.b64decode(one.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not one.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
            raise Retryable(
                "NOTIFY_SECRET_INVALID",
                f"The environment variable {variable} holds no key of a webhook.",
                next='Make one with `echo "whsec_$(openssl rand -base64 32)"`, and give it to the receiver as well.',
            )
        keys.append(key)
    return keys


def signature(key: bytes, id: str, timestamp: int, body: bytes) -> str:
    """What a receiver compares with: `v1,` and the HMAC in base64."""
    mac = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def signed(keys: Sequence[bytes], id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a webhook; without a key it is told apart by its id, but not signed."""
    headers = {"webhook-id": id, "webhook-timestamp": str(timestamp)}
    if keys:
        headers["webhook-signature"] = " ".join(signature(key, id, timestamp, body) for key in keys)
    return headers
