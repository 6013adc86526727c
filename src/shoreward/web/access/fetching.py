"""Asking the provider: JSON over HTTPS, no redirects, little patience."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from shoreward.domain import Retryable, Terminal
from shoreward.web.access.loopback import is_loopback

_LARGEST = 1_000_000
_TIMEOUT = 10.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **more: object) -> None:
        """Whoever is asked is who the settings, or the provider itself, name."""
        return


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
    said = {"Accept": "application/json", "User-Agent": "shoreward", **(headers or {})}
    request = urllib.request.Request(address, data=body, headers=said)  # noqa: S310 - the scheme is known
    direct = [urllib.request.ProxyHandler({})] if is_loopback(host) else []
    try:
        with urllib.request.build_opener(_NoRedirect, *direct).open(request, timeout=_TIMEOUT) as answer:
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
