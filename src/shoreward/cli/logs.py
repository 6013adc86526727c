"""What is logged beside a command's answer: one line on standard error for each thing, for people or as JSON."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from shoreward.app.ports import Recorded
from shoreward.cli import settings
from shoreward.core import Release

_FIELDS = ("target", "wave", "percent", "effect", "code", "cause", "reason", "outcome", "by", "why")


def configure() -> None:
    """Log as the command line says."""
    wanted, level = settings.log_settings()
    renderer = structlog.processors.JSONRenderer() if wanted == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _one_line,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def _one_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Texts from outside cannot begin a line of their own, nor steer a terminal."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = "".join(each if each.isprintable() else repr(each)[1:-1] for each in value)
    return event


def log_event(state: Release, recorded: Recorded) -> None:
    """Log an event of a release, with what it is about as fields."""
    event = recorded.event
    fields = {name: str(getattr(event, name)) for name in _FIELDS if getattr(event, name, "") not in ("", None)}
    structlog.get_logger().info(type(event).__name__, release=state.id, seq=recorded.seq, **fields)
