"""The ports: what the use cases ask of the outside world.

Each is a role with the smallest face that serves it. Every method that acts looks at the world first, so that asking
twice is harmless: a crash between an act and its record costs nothing but the second look.
All may raise `Retryable` or `Terminal`; nothing else that is expected to happen is an exception.
"""

from __future__ import annotations

from shoreward.app.ports.clock import Clock
from shoreward.app.ports.gates import Hooks, Question, Reply
from shoreward.app.ports.journal import (
    NO_ADDITIONS,
    Addition,
    Blobs,
    Conflict,
    Happened,
    Journal,
    Kinds,
    Reader,
    Recorded,
)
from shoreward.app.ports.making import Advisor, ArtifactStore, Builder, Checker, Signer
from shoreward.app.ports.targets import Answered, Asker, Prober, StackManager, Synthesizer, TrafficRouter, ValueWriter
from shoreward.app.ports.watching import AlarmSource, MetricSource, Samples, SeriesSource, Stream, Survey

__all__ = [
    "NO_ADDITIONS",
    "Addition",
    "Advisor",
    "AlarmSource",
    "Answered",
    "ArtifactStore",
    "Asker",
    "Blobs",
    "Builder",
    "Checker",
    "Clock",
    "Conflict",
    "Happened",
    "Hooks",
    "Journal",
    "Kinds",
    "MetricSource",
    "Prober",
    "Question",
    "Reader",
    "Recorded",
    "Reply",
    "Samples",
    "SeriesSource",
    "Signer",
    "StackManager",
    "Stream",
    "Survey",
    "Synthesizer",
    "TrafficRouter",
    "ValueWriter",
]
