"""Asking the provider: JSON over HTTPS, little patience."""

from __future__ import annotations

import http.client
import json
import urllib.error
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from shoreward.adapters.http import ask
from shoreward.domain import Retryable, Terminal
from shoreward.web.access.loopback import is_loopback

_LARGEST = 1_000_000
_TIMEOUT = 10.0


def fetch(
    address: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object that an address answers with.

    Args:
        form: is posted, when there is one.

    Raises:
        Retryable: PROVIDER_SILENT.
        Terminal: PROVIDER_UNUSABLE for a refusal, for what is no JSON object, and for an address without HTTPS.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise unusable(f"it names an address without HTTPS at {host or 'nowhere'}")
    body = urlencode(form).encode() if form is not None else None
    said = {"Accept": "application/json", **(headers or {})}
    try:
        with ask(address, body=body, headers=said, timeout=_TIMEOUT) as answer:
            found = json.loads(answer.read(_LARGEST))
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 429 or error.code >= 500:
                raise _silent(host) from error
            raise unusable(f"it answers {error.code} at {parts.path}") from error
    except ValueError as error:
        raise unusable(f"it answers no JSON at {parts.path}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _silent(host) from error
    if not isinstance(found, dict):
        raise unusable(f"it answers no JSON object at {parts.path}")
    return cast("dict[str, Any]", found)


def unusable(why: str) -> Terminal:
    """A provider that cannot be used as it is."""
    return Terminal(
        "PROVIDER_UNUSABLE", f"The sign-in provider cannot be used: {why}.", next="Correct 'sign-in' in the settings."
    )


def _silent(host: str) -> Retryable:
    return Retryable("PROVIDER_SILENT", f"The sign-in provider at {host} does not answer.", next="Try again soon.")
