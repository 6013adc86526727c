"""An advisory becomes known in the middle of a wave, and about what is live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shoreward.core import Event
from shoreward.core import events as e
from shoreward.domain import Outcome
from shoreward.testing.advisories import AdvisoryServer, an_advisory
from shoreward.testing.cloud import CloudAccount

from .support.pier import AGAINST_ADVISORIES, EAST, WEST, Pier, at_home

PATIENCE = 120.0
"""Seconds after which a test gives up: far more than anything here takes."""

FORWARD = (e.TrafficShifted, e.TargetInspected, e.TargetStaged, e.TargetProbed, e.TargetFinished, e.WaveEntered)


@pytest.fixture
def osv() -> Iterator[AdvisoryServer]:
    """Whoever knows advisories; none for now."""
    with AdvisoryServer() as server:
        yield server


@pytest.fixture(params=["hold"])
def pier(
    request: pytest.FixtureRequest, tmp_path: Path, cloud_account: CloudAccount, osv: AdvisoryServer
) -> Iterator[Pier]:
    """A release that carries the package sandpaper 1.0 is live everywhere."""
    checks = AGAINST_ADVISORIES.replace("SOURCE", osv.address).replace("HOLD", request.param)
    with at_home(cloud_account):
        pier = Pier.founded(tmp_path / "pier", cloud_account, checks)
        pier.write("code/sandpaper-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: sandpaper\nVersion: 1.0\n")
        pier.commit()
        assert pier.run("release").code == 0
        yield pier


def until(true: Callable[[], object]) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def has(pier: Pier, *kinds: type[Event], times: int = 1) -> bool:
    return sum(isinstance(event, kinds) for event in pier.events()) >= times


@contextmanager
def mid_wave(pier: Pier):
    """A second release, under way with customers, whose first canary has traffic."""
    before = pier.release.id
    pier.edit("code/moor.py", '"crew": 2', '"crew": 3')
    with pier.customers(), pier.releasing() as process:
        until(lambda: pier.release.id != before and has(pier, e.TrafficShifted))
        yield process


def test_a_release_in_mid_wave_is_held_within_one_poll_and_goes_on_when_the_advisory_is_corrected(
    pier: Pier, osv: AdvisoryServer
):
    with mid_wave(pier) as process:
        # When an advisory is published
        published = time.time()
        osv.publish(an_advisory("GHSA-1", "PyPI", "sandpaper", fixed="1.1"))

        # Then the first look that begins after it finds it, and holds the release
        until(lambda: has(pier, e.HoldPlaced))
        events = pier.events()
        [hold] = [event for event in events if isinstance(event, e.HoldPlaced)]
        held = events.index(hold)
        looks = [event for event in events[:held] if isinstance(event, e.AdvisoriesReviewed) and event.at >= published]
        assert len(looks) <= 1
        assert events[held - 1].findings  # type: ignore[union-attr]
        print(f"held {hold.at - published:.2f} s after the publication")

        # And says what it is, and what to take instead
        assert (hold.by, "GHSA-1 sandpaper 1.0" in hold.why, "1.1" in hold.why) == ("shoreward", True, True), hold.why
        assert "GHSA-1" in pier.run("status").out

        # And nothing moves while it is held, though the judge and the looks go on
        weights, forward = (pier.weights(WEST), pier.weights(EAST)), moves(pier)
        until(lambda: sum(isinstance(one, e.AdvisoriesReviewed) for one in pier.events()[held:]) >= 2)
        assert (pier.weights(WEST), pier.weights(EAST)) == weights
        assert moves(pier) == forward

        # When the advisory turns out to be about later versions, and somebody lets the release go on
        osv.publish(an_advisory("GHSA-1", "PyPI", "sandpaper", introduced="2.0"))
        assert pier.run("resume", "-m", "it is about 2.0").code == 0

        # Then it arrives
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    assert pier.release.outcome is Outcome.SUCCEEDED
    assert pier.artifacts == {pier.serving(WEST), pier.serving(EAST)}
    assert [type(event) for event in pier.events()].count(e.HoldPlaced) == 1


def moves(pier: Pier) -> int:
    """How many steps forward the newest release has made."""
    return sum(isinstance(event, FORWARD) for event in pier.events())


@pytest.mark.parametrize("pier", ["rollback"], indirect=True)
def test_a_pipeline_may_choose_to_go_back(pier: Pier, osv: AdvisoryServer):
    live = pier.serving(WEST)
    with mid_wave(pier) as process:
        osv.publish(an_advisory("GHSA-1", "PyPI", "sandpaper", fixed="1.1"))
        said, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, pier.release.outcome) == (1, Outcome.ROLLED_BACK), said
    assert pier.release.rollback is not None
    assert (pier.release.rollback.cause, "GHSA-1" in pier.release.rollback.reason) == ("advisory", True)
    assert pier.serving(WEST) == pier.serving(EAST) == live
    assert not pier.weights(WEST)
    assert not pier.weights(EAST)


def test_what_is_live_is_told_of_until_a_waiver_or_nobody_answers(pier: Pier, osv: AdvisoryServer):
    # Given a release that has just looked itself
    assert "no advisory would fail its checks" in pier.run("status").out
    assert pier.run("advisories").code == 0

    # When an advisory about it is published
    osv.publish(an_advisory("GHSA-2", "PyPI", "sandpaper", fixed="1.1"))

    # Then whoever asks is told, and status knows it from then on without asking anybody
    said = pier.run("advisories")
    assert (said.code, "GHSA-2" in said.out, "pier-1 is live and would fail its checks" in said.out) == (1, True, True)
    asked = len(osv.asked)
    assert "GHSA-2" in pier.run("status").out
    [finding] = pier.run("status", "--json").json["live"]["findings"]
    assert (finding["rule"], finding["subject"]) == ("GHSA-2", "sandpaper 1.0")
    assert len(osv.asked) == asked

    # When a commit says that it may stay, then its release passes, and nobody is told any more
    with (pier.root / "shoreward.yaml").open("a") as file:
        file.write("  waivers: [{rule: GHSA-2, reason: it is not called, owner: kim, expires: 2999-01-31}]\n")
    pier.edit("code/moor.py", '"crew": 2', '"crew": 3')
    with pier.customers():
        assert pier.run("release").code == 0
    assert pier.run("advisories").code == 0

    # And when nobody answers, that is said as well
    osv.troubles.extend([503] * 1000)
    said = pier.run("advisories", "--limit", "1")
    assert (said.code, "nobody knows of advisories since" in said.out) == (3, True), said
    assert "nobody knows of advisories since" in pier.run("status").out
