"""One thing that is logged is one line, whatever a commit message holds."""

from __future__ import annotations

import json
import subprocess
import sys

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
