"""OSV on loopback: a small server that speaks its API, and its offline archives.

    with AdvisoryServer([an_advisory("GHSA-1", "PyPI", "sandpaper", fixed="1.2")]) as osv:
        ...                                    # checks.advisories.source: osv.address
        osv.publish(an_advisory("GHSA-2", "npm", "@beach/spade"))

The server answers `/v1/querybatch`, with pages, and `/v1/vulns/{id}`. It may be told to be in trouble.
"""

from __future__ import annotations

import json
import threading
import time
import zipfile
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from shoreward.adapters.scan.component import normalised
from shoreward.adapters.scan.versions import Ecosystem, order

Document = dict[str, Any]
Trouble = int | bytes | None
"""An HTTP status to answer with, a body to answer instead, or None: the connection is dropped."""


def an_advisory(
    identity: str,
    ecosystem: Ecosystem,
    package: str,
    *,
    introduced: str = "0",
    fixed: str | None = None,
    last_affected: str | None = None,
    versions: Sequence[str] = (),
    aliases: Sequence[str] = (),
    summary: str = "Sand gets in",
    severity: str = "HIGH",
    modified: float | None = None,
) -> Document:
    """An advisory in OSV's form.

    Args:
        severity: CRITICAL, HIGH, MODERATE or LOW as GitHub says it, a CVSS vector, or "".
        modified: UNIX seconds; now when None.
    """
    at = datetime.fromtimestamp(time.time() if modified is None else modified, UTC)
    bounds = {"introduced": introduced, "fixed": fixed, "last_affected": last_affected}
    kind = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
    document: Document = {
        "schema_version": "1.6.0",
        "id": identity,
        "modified": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "published": "2024-01-01T00:00:00Z",
        "aliases": list(aliases),
        "summary": summary,
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [{"type": kind, "events": [{name: at} for name, at in bounds.items() if at is not None]}],
                "versions": list(versions),
            }
        ],
    }
    if severity.startswith("CVSS:"):
        document["severity"] = [{"type": f"CVSS_V{severity[5]}", "score": severity}]
    elif severity:
        document["database_specific"] = {"severity": severity}
    return document


def write_archive(folder: Path, ecosystem: Ecosystem, advisories: Iterable[Document]) -> Path:
    """OSV's offline archive of an ecosystem, in a folder that `checks.advisories.source` may name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ecosystem}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in advisories:
            archive.writestr(f"{document['id']}.json", json.dumps(document))
    return path


class AdvisoryServer:
    """An OSV API on 127.0.0.1, on a free port, while its context lasts.

    Attributes:
        page: how many advisories one page names for a package, at most.
        asked: paths that were asked for, in order.
        troubles: what befalls the next requests, one each, before it answers properly again.
    """

    def __init__(self, advisories: Iterable[Document] = (), *, page: int = 1000) -> None:
        self.page = page
        self.asked: list[str] = []
        self.troubles: deque[Trouble] = deque()
        self._advisories: dict[str, Document] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        for document in advisories:
            self.publish(document)

    @property
    def address(self) -> str:
        """Where it is: http://127.0.0.1:port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def publish(self, document: Document) -> None:
        """From now on, this is known; an advisory of the same id is replaced."""
        self._advisories[document["id"]] = document

    def __enter__(self) -> AdvisoryServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of an answer."""
        if path == "/v1/querybatch":
            queries = json.loads(body)["queries"]
            if len(queries) > 1000:
                return 400, b'{"code": 3, "message": "Too many queries."}'
            return 200, json.dumps({"results": [self._result(query) for query in queries]}).encode()
        found = self._advisories.get(path.removeprefix("/v1/vulns/"))
        return (
            (404, b'{"code": 5, "message": "Bug not found."}') if found is None else (200, json.dumps(found).encode())
        )

    def _result(self, query: Document) -> Document:
        package = query["package"]
        found = [
            {"id": document["id"], "modified": document["modified"]}
            for document in self._advisories.values()
            if not document.get("withdrawn")
            and _concerns(document, package["ecosystem"], package["name"], query["version"])
        ]
        start = int(query.get("page_token") or 0)
        result: Document = {"vulns": found[start : start + self.page]} if found else {}
        return result | ({"next_page_token": str(start + self.page)} if start + self.page < len(found) else {})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

            def _answer(self, body: bytes) -> None:
                server.asked.append(self.path)
                trouble = server.troubles.popleft() if server.troubles else b""
                if trouble is None:
                    self.close_connection = True
                    return
                status, content = (200, trouble) if isinstance(trouble, bytes) else (trouble, b"{}")
                if trouble == b"":
                    status, content = server.answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        return Handler


def _concerns(document: Document, ecosystem: Ecosystem, package: str, version: str) -> bool:
    """Whether an advisory concerns a version: ranges are taken apart into intervals, which are looked at one by one."""
    here = order(ecosystem, version)
    for affected in document["affected"]:
        about = affected.get("package", {})
        if about.get("ecosystem") != ecosystem or normalised(ecosystem, about["name"]) != normalised(
            ecosystem, package
        ):
            continue
        if here in [order(ecosystem, listed) for listed in affected.get("versions", [])]:
            return True
        for bounds in affected.get("ranges", []):
            if bounds["type"] != "GIT" and any(_within(ecosystem, here, *one) for one in _intervals(bounds["events"])):
                return True
    return False


def _intervals(events: list[dict[str, str]]) -> Iterable[tuple[str, str, str]]:
    """(from, up to but without, up to and with) of each interval; "" is open."""
    start: str | None = None
    for event in events:
        if "introduced" in event:
            if start is not None:
                yield start, "", ""
            start = event["introduced"]
        elif start is not None and ("fixed" in event or "last_affected" in event):
            yield start, event.get("fixed", ""), event.get("last_affected", "")
            start = None
    if start is not None:
        yield start, "", ""


def _within(ecosystem: Ecosystem, here: Any, start: str, before: str, upto: str) -> bool:
    return (
        (start == "0" or here >= order(ecosystem, start))
        and (not before or here < order(ecosystem, before))
        and (not upto or here <= order(ecosystem, upto))
    )
