"""Envelopes: what is signed, by whom, and whether that counts.

An envelope is DSSE, version 1: the signature covers the payload's type and bytes, so that nothing needs to be parsed
before it is verified. Tools that know in-toto attestations can read it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from shoreward.adapters.sign.keys import KeyFile, key_id, public_key, public_pem
from shoreward.app.manifest import invalid
from shoreward.domain import Terminal, TrustedKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def _nobody(commit: str) -> Sequence[TrustedKey]:
    del commit
    return ()


class Ed25519Signer:
    """Signs with this machine's key; trusts that one, and those that a commit names.

    Args:
        path: file of this machine's key, made at the first signature.
        trusted: the keys of others that a commit names.
    """

    def __init__(self, path: Path, trusted: Callable[[str], Sequence[TrustedKey]] = _nobody) -> None:
        self._file = KeyFile(path)
        self._trusted = trusted

    def sign(self, payload: bytes) -> bytes:
        """Put a payload into an envelope; see `Signer.sign`."""
        key = self._file.own()
        signature = {
            "keyid": key_id(bytes(key.verify_key)),
            "sig": _text(key.sign(_covered(PAYLOAD_TYPE, payload)).signature),
        }
        envelope = {"payloadType": PAYLOAD_TYPE, "payload": _text(payload), "signatures": [signature]}
        return json.dumps(envelope, separators=(",", ":")).encode()

    def verify(self, envelope: bytes, commit: str) -> bytes:
        """The payload, when a key that is trusted signed it; see `Signer.verify`."""
        try:
            told = json.loads(envelope)
            kind, payload = told["payloadType"], _bytes(told["payload"])
            signatures = [(str(each["keyid"]), _bytes(each["sig"])) for each in told["signatures"]]
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise invalid("The manifest is no signed envelope.") from error
        if kind != PAYLOAD_TYPE:
            raise invalid(f"The envelope holds {kind}, and no manifest.")
        keys = self._keys(commit)
        known = [(keys[name], signature) for name, signature in signatures if name in keys]
        if signatures and not known:
            raise _unknown([name for name, _ in signatures], commit)
        if not any(_signed(key, _covered(kind, payload), signature) for key, signature in known):
            raise invalid("Nobody who is trusted has signed the manifest as it is.")
        return payload

    def public(self) -> str:
        """This machine's public key in PEM, for those who are to trust it."""
        return public_pem(bytes(self._file.own().verify_key))

    def _keys(self, commit: str) -> dict[str, bytes]:
        """Public keys that are trusted, by their ids; no key is made for that."""
        own = self._file.read()
        keys = [public_key(each.key) for each in self._trusted(commit)] + ([bytes(own.verify_key)] if own else [])
        return {key_id(key): key for key in keys}


def _unknown(names: Sequence[str], commit: str) -> Terminal:
    return Terminal(
        "SIGNER_UNKNOWN",
        f"The manifest is signed with key {', '.join(name[:10] for name in names)}, and commit {commit[:10]} trusts no "
        "such key; nor is it this machine's.",
        next="Nothing of it is deployed. If it is your CI's, name its public key under checks: trusted-keys in "
        "shoreward.yaml, commit that, and release it. Else find out who signed.",
    )


def _signed(key: bytes, covered: bytes, signature: bytes) -> bool:
    from nacl.exceptions import BadSignatureError
    from nacl.exceptions import ValueError as BadLengthError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key).verify(covered, signature)
    except (BadSignatureError, BadLengthError):
        return False
    return True


def _covered(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: Any) -> bytes:
    return base64.b64decode(text, validate=True)
