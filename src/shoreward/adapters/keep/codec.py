"""Kept reports as JSON and back.

Reading is strict: what this version would not have written so, byte for byte of meaning, is refused. A digest over the
whole guards against what a disk or a network does to it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from shoreward.app.checking.keep import Kept
from shoreward.domain import canonical, digest_of

FORM = 1
"""It grows when an older version could not read what this one writes."""

_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Unreadable(ValueError):
    """Not what this version writes; the message is a sentence that says why."""


class Unwritable(ValueError):
    """JSON cannot say it."""


@cache
def _adapter() -> TypeAdapter[Kept | None]:
    # Pydantic takes no configuration for a dataclass itself, but hands that of a union down to all that is in it.
    return TypeAdapter(Kept | None, config=_STRICT)


def encode(kept: Kept) -> bytes:
    """A kept report as JSON text.

    Raises:
        Unwritable: for numbers that are not finite, text that is not Unicode.
    """
    try:
        body = _adapter().dump_json(kept, warnings="error")
        faithful = _adapter().validate_json(body) == kept
    except (PydanticSerializationError, ValidationError, UnicodeError) as error:
        raise Unwritable(str(error)) from error
    if not faithful:
        raise Unwritable("It would not be read back as it was.")
    plain = json.loads(body)
    return canonical({"form": FORM, "digest": digest_of(plain), "kept": plain})


def decode(content: bytes, key: str) -> Kept:
    """The kept report that was found under a key.

    Raises:
        Unreadable: it is not what it says it is.
    """
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unreadable("It is not JSON.") from error
    if not isinstance(found, dict) or set(found) != {"form", "digest", "kept"}:  # pyright: ignore[reportUnknownArgumentType]
        raise Unreadable("It is not a kept report.")
    if found["form"] != FORM:
        raise Unreadable(f"It has the form {found['form']!r}, and this version knows {FORM}.")
    try:
        if digest_of(found["kept"]) != found["digest"]:
            raise Unreadable("Its content is not what it was.")
        kept = _adapter().validate_json(canonical(found["kept"]))
    except (ValidationError, UnicodeError, RecursionError) as error:
        raise Unreadable("It says something that this version does not know.") from error
    if kept is None or kept.key != key:
        raise Unreadable("It was kept under another name.")
    return kept
