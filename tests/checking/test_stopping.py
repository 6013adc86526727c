"""A release that is still built or checked is sent back, or interrupted: all that was begun ends with it."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from cli.support import shoreward

from .shop import PIPELINE, TEMPLATE, Shop, alive, until


@pytest.fixture
def begun(tmp_path: Path, shop: Shop) -> Path:
    """A file into which a suite that hangs writes who it is; its shell has a child, which hangs as well."""
    begun = tmp_path / "begun"
    command = f"sleep 1000 & echo $$ $! > {begun}; wait"
    shop.write("shoreward.yaml", f"{PIPELINE}  suites:\n    - {{name: slow, kind: unit, run: '{command}'}}\n")
    shop.commit()
    return begun


def processes(begun: Path) -> list[int]:
    """Ids of those that the suite began, once it has."""
    until(lambda: begun.exists() and begun.read_text().endswith("\n"))
    return [int(each) for each in begun.read_text().split()]


def status(shop: Shop) -> Any:
    return json.loads(shoreward("status", "--json", at=shop.root).out)


@pytest.mark.parametrize("lever", ["abort", "rollback"])
def test_a_release_that_is_sent_back_stops_its_checks(shop: Shop, begun: Path, lever: str) -> None:
    # Given a release whose checks hang
    with shop.process(command="release") as carrier:
        hanging = processes(begun)
        # When somebody sends it back
        assert shoreward(lever, "-m", "wrong prices", at=shop.root).code == 0
        # Then the process that carries it comes to its end, and so does all that it began
        out, err = carrier.communicate()
    until(lambda: not any(map(alive, hanging)))
    assert (carrier.returncode, err) == (1, "")
    assert "wrong prices" in out
    told = status(shop)
    assert told["outcome"] == "aborted"
    assert not [line for line in told["why"] if "failed" in line["text"]]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interrupted_release_stops_its_checks_and_stays_open(shop: Shop, begun: Path, sign: signal.Signals) -> None:
    with shop.process(command="release") as carrier:
        hanging = processes(begun)
        carrier.send_signal(sign)
        _, err = carrier.communicate()
    until(lambda: not any(map(alive, hanging)))
    assert carrier.returncode == 130
    assert "shop-1 stays where it is" in err
    assert "Traceback" not in err
    told = status(shop)
    assert told["outcome"] is None
    assert told["checked"] is None
    assert len(told["why"]) == 2, "it was opened, and built"


def test_whoever_goes_on_with_an_interrupted_release_checks_anew(shop: Shop, begun: Path) -> None:
    with shop.process(command="release") as carrier:
        processes(begun)
        carrier.send_signal(signal.SIGINT)
        carrier.communicate()
    begun.unlink()
    with shop.process(command="run") as carrier:
        hanging = processes(begun)
        assert shoreward("abort", "-m", "enough", at=shop.root).code == 0
        carrier.communicate()
    until(lambda: not any(map(alive, hanging)))
    assert status(shop)["outcome"] == "aborted"


def test_a_held_release_lets_its_checks_come_to_their_end(shop: Shop, tmp_path: Path) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"
    command = f"echo > {begun}; while ! test -e {go}; do sleep 0.02; done; exit 1"
    shop.write("shoreward.yaml", f"{PIPELINE}  suites:\n    - {{name: slow, kind: unit, run: '{command}'}}\n")
    shop.commit()
    with shop.process(command="release") as carrier:
        until(begun.exists)
        assert shoreward("hold", "-m", "lunch", at=shop.root).code == 0
        go.touch()
        carrier.communicate()
    assert carrier.returncode == 1
    assert status(shop)["outcome"] == "failed"


@pytest.fixture
def built_anew(tmp_path: Path, shop: Shop) -> Path:
    """A release waits to be carried, and building its function on this machine hangs, as `begun` does."""
    begun, slow = tmp_path / "begun", tmp_path / "slow"
    makefile = f"if test -e {slow}; then sleep 1000 & echo $$$$ $$! > {begun}; wait; fi; cp hello.py $(ARTIFACTS_DIR)"
    shop.write("code/Makefile", f"build-Hello:\n\t{makefile}\n")
    shop.write(
        "template.yaml", TEMPLATE.replace("    Properties:", "    Metadata: {BuildMethod: makefile}\n    Properties:")
    )
    shop.commit()
    assert shoreward("release", "--detach", at=shop.root).code == 0
    shutil.rmtree(shop.root / ".shoreward/artifacts")
    slow.touch()
    return begun


def test_a_release_that_is_sent_back_stops_its_build(shop: Shop, built_anew: Path) -> None:
    with shop.process(command="run") as carrier:
        hanging = processes(built_anew)
        assert shoreward("abort", "-m", "wrong prices", at=shop.root).code == 0
        _, err = carrier.communicate()
    until(lambda: not any(map(alive, hanging)))
    assert err == ""
    assert status(shop)["outcome"] == "aborted"


def test_an_interrupted_release_stops_its_build_and_stays_open(shop: Shop, built_anew: Path) -> None:
    with shop.process(command="run") as carrier:
        hanging = processes(built_anew)
        carrier.send_signal(signal.SIGINT)
        _, err = carrier.communicate()
    until(lambda: not any(map(alive, hanging)))
    assert carrier.returncode == 130
    assert "Traceback" not in err
    assert (status(shop)["outcome"], status(shop)["revision"]) == (None, None)
