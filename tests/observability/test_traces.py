"""A release that has ended is a trace: sent by OTLP over HTTP, and read here as any collector would."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shoreward.adapters.traces import Traces
from shoreward.app.tracing import Span, trace
from shoreward.cli.tracing import traced
from shoreward.core.events import ReleaseEnded
from shoreward.domain import Outcome
from shoreward.testing.builders import an_opening
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud
from shoreward.testing.simulator import carry, state_of


@pytest.fixture(scope="module")
def bad() -> Span:
    """The trace of a release that was rolled back."""
    clock, journal = SimulatedClock(), MemoryJournal()
    cloud = SimulatedCloud(
        clock=clock, journal=journal, errors=lambda commit, target, at: 0.2 if commit == "bad" else 0.002
    )
    for commit in ("good", "bad"):
        carry(journal, cloud, journal.open(an_opening(commit, at=clock.now())))
    return trace("app-2", journal.events("app-2"))


def all_of(span: Span) -> Iterator[Span]:
    yield span
    for each in span.within:
        yield from all_of(each)


def test_a_release_is_a_span_with_its_waves_targets_and_effects_within(bad: Span):
    assert (bad.name, bad.attributes["shoreward.outcome"]) == ("release", "rolled_back")
    assert bad.trouble
    assert [each.name for each in bad.within] == ["build", "wave", "rollback"]
    (target, *_) = bad.within[1].within
    assert [each.name for each in target.within][:4] == ["inspect", "stage", "probe", "shift"]
    assert {each.name for each in bad.within[2].within} == {"restore traffic", "restore stack"}


def test_what_is_within_a_span_does_not_begin_before_it_nor_end_before_it_began(bad: Span):
    for span in all_of(bad):
        assert span.start <= span.end
        assert all(span.start <= each.start for each in span.within)


@contextmanager
def collecting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A collector that the environment names, and what it is sent."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield bodies
        server.shutdown()
        thread.join()


def spans_in(bodies: Sequence[bytes]) -> list[Any]:
    """All spans of what was sent."""
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    return [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_whoever_carries_sends_what_has_ended_where_somebody_collects(monkeypatch: pytest.MonkeyPatch):
    journal, seen = MemoryJournal(), list[str]()
    release = journal.open(an_opening())
    journal.append(release, 1, (ReleaseEnded(at=2_000_000_000.0, outcome=Outcome.ABORTED),))

    def carried() -> None:
        with traced(journal, lambda state, recorded: seen.append(type(recorded.event).__name__)) as observe:
            for recorded in journal.events(release):
                observe(state_of(journal, release), recorded)

    with collecting(monkeypatch) as bodies:
        carried()
    assert [span.name for span in spans_in(bodies) if not span.parent_span_id] == ["release"]
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT")
    carried()
    assert seen == ["ReleaseOpened", "ReleaseEnded"] * 2


def test_a_trace_is_sent_whole(bad: Span, monkeypatch: pytest.MonkeyPatch):
    with collecting(monkeypatch) as bodies, closing(Traces()) as traces:
        traces.send(bad)
    spans = spans_in(bodies)
    assert sorted(span.name for span in spans) == sorted(span.name for span in all_of(bad))
    assert len({span.trace_id for span in spans}) == 1
    (root,) = [span for span in spans if not span.parent_span_id]
    assert root.name == "release"
    assert root.start_time_unix_nano == int(bad.start * 1e9)
    known = {span.span_id for span in spans}
    assert all(span.parent_span_id in known for span in spans if span is not root)
