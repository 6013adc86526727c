"""Asking by HTTP: whoever is asked is who the settings name, and nobody else."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

from shoreward.domain.notifications import HERE


def ask(
    address: str,
    *,
    timeout: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    method: str | None = None,
) -> http.client.HTTPResponse:
    """Ask an address once; the answer is open, for the caller to read and to close.

    Redirects are not followed. Proxies are those of the environment, but none stands before this machine itself.

    Args:
        timeout: seconds for each step of it.
        method: POST where there is a body, GET where there is none, unless it is given.

    Raises:
        urllib.error.HTTPError: for an answer that is no 2xx; it is the answer, and open.
        OSError, http.client.HTTPException: for no answer.
        ValueError: for no address.
    """
    said = {"User-Agent": "shoreward", **(headers or {})}
    request = urllib.request.Request(address, data=body, headers=said, method=method)  # noqa: S310 - settings name it
    direct = [urllib.request.ProxyHandler({})] if urlsplit(address).hostname in HERE else []
    answer = urllib.request.build_opener(_NoRedirect, *direct).open(request, timeout=timeout)
    return cast("http.client.HTTPResponse", answer)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **more: object) -> None:
        """Nobody else is asked: an answer that leads elsewhere is an answer."""
        return
