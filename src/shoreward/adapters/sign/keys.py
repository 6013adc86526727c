"""Keys: this machine's own, made at first use, and how those of others are written.

This machine's is PEM as openssl writes and reads it (RFC 8410): PKCS #8 if private, SubjectPublicKeyInfo if public.
Of others' public keys shoreward.yaml has the line in the middle.

    openssl genpkey -algorithm ed25519 -out signing-key && chmod 600 signing-key
    openssl pkey -in signing-key -pubout
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.domain import Terminal

if TYPE_CHECKING:
    from nacl.signing import SigningKey

_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32 bytes of an Ed25519 key in PKCS #8 ..."""
_PUBLIC = bytes.fromhex("302a300506032b6570032100")
"""... and before those of a public key in SubjectPublicKeyInfo."""
_SIZE = 32


class KeyFile:
    """The file that holds this machine's signing key."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def own(self) -> SigningKey:
        """The key; it is made when there is none, readable by nobody else.

        Raises:
            Terminal: SIGNING_KEY_EXPOSED, SIGNING_KEY_INVALID.
        """
        return self.read() or self._make()

    def read(self) -> SigningKey | None:
        """The key, or None when there is none."""
        from nacl.signing import SigningKey

        try:
            with self._path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(f"It cannot be read: {error.strerror}.") from error
        if mode & 0o077:
            raise Terminal(
                "SIGNING_KEY_EXPOSED",
                f"Others than its owner may read or change the signing key (its mode is {mode:03o}).",
                where=str(self._path),
                next="If nobody has, chmod 600 it. Else delete it: a new one is made, and what the old one signed is "
                "trusted no more.",
            )
        seed = _unwrapped(content, "PRIVATE KEY", _PRIVATE)
        if seed is None:
            raise self._unusable("It is no Ed25519 key in PEM.")
        return SigningKey(seed)

    def _make(self) -> SigningKey:
        """Write a new key beside its place and link it there: of two processes that do, one is first."""
        from nacl.signing import SigningKey

        key = SigningKey.generate()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")  # its mode is 600
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_wrapped(bytes(key), "PRIVATE KEY", _PRIVATE).encode())
                    file.flush()
                    os.fsync(file.fileno())
                os.link(name, self._path)
            finally:
                Path(name).unlink()
        except FileExistsError:
            return self.own()
        except OSError as error:
            raise self._unusable(f"It cannot be written: {error.strerror}.") from error
        return key

    def _unusable(self, what: str) -> Terminal:
        return Terminal(
            "SIGNING_KEY_INVALID",
            f"The signing key cannot be used. {what}",
            where=str(self._path),
            next="Restore it, or delete it: a new one is made, and what the old one signed is trusted no more.",
        )


def public_key(text: str) -> bytes:
    """The 32 bytes of a public key that is written as `domain.TrustedKey.key` is."""
    return base64.b64decode(text)[len(_PUBLIC) :]


def public_pem(public: bytes) -> str:
    """A public key in PEM."""
    return _wrapped(public, "PUBLIC KEY", _PUBLIC)


def key_id(public: bytes) -> str:
    """What an envelope calls a key: sha256 of its SubjectPublicKeyInfo, hexadecimal."""
    return hashlib.sha256(_PUBLIC + public).hexdigest()


def _wrapped(key: bytes, label: str, prefix: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.b64encode(prefix + key).decode()}\n-----END {label}-----\n"


def _unwrapped(content: bytes, label: str, prefix: bytes) -> bytes | None:
    """The bytes of a key, or None when there is none in the text."""
    lines = [line.strip() for line in content.split(b"\n") if line.strip()]
    if len(lines) < 3 or (lines[0], lines[-1]) != (
        f"-----BEGIN {label}-----".encode(),
        f"-----END {label}-----".encode(),
    ):
        return None
    try:
        whole = base64.b64decode(b"".join(lines[1:-1]), validate=True)
    except binascii.Error:
        return None
    return whole[len(prefix) :] if whole.startswith(prefix) and len(whole) == len(prefix) + _SIZE else None
