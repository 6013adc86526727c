"""What is below this process, when everything has to end at once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from shoreward.cli.interrupts import descendants

from .shop import Shop, alive, until


def test_children_and_their_children_are_found_whatever_they_are_called(tmp_path: Path) -> None:
    odd = tmp_path / ") 1 (sh"
    odd.symlink_to("/bin/sh")
    with subprocess.Popen([odd, "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        grandchild = int(child.stdout.readline())
        try:
            assert {child.pid, grandchild} <= set(descendants(os.getpid()))
            assert grandchild in descendants(child.pid)
            assert descendants(grandchild) == []
        finally:
            os.kill(grandchild, 9)
            child.kill()
    until(lambda: not alive(grandchild))


def test_a_system_that_does_not_tell_has_none(tmp_path: Path) -> None:
    assert descendants(os.getpid(), tmp_path) == []


def test_a_reader_that_has_seen_enough_changes_no_verdict(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    with shop.process("-k") as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait() == 1
        assert process.stderr
        assert "Traceback" not in process.stderr.read()
        process.stdout = None
