"""Sending the trace of each release that ends, where the environment says that traces are wanted."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing, contextmanager

from shoreward.app.ports import Reader, Recorded
from shoreward.controller import Observer
from shoreward.core import Release
from shoreward.core.events import ReleaseEnded


@contextmanager
def traced(journal: Reader, observe: Observer | None = None) -> Generator[Observer]:
    """An observer that sends traces, beside another one; what is left is sent at the end.

    Raises:
        UserError: OTEL_MISSING.
    """
    from shoreward.adapters.traces import ENDPOINTS

    def others(state: Release, recorded: Recorded) -> None:
        if observe:
            observe(state, recorded)

    if not any(os.environ.get(name) for name in ENDPOINTS):
        yield others
        return
    from shoreward.adapters.traces import Traces
    from shoreward.app.tracing import trace

    with closing(Traces()) as traces:

        def tell(state: Release, recorded: Recorded) -> None:
            others(state, recorded)
            if isinstance(recorded.event, ReleaseEnded):
                traces.send(trace(state.id, journal.events(state.id)))

        yield tell
