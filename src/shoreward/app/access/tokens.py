"""Tokens: made, shown once, known again by their digest, taken back.

A token is 202 bits of chance behind a prefix, with a checksum at its end, so that scanners of secrets find it without
doubt. So much chance needs no slow hash: SHA-256 is enough.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

from shoreward.app.access.accounts import Accounts, Token
from shoreward.app.releases import Wish
from shoreward.domain import Refused, UserError
from shoreward.domain.access import Rights

PREFIX = "swt_"
"""What every token begins with."""

LONGEST = 366 * 86_400.0
"""Seconds that a token may hold."""

_LETTERS = string.digits + string.ascii_letters
_CHANCE, _CHECK = 34, 6

PATTERN = re.compile(rf"\b{PREFIX}[0-9A-Za-z]{{{_CHANCE + _CHECK}}}\b")
"""What looks like a token, in any text."""


def mint() -> str:
    """A new secret."""
    chance = "".join(secrets.choice(_LETTERS) for _ in range(_CHANCE))
    return f"{PREFIX}{chance}{_checksum(chance)}"


def well_formed(secret: str) -> bool:
    """Whether it can be a token at all."""
    body = secret.removeprefix(PREFIX)
    return PATTERN.fullmatch(secret) is not None and _checksum(body[:_CHANCE]) == body[_CHANCE:]


def _checksum(chance: str) -> str:
    rest, letters = zlib.crc32(chance.encode()), ""
    for _ in range(_CHECK):
        rest, place = divmod(rest, len(_LETTERS))
        letters = _LETTERS[place] + letters
    return letters


def digest_of_secret(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create(accounts: Accounts, name: str, rights: Rights, lasts: float, wish: Wish) -> tuple[str, Token]:
    """Make a token; the secret is nowhere but in what is returned.

    Raises:
        UserError: TOKEN_INVALID for a name or a time that no token has.
        Refused: TOKEN_NAME_TAKEN.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        what = f"{name!r} is no name for a token."
        raise UserError("TOKEN_INVALID", what, next="Take letters, digits, dots, - and _, 64 at most.")
    if not 0 < lasts <= LONGEST:
        what = "A token holds for more than nothing and for 366 days at most."
        raise UserError("TOKEN_INVALID", what, next="Say --expires 90d.")
    secret = mint()
    token = Token(
        digest=digest_of_secret(secret),
        name=name,
        rights=rights,
        by=wish.by,
        made_at=wish.at,
        expires_at=wish.at + lasts,
    )
    accounts.add_token(token)
    return secret, token


def revoke(accounts: Accounts, name: str, wish: Wish) -> Token:
    """Take a token back, by its name or its id; raises `Refused` (TOKEN_UNKNOWN)."""
    for token in accounts.tokens():
        if name in (token.name, token.id) and token.holds(wish.at):
            accounts.revoke(token.digest, wish.by, wish.at)
            return token
    raise Refused(
        "TOKEN_UNKNOWN",
        f"There is no token {name!r} that opens anything.",
        next="`shoreward token list` shows them.",
    )
