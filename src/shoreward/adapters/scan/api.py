"""Advisories by OSV's API: which concern a package is asked in batches, what they say is read one by one.

An answer that is not complete (fewer results than queries, pages that never end, an advisory that is named but cannot
be read) is an error. What an advisory says is kept on this machine until the API names a newer time for it.
Source: https://google.github.io/osv.dev/api/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shoreward.adapters.scan.component import Package
from shoreward.adapters.scan.errors import damaged
from shoreward.adapters.scan.files import written
from shoreward.adapters.scan.http import JsonService, Patience
from shoreward.adapters.scan.osv import Advisory, read_advisory
from shoreward.adapters.scan.shapes import Json, Malformed, mapping, objects, text
from shoreward.domain import Terminal

BATCH = 1000
"""Queries that the API takes at once."""

_PAGES = 100
_AT_ONCE = 8
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


class OsvApi:
    """A `lookup.Database` behind an address.

    Args:
        memory: a folder for what advisories say; it may be deleted at any time.
    """

    def __init__(self, address: str, memory: Path, *, patience: Patience | None = None) -> None:
        self._service = JsonService(address, patience or Patience())
        self._memory = memory

    def concerning(self, packages: Sequence[Package]) -> Mapping[Package, tuple[Advisory, ...]]:
        """See `lookup.Database.concerning`."""
        named = self._named(packages)
        read = self._read({identity: modified for found in named.values() for identity, modified in found.items()})
        return {
            package: tuple(read[identity] for identity in sorted(found) if not read[identity].withdrawn)
            for package, found in named.items()
        }

    def _named(self, packages: Sequence[Package]) -> dict[Package, dict[str, str]]:
        """For each package: ids of advisories, and when they were modified."""
        named: dict[Package, dict[str, str]] = {package: {} for package in packages}
        waiting = [(package, "") for package in named]
        for _ in range(_PAGES + len(waiting) // BATCH):
            if not waiting:
                return named
            asked, waiting = waiting[:BATCH], waiting[BATCH:]
            for (package, _), (found, token) in zip(asked, self._batch(asked), strict=True):
                named[package] |= found
                if token:
                    waiting.append((package, token))
        raise self._damaged("its pages never end")

    def _batch(self, asked: Sequence[tuple[Package, str]]) -> list[tuple[dict[str, str], str]]:
        """For each query: what is named, and where the next page begins."""
        answer = self._service.post("/v1/querybatch", {"queries": [_query(*one) for one in asked]})
        try:
            results = [_result(one) for one in objects(mapping(answer, "the answer").get("results"))]
        except Malformed as error:
            raise self._damaged(f"its answer to /v1/querybatch: {error}") from error
        if len(results) != len(asked):
            raise self._damaged(f"{len(asked)} packages were asked for, and {len(results)} answered")
        return results

    def _read(self, wanted: dict[str, str]) -> dict[str, Advisory]:
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            return dict(zip(wanted, pool.map(self._advisory, wanted.keys(), wanted.values()), strict=True))
        finally:
            pool.shutdown(cancel_futures=True)

    def _advisory(self, identity: str, modified: str) -> Advisory:
        if not _ID.fullmatch(identity):
            raise self._damaged(f"'{identity}' is no advisory's id")
        path = self._memory / f"{identity.replace(':', '_')}.json"
        document = _recalled(path, identity, modified)
        if document is None:
            document = self._service.get(f"/v1/vulns/{quote(identity)}")
            _remember(path, document)
        try:
            if mapping(document, "the answer").get("id") != identity:
                raise Malformed("it is another one")
            return read_advisory(document)
        except Malformed as error:
            raise self._damaged(f"{identity} cannot be read: {error}") from error

    def _damaged(self, why: str) -> Terminal:
        return damaged(self._service.address, why)


def _query(package: Package, token: str) -> dict[str, Any]:
    about = {"ecosystem": package.ecosystem, "name": package.name}
    query: dict[str, Any] = {"package": about, "version": package.version.partition("+")[0]}
    return query | ({"page_token": token} if token else {})


def _recalled(path: Path, identity: str, modified: str) -> Any:
    try:
        document = json.loads(path.read_bytes())
        known = document["id"] == identity and bool(modified) and document.get("modified") == modified
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return document if known else None


def _remember(path: Path, document: Any) -> None:
    with written(path) as made:
        made.write_text(json.dumps(document), encoding="utf-8")


def _result(found: Json) -> tuple[dict[str, str], str]:
    named = {text(one.get("id"), "an id"): str(one.get("modified") or "") for one in objects(found.get("vulns"))}
    return named, str(found.get("next_page_token") or "")
