"""A server's journal, to be read as if it were here; what is said goes through commands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json

from shoreward.adapters.journal.codec import decode, decode_header, decode_order
from shoreward.app.ports import Kinds, Recorded
from shoreward.client.connection import Connection
from shoreward.core.control import Order
from shoreward.core.header import Header
from shoreward.domain import Terminal


class _Record(BaseModel):
    seq: int
    name: str
    body: dict[str, Any]


_RECORD = TypeAdapter(_Record)


class ServerJournal:
    """Implements `app.ports.Reader`.

    Every method may raise what the server refuses with, SERVER_UNREACHABLE, and VERSION_MISMATCH.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def events(self, release: str, after: int = 0, *, kinds: Kinds = ()) -> Sequence[Recorded]:
        """See `Reader.events`."""
        path = f"/journal/releases/{quote(release, safe='')}/events"
        names = {kind.__name__ for kind in kinds}
        found = self._connection.pages(path, _RECORD, after=after, limit=500)
        records = [each for each in found if not names or each.name in names]
        try:
            return tuple(Recorded(seq=each.seq, event=decode(each.name, to_json(each.body))) for each in records)
        except Terminal as error:
            raise self._understood(error) from error

    def releases(self, application: str | None = None, *, open: bool | None = None) -> Sequence[Header]:
        """See `Reader.releases`."""
        found = self._headers(application=application, which="open" if open else "all")
        return tuple(each for each in reversed(found) if open is None or each.open is open)

    def harmed(self) -> Sequence[Header]:
        """See `Reader.harmed`."""
        return self._headers(which="harmed")[::-1]

    def live(self, application: str | None = None) -> Sequence[Header]:
        """See `Reader.live`."""
        return self._headers(application=application, which="live")

    def page(self, application: str | None = None, *, before: str = "", limit: int = 50) -> Sequence[Header]:
        """See `Reader.page`."""
        return self._headers(limit, application=application, before=before or None)

    def header(self, release: str) -> Header:
        """See `Reader.header`."""
        record = self._connection.get(f"/journal/releases/{quote(release, safe='')}", _RECORD)
        return self._header(record)

    def orders(self, after: int = 0) -> Sequence[Order]:
        """See `Reader.orders`."""
        records = self._connection.pages("/journal/orders", _RECORD, after=after, limit=500)
        try:
            return tuple(decode_order(each.name, to_json(each.body)) for each in records)
        except Terminal as error:
            raise self._understood(error) from error

    def _headers(self, limit: int | None = None, **parameters: object) -> tuple[Header, ...]:
        records = self._connection.pages("/journal/releases", _RECORD, limit=min(limit or 500, 500), **parameters)
        return tuple(self._header(each) for each in islice(records, limit))

    def _header(self, record: _Record) -> Header:
        try:
            return decode_header(to_json(record.body))
        except Terminal as error:
            raise self._understood(error) from error

    def _understood(self, error: Terminal) -> Terminal:
        return self._connection.mismatch() if error.code == "JOURNAL_UNREADABLE" else error
