"""Releasing and watching at a server that is a process of its own, from a folder that knows nothing of it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from .support import Kiosk, shoreward


def test_a_release_is_opened_and_followed_at_a_server_that_carries_it(kiosk: Kiosk, tmp_path: Path):
    """Given a server in the repository, when somebody releases elsewhere, it carries, and both are told the same."""
    kiosk.says("hello")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with kiosk.running("serve", "--port", "0", "--json") as server:
        assert server.stdout
        address = json.loads(server.stdout.readline())["address"]
        released = shoreward("--server", address, "release", "--json", at=elsewhere)
        assert (released.code, released.err) == (0, "")
        assert (released.json["id"], released.json["outcome"]) == ("kiosk-1", "succeeded")
        watched = shoreward("--server", address, "watch", "kiosk-1", "--json", at=elsewhere)
        assert (watched.code, watched.out) == (0, kiosk.run("watch", "kiosk-1", "--json").out)
        again = shoreward("--server", address, "release", "no-such-branch", at=elsewhere)
        assert (again.code, "GIT_UNKNOWN_REVISION" in again.all) == (2, True)
        with urllib.request.urlopen(f"{address}/ready", timeout=60) as ready:
            assert ready.read() == b"ready\n"
    unreachable = shoreward("--server", address, "watch", "kiosk-1", at=elsewhere)
    assert (unreachable.code, "SERVER_UNREACHABLE" in unreachable.all) == (3, True)
    assert kiosk.serving() == "hello"
