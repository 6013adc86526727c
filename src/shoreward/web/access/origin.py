"""Whether a request that changes something was meant: pages of other sites can make a browser send much, but no header.

Browsers say where a request comes from (Origin, Sec-Fetch-Site), and let no foreign page send a header of its own.
"""

from __future__ import annotations

from shoreward.web.access.policy import Asked, Denied, Need


def must_be_ours(asked: Asked, address: str) -> None:
    """Raise `Denied` (ORIGIN_FOREIGN) unless a request comes from our own page, or from a program that says so.

    A form of our own page cannot send the header; its route needs its sender to be KNOWN and looks for the form's
    token.

    Args:
        address: ours, as browsers write it: scheme, host, and port where it is not the scheme's own.
    """
    origin = asked.headers.get("origin")
    form = asked.need is Need.KNOWN and origin == address
    said = form or "shoreward-request" in asked.headers
    here = origin in (None, address) and asked.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    if not (said and here):
        raise Denied(
            "ORIGIN_FOREIGN",
            "The request comes from a page that is not the server's own.",
            status=403,
            next="Programs send no Origin, and the header `Shoreward-Request: 1`.",
        )
