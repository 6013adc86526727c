"""Traces, for OpenTelemetry: sent by OTLP over HTTP to where the standard environment variables say.

Needs `shoreward[otel]`. What cannot be sent is dropped, with a word in the log; a release never waits for it.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from shoreward.app.tracing import Span
from shoreward.domain import UserError

if TYPE_CHECKING:
    from opentelemetry.trace import Span as Parent

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Environment variables that say where traces go; without one of them there are none."""


class Traces:
    """Sends traces from a thread of its own; close it, so that the last ones go.

    Raises:
        UserError: OTEL_MISSING where OpenTelemetry is not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise UserError(
                "OTEL_MISSING",
                "The environment says where traces go, and OpenTelemetry is not installed.",
                next="Install `shoreward[otel]`, or unset OTEL_EXPORTER_OTLP_ENDPOINT.",
            ) from error
        resource = Resource.create({"service.name": "shoreward", "service.version": version("shoreward")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("shoreward")

    def send(self, span: Span, parent: Parent | None = None) -> None:
        """Send a span with all that is within it; soon, and from another thread."""
        from opentelemetry.context import Context
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        context = set_span_in_context(parent) if parent else Context()
        made = self._tracer.start_span(
            span.name, context, start_time=_nanoseconds(span.start), attributes=dict(span.attributes)
        )
        for each in span.within:
            self.send(each, made)
        if span.trouble:
            made.set_status(Status(StatusCode.ERROR, span.trouble))
        made.end(end_time=_nanoseconds(max(span.end, span.start)))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def _nanoseconds(at: float) -> int:
    return int(at * 1e9)
