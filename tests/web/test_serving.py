"""`shoreward serve` as a process: it serves, carries, refuses what is not safe, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteJournal
from shoreward.domain import Refused
from shoreward.testing.builders import an_opening


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose journal knows a release."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    journal = SqliteJournal(tmp_path / ".shoreward" / "journal.db")
    journal.open(an_opening())
    journal.close()
    return tmp_path


@contextmanager
def process(repository: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server's process, and its address."""
    command = [sys.executable, "-m", "shoreward", "serve", "--port", "0", "--json", "-C", str(repository), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | NOBODY) as running:
        try:
            assert running.stdout
            yield running, json.loads(running.stdout.readline())["address"]
        finally:
            running.kill()


NOBODY = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_MAX_ATTEMPTS": "1",
}
"""Surroundings in which nothing of AWS answers."""


def test_a_server_that_only_shows_leaves_the_releases_to_others(repository: Path):
    with process(repository, "--no-carry") as (running, address):
        with urllib.request.urlopen(f"{address}/api/v1/releases/app-1/now", timeout=60) as answer:
            assert json.load(answer)["standing"] == "building"
        journal = SqliteJournal(repository / ".shoreward" / "journal.db")
        with journal.lease():
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 130
        journal.close()


def test_a_server_carries_releases_and_ends_its_streams_when_it_is_interrupted(repository: Path):
    with process(repository) as (running, address):
        journal = SqliteJournal(repository / ".shoreward" / "journal.db")
        with urllib.request.urlopen(f"{address}/api/v1/events?after=0", timeout=60) as stream:
            assert "retry" in stream.readline().decode()
            told = (json.loads(line.decode()[6:]) for line in stream if line.startswith(b"data: "))
            assert next(each["seq"] for each in told if each["event"] == "EffectFailed") > 1
            with pytest.raises(Refused), journal.lease():
                raise AssertionError("nobody carries")
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) == 130
        journal.close()


def test_an_address_that_others_can_reach_is_refused(repository: Path):
    command = [sys.executable, "-m", "shoreward", "serve", "--host", "0.0.0.0", "--json", "-C", str(repository)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["errors"][0]["code"] == "SIGN_IN_MISSING"
