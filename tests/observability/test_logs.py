"""One thing that is logged is one line, whatever a commit message holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAYING = """
import structlog
from shoreward.cli import logs, settings
settings.log_as({format!r}, "info")
logs.configure()
structlog.get_logger().info("ReleaseOpened", release="app-1", subject="one\\ntwo\\x1b[31m\\u2028three")
structlog.get_logger().debug("not told")
"""


def said(format: str) -> str:
    done = subprocess.run(
        (sys.executable, "-c", SAYING.format(format=format)), capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr


def test_json_is_a_document_a_line():
    (line,) = said("json").splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["release"]) == ("ReleaseOpened", "info", "app-1")
    assert told["timestamp"].endswith("Z")


@pytest.mark.parametrize("format", ["console", "json"])
def test_texts_from_outside_begin_no_line_and_steer_no_terminal(format: str):
    told = said(format)
    assert told.count("\n") == 1
    assert "\x1b[31m" not in told
    assert "\u2028" not in told


TELLING = """
from shoreward.app.ports import Recorded
from shoreward.cli import logs, settings
from shoreward.core import replay
from shoreward.testing.memory import MemoryJournal
from web.strangers import strange_events, strange_opening
settings.log_as({format!r}, "info")
logs.configure()
events = (strange_opening(1.0), *strange_events(MemoryJournal(), 1.0))
for seq, event in enumerate(events):
    logs.log_event(replay("app-1", events[:1]), Recorded(seq=seq, event=event))
print(len(events))
"""


@pytest.mark.parametrize("format", ["console", "json"])
def test_whatever_strangers_write_each_event_is_one_line(format: str):
    done = subprocess.run(
        (sys.executable, "-c", TELLING.format(format=format)), capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert len(lines) == int(done.stdout)
    assert all(line.isprintable() for line in lines)
    if format == "json":
        assert {json.loads(line)["release"] for line in lines} == {"app-1"}
        assert "forged" not in {json.loads(line)["event"] for line in lines}
