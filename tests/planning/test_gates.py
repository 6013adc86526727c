"""Gates of a pipeline whose waves are derived: each wave, and each target, has all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from shoreward.app.planning import settle
from shoreward.core import Release, decide, opened
from shoreward.core import events as e
from shoreward.core.control import FreezePlaced
from shoreward.core.gating import at_target, at_wave
from shoreward.core.outside import ALONE, Outside
from shoreward.domain import GateAnswer, Revision
from shoreward.spec.load import parse
from shoreward.testing.builders import an_opening

SATURDAY, MONDAY = (datetime.fromisoformat(f"2023-11-{day}T12:00:00+00:00").timestamp() for day in ("25", "27"))
FREEZE = FreezePlaced(at=MONDAY, by="kim", why="a match", name="match", start=MONDAY - 60, end=MONDAY + 60)
A_REVISION = Revision(digest="new", commit="new", template="new", functions=(), artifacts=())
TEXT = """
application: beach
template: template.yaml
accounts: {main: {id: "111111111111"}}
waves: auto
targets:
  - {target: main/eu-north-1, traffic: 5}
  - {target: main/eu-west-1, traffic: 900}
  - {target: main/us-east-1, traffic: 2000}
gates:
  office: {window: {open: [{days: mon-fri, from: 09:00, to: 17:00}], zone: UTC}}
  quiet: {alarms: {names: [sev2]}}
"""


@pytest.fixture
def release() -> Release:
    """One that waits before its first wave, and whose checks are not asked for."""
    pipeline = replace(settle(parse(TEXT)), checks=None)
    assert len(pipeline.waves) > 1
    return opened("beach-1", an_opening("new", pipeline))


def test_every_derived_wave_and_target_has_the_gates_of_the_pipeline(release: Release):
    for index, wave in enumerate(release.pipeline.waves):
        assert not wave.gates
        assert [each.gate for each in at_wave(release, index, MONDAY, ALONE)] == ["office", "quiet"]
        for deployment in release.in_wave(index):
            assert [each.gate for each in at_target(release, deployment, MONDAY, ALONE)] == ["office", "quiet"]


@pytest.mark.parametrize(
    ("now", "outside", "answer", "closed"),
    [
        (SATURDAY, ALONE, "open", {"office"}),
        (MONDAY, Outside(freezes={"match": FREEZE}), "open", {"freeze/match"}),
        (MONDAY, ALONE, "closed", {"quiet"}),
        (MONDAY, ALONE, "open", set[str]()),
    ],
)
def test_a_derived_wave_is_entered_when_its_gates_are_open(
    release: Release, now: float, outside: Outside, answer: GateAnswer, closed: set[str]
):
    for index, wave in enumerate(release.pipeline.waves):
        asked = e.GateAsked(at=now, gate="quiet", wave=wave.name, target="", answer=answer, why="sev2 fires")
        before = replace(
            release, revision=A_REVISION, wave=index - 1, baked=index, asked={("quiet", wave.name, ""): asked}
        )
        decision = decide(before, now, outside)
        assert {each.gate for each in decision.blockers if each.gate} == closed
        assert [each.wave for each in decision.records if isinstance(each, e.WaveEntered)] == (
            [] if closed else [index]
        )
