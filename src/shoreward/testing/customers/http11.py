"""HTTP/1.1, as much as a customer needs: the bytes of a request, and the reply in the bytes that came back.

Bytes in, values out; `connection` moves them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shoreward.testing.customers.beach import Beach
from shoreward.testing.customers.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an answer says. Header names are in lower case; `reusable` is whether its connection may carry another."""

    status: int
    headers: Mapping[str, str]
    reusable: bool


def parse_reply(received: bytearray, *, bodiless: bool, closed: bool) -> Reply | None:
    """The reply in `received`, None while incomplete. ValueError if it is no HTTP/1.x, or broke off."""
    start = 0
    while True:
        end = received.find(b"\r\n\r\n", start)
        if end < 0:
            return _incomplete(closed)
        status_line, *lines = received[start:end].decode("latin-1").split("\r\n")
        protocol, code, *_ = [*status_line.split(" ", 2), ""]
        if not protocol.startswith("HTTP/1.") or len(code) != 3:
            raise ValueError(f"not an HTTP/1 answer: {status_line!r}")
        status, start = int(code), end + 4
        if status >= 200:
            break
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    keep = protocol == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if bodiless or status in (204, 304):
        ending = start
    elif headers.get("transfer-encoding", "").lower() == "chunked":
        ending = _chunks_end(received, start)
    elif "content-length" in headers:
        ending = start + int(headers["content-length"])
    else:  # Only the end of the connection ends such a body.
        return Reply(status=status, headers=headers, reusable=False) if closed else None
    if ending is None or ending > len(received):
        return _incomplete(closed)
    return Reply(status=status, headers=headers, reusable=keep and not closed and ending == len(received))


def _incomplete(closed: bool) -> None:
    if closed:
        raise ValueError("the answer broke off")


def _chunks_end(received: bytearray, start: int) -> int | None:
    while (line_end := received.find(b"\r\n", start)) >= 0:
        size = int(received[start:line_end].split(b";")[0], 16)
        if size == 0:
            if received.startswith(b"\r\n\r\n", line_end):
                return line_end + 4
            trailers_end = received.find(b"\r\n\r\n", line_end)
            return None if trailers_end < 0 else trailers_end + 4
        start = line_end + 2 + size + 2
    return None


def request_bytes(beach: Beach, visit: Visit) -> bytes:
    """What is sent for a visit to a beach, the same every time."""
    parts = urlsplit(beach.url)
    headers = {"host": parts.netloc.rpartition("@")[2], "accept": "*/*", "user-agent": "shoreward-customers"}
    body = (visit.body or "").encode()
    if visit.body is not None:
        headers |= {"content-type": "application/json", "content-length": str(len(body))}
    headers |= {key.lower(): value for key, value in beach.headers.items()}
    lines = [f"{visit.method.upper()} {parts.path.rstrip('/')}{visit.path} HTTP/1.1"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
