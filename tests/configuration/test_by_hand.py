"""Releases of values, one effect after the other, while somebody has hands of their own in the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from shoreward.app.drift import Past
from shoreward.app.interruption import Interruption
from shoreward.app.people import levers
from shoreward.app.releases import Wish
from shoreward.app.world import World
from shoreward.core import Phase, Release, decide
from shoreward.core import events as e
from shoreward.domain import Bake, JudgePolicy, Outcome, Parameter, Pipeline, Profile, Revision, Target, Wave
from shoreward.testing.builders import an_opening
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import state_of, step

from .support import Desk, flags, text

ENOUGH = 80
"""Steps after which a release that has not come where it should is lost."""


@dataclass
class Harbour:
    """One target, values by the name of their commit, and an alarm that somebody watches."""

    desk: Desk
    commits: Mapping[str, Sequence[Parameter | Profile]]
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    time: SimulatedCloud = field(default_factory=SimulatedCloud)
    ringing: bool = False

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        return replace(self.desk.revision(*self.commits[commit]), commit=commit)

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(names) if self.ringing else ()

    @property
    def world(self) -> World:
        adapters = self.desk.adapters
        return replace(
            self.time.world(),
            builder=self,
            stacks=adapters.stacks,
            values=adapters.values,
            alarms=self,
            drift=adapters.drift,
            past=Past(self.journal),
        )

    def open(self, commit: str) -> str:
        wave = Wave(name="all", targets=(self.desk.target,), steps=(), bake=Bake(minimum=60))
        pipeline = replace(
            self.desk.pipeline, waves=(wave,), alarms=("errors",), judge=JudgePolicy(interval=10, delay=5)
        )
        return self.journal.open(an_opening(commit, pipeline, self.time.clock.now()))

    def sail(self, release: str, until: Callable[[Release], bool] = lambda state: False) -> Release:
        """Carry a release until it has ended, or something holds of it, or only a person can help."""
        for _ in range(ENOUGH):
            state = state_of(self.journal, release)
            if state.ended or until(state):
                return state
            again = step(self.journal, self.time, release, self.world)
            if again is None:
                return state_of(self.journal, release)
            self.time.clock.time = max(self.time.clock.time, again)
        raise AssertionError(self.journal.events(release)[-3:])

    def baking(self, release: str) -> Release:
        return self.sail(release, lambda state: state.deployments[self.desk.target.key].phase is Phase.BAKING)

    def held(self, release: str) -> Release:
        return self.sail(release, lambda state: bool(state.holds))

    @property
    def wish(self) -> Wish:
        return Wish(by="Kim", why="I know", at=self.time.clock.now())

    def waits_for(self, release: str) -> str:
        """What `shoreward status` says."""
        blockers = decide(state_of(self.journal, release), self.time.clock.now()).blockers
        return "; ".join(blocker.what for blocker in blockers)


@pytest.fixture
def harbour(desk: Desk) -> Harbour:
    """The first values are there."""
    one = (text("/shop/limit", "5"), text("/shop/mode", "calm"))
    made = Harbour(desk, {"one": one, "two": (text("/shop/limit", "9"), text("/shop/mode", "busy"))})
    assert made.sail(made.open("one")).outcome is Outcome.SUCCEEDED
    return made


def test_what_somebody_writes_while_values_bake_holds_the_target_by_name(harbour: Harbour):
    release = harbour.open("two")
    harbour.baking(release)
    harbour.desk.put("/shop/limit", "77")
    [hold] = harbour.held(release).holds.values()
    assert "/shop/limit is 77, and was left as 9" in hold.why
    assert harbour.desk.held() == {"/shop/limit": "77", "/shop/mode": "busy"}, "nobody goes over it unasked"
    assert "/shop/limit is 77" in harbour.waits_for(release)


def test_whoever_resumes_lets_it_be_gone_over(harbour: Harbour):
    release = harbour.open("two")
    harbour.baking(release)
    harbour.desk.put("/shop/limit", "77")
    harbour.held(release)
    levers.resume(harbour.journal, release, harbour.wish, target=harbour.desk.target.key)
    assert harbour.sail(release).outcome is Outcome.SUCCEEDED
    assert harbour.desk.held() == {"/shop/limit": "9", "/shop/mode": "busy"}


def test_whoever_changes_it_back_and_resumes_goes_on(harbour: Harbour):
    release = harbour.open("two")
    harbour.baking(release)
    harbour.desk.put("/shop/limit", "77")
    harbour.held(release)
    harbour.desk.put("/shop/limit", "9")
    levers.resume(harbour.journal, release, harbour.wish, target=harbour.desk.target.key)
    assert harbour.sail(release).outcome is Outcome.SUCCEEDED
    assert harbour.desk.version("/shop/limit") == 4, "written by the two releases, and twice by hand"


def test_harm_is_seen_although_somebody_wrote_meanwhile(harbour: Harbour):
    release = harbour.open("two")
    harbour.baking(release)
    harbour.desk.put("/shop/limit", "77")
    harbour.held(release)
    harbour.ringing = True
    assert harbour.sail(release).outcome is Outcome.ROLLED_BACK
    assert harbour.desk.held() == {"/shop/limit": "5", "/shop/mode": "calm"}
    [back] = [one.event for one in harbour.journal.events(release) if isinstance(one.event, e.StackRestored)]
    assert [(one.resource, one.actual) for one in back.found] == [("/shop/limit", "77")], "what it went over is told"


def test_a_first_deployment_of_somebodys_profile_stays_until_they_delete_it(desk: Desk):
    application, _ = desk.environment()
    profile = desk.appconfig.create_configuration_profile(
        ApplicationId=application, Name="limits", LocationUri="hosted"
    )["Id"]
    harbour = Harbour(desk, {"one": (flags('{"limit": 5}'),)})
    release = harbour.open("one")
    harbour.baking(release)
    levers.abort(harbour.journal, release, harbour.wish)
    state = harbour.sail(release, lambda state: any("restore" in key for key in state.failures))
    assert not state.ended
    assert "Delete the profile limits" in harbour.waits_for(release)
    desk.appconfig.delete_configuration_profile(ApplicationId=application, ConfigurationProfileId=profile)
    assert harbour.sail(release).outcome is Outcome.ABORTED
