"""What must always hold of several releases, whatever happens in whatever order: a state machine over many of them.

Two applications share one simulated cloud and its limits. Effects take time, fail, take hold unrecorded; controllers
die; people hold, resume, stop everything, abort, skip, retry and roll back at random; commits contain each other.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shoreward.app.surroundings import Limits
from shoreward.core import Effect, Event, Phase, Release, replay
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.domain import Outcome, Verdict

from .line import Line, a_line

APPLICATIONS = ("app", "web")


class Sequences(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.commits = 0
        self.newest = {name: f"{name} old" for name in APPLICATIONS}

    @initialize(
        limit=st.sampled_from([1, 2, 9]),
        fix=st.booleans(),
        rounds=st.lists(st.sampled_from([8, 9, 10, 11, 16, 0]), min_size=2, max_size=4),
    )
    def it_begins_in_the_middle(self, limit: int, fix: bool, rounds: list[int]) -> None:
        """With some releases behind each other; without this, chance alone would seldom come far."""
        self.limit = limit
        pipelines = a_line("app", alarms=["errors"]), a_line("web", at_once=1)
        self.line = Line(*pipelines, limits=Limits(targets=limit))
        self.line.watch, self.line.guard = self.check, self.check_effect
        for each in rounds:
            self.a_commit_is_merged("app", bad=False, on="newest", fix=fix)
            self.things_go_on(each)

    # What must hold of every step

    def check(self, release: str, event: Event) -> None:
        line, state = self.line, self.line.states[release]
        match event:
            case e.WaveEntered(wave=wave):
                assert release not in line.taints(), "a wave was entered by what is in quarantine"
                self.check_nobody_is_in(state, wave)
            case e.TargetEntered(target=target):
                assert self.at_work(but=target) < self.limit, "more targets are under way than may be"
                most = state.pipeline.waves[state.wave].at_once
                own = sum(each.entered and not each.done for each in state.in_wave(state.wave))
                assert most is None or own < most, "more targets of a wave are under way than may be"
            case e.TargetOvertaken(target=target, release=other):
                assert line.states[other].outcome is Outcome.SUCCEEDED
                assert line.states[other].deployments[target].phase is Phase.FINISHED
            case e.ReleaseEnded(outcome=outcome) if outcome.replaced:
                assert state.waiting, "what is in a wave was replaced"
                assert not state.hold, "what a person holds was replaced"
                later = [
                    self.line.history[each.opened.commit]
                    for each in self.others(state)
                    if self.comes_after(each, state)
                ]
                carried = [state.opened.commit in each for each in later]
                assert any(carried if outcome is Outcome.SUPERSEDED else (not each for each in carried)), (
                    f"it was {outcome}, and nobody did that"
                )
            case _:
                pass

    def check_nobody_is_in(self, state: Release, wave: int) -> None:
        keys = {target.key for target in state.pipeline.waves[wave].targets}
        for other in self.others(state):
            busy = other.wave == other.baked and not other.rollback
            there = {target.key for target in other.pipeline.waves[other.wave].targets} if busy else set[str]()
            assert not keys & there, "two releases hold the same wave"
            if self.number(other) < self.number(state) and not other.rollback:
                to_come = {target.key for each in other.pipeline.waves[other.baked :] for target in each.targets}
                assert not keys & to_come, "a release passed an older one"

    def at_work(self, but: str) -> int:
        return sum(
            each.entered and not each.done and not state.rollback
            for state in self.line.states.values()
            if not state.ended
            for key, each in state.deployments.items()
            if key != but
        )

    def check_effect(self, release: str, effect: Effect) -> None:
        line, state = self.line, self.line.states[release]
        if effect.forward:
            assert not state.rollback, "a forward effect after the rollback began"
            assert not state.hold, "a forward effect under a hold"
            assert not line.control.stop_of(state.pipeline.application), "a forward effect under a stop"
            assert release not in line.taints(), "a forward effect of what is in quarantine"
        if isinstance(effect, do.JudgeTarget) or not effect.target.key:
            return
        others = [each for each in line.under_way if each.effect.target.key == effect.target.key]
        clash = [each for each in others if each.release != release and not isinstance(each.effect, do.JudgeTarget)]
        assert not clash, f"{release} does {effect.key} while {clash[0].release} does {clash[0].effect.key}"
        deployment = state.deployments[effect.target.key]
        if effect.forward and deployment.skipped:
            raise AssertionError("a forward effect on a target that was left out")
        if effect.forward and state.hold_on(deployment):
            raise AssertionError("a forward effect on a target that is held")

    def others(self, state: Release) -> list[Release]:
        name = state.pipeline.application
        return [
            each
            for each in self.line.states.values()
            if each.pipeline.application == name and each.id != state.id and not each.ended
        ]

    def comes_after(self, other: Release, state: Release) -> bool:
        return not other.rollback and self.number(other) > self.number(state)

    @staticmethod
    def number(state: Release) -> int:
        return int(state.id.rpartition("-")[2])

    # What happens

    def open_releases(self) -> list[Release]:
        return [each for each in self.line.states.values() if not each.ended]

    @precondition(lambda self: len(self.open_releases()) < 7)
    @rule(
        application=st.sampled_from(APPLICATIONS),
        bad=st.sampled_from([False, False, True]),
        on=st.sampled_from(["newest", "newest", "newest", "old"]),
        fix=st.booleans(),
    )
    def a_commit_is_merged(self, application: str, bad: bool, on: str, fix: bool) -> None:
        """It contains the newest one, or comes from a branch of long ago; it may take back whatever harms before it."""
        self.commits += 1
        commit = f"{application} {self.commits}"
        base = self.newest[application] if on == "newest" else f"{application} old"
        fixes = self.line.history[base] if fix else ()
        if bad:
            self.line.bad.add(commit)
        self.line.open(commit, application, on=[base], fixes=sorted(fixes))
        self.newest[application] = commit

    @precondition(lambda self: any(state.wave >= 0 for state in self.open_releases()))
    @rule(data=st.data())
    def what_is_under_way_turns_out_to_harm(self, data: st.DataObject) -> None:
        exposed = [state for state in self.open_releases() if state.wave >= 0]
        self.line.bad.add(data.draw(st.sampled_from(exposed)).opened.commit)

    @rule(rounds=st.integers(1, 6))
    def things_go_on(self, rounds: int) -> None:
        for _ in range(rounds):
            self.line.tick_all()
            self.line.end_all()
            self.line.cloud.clock.advance(10)

    @precondition(lambda self: self.open_releases())
    @rule(data=st.data())
    def one_has_its_turn(self, data: st.DataObject) -> None:
        self.line.tick(data.draw(st.sampled_from(self.open_releases())).id)

    @precondition(lambda self: self.line.under_way)
    @rule(data=st.data())
    def an_effect_comes_to_its_end(self, data: st.DataObject) -> None:
        it = self.line.under_way[data.draw(st.integers(0, len(self.line.under_way) - 1))]
        self.line.end(it, data.draw(st.sampled_from([None, None, *Verdict])))

    @precondition(lambda self: self.line.under_way)
    @rule(data=st.data(), retryable=st.sampled_from([True, True, False]), acted=st.booleans())
    def an_effect_fails(self, data: st.DataObject, retryable: bool, acted: bool) -> None:
        it = self.line.under_way[data.draw(st.integers(0, len(self.line.under_way) - 1))]
        self.line.fail(it, retryable=retryable, acted=acted)

    @rule(data=st.data())
    def the_controller_dies(self, data: st.DataObject) -> None:
        for it in tuple(self.line.under_way):
            if data.draw(st.booleans()):
                self.line.perform(it)
        self.line.under_way.clear()
        for release, state in self.line.states.items():
            assert replay(release, self.line.events[release]) == state

    @rule(seconds=st.sampled_from([1, 30, 120]))
    def time_passes(self, seconds: int) -> None:
        self.line.cloud.clock.advance(seconds)

    @rule(application=st.sampled_from(["", *APPLICATIONS]), stop=st.booleans())
    def a_person_stops_or_lifts(self, application: str, stop: bool) -> None:
        (self.line.stop if stop else self.line.lift)(application)

    @precondition(lambda self: any(not each.rollback for each in self.open_releases()))
    @rule(data=st.data(), what=st.sampled_from(["hold", "resume", "resume", "skip", "retry"]))
    def a_person_speaks(self, data: st.DataObject, what: str) -> None:
        line = self.line
        state = data.draw(st.sampled_from([each for each in self.open_releases() if not each.rollback]))
        deployment = data.draw(st.sampled_from(list(state.deployments.values())))
        wave = state.wave_of(deployment).name
        part = data.draw(st.sampled_from([{}, {"wave": wave}, {"target": deployment.target.key}]))
        match what:
            case "hold":
                line.hold(state.id, **part)
            case "resume":
                line.resume(state.id, **part)
            case "skip" if deployment.phase not in (Phase.BAKING, Phase.MOVED, Phase.FINISHED):
                line.skip(state.id, deployment.target.region)
            case _:
                line.say(state.id, e.TargetRetried(at=line.now, target=deployment.target.key, by="kim", why="again"))

    @precondition(lambda self: any(not each.rollback for each in self.open_releases()))
    @rule(oldest=st.booleans())
    def a_person_sends_one_back(self, oldest: bool) -> None:
        going = [each for each in self.open_releases() if not each.rollback]
        self.line.abort(going[0 if oldest else -1].id)

    @rule(application=st.sampled_from(APPLICATIONS))
    def a_person_takes_back_what_had_stayed(self, application: str) -> None:
        """The newest release, and only when nothing that went back lies under it."""
        own = [each for each in self.line.states.values() if each.pipeline.application == application]
        counting = [each for each in own if each.outcome is Outcome.SUCCEEDED or not (each.ended or each.rollback)]
        if not counting or counting[-1].outcome is not Outcome.SUCCEEDED or counting[-1] is own[0]:
            return
        buried = [each.overtaken for state in own for each in state.deployments.values()]
        if counting[-1].id not in buried:
            self.line.abort(counting[-1].id)

    # What must hold of every state

    @invariant()
    def everybody_ends_or_says_what_it_waits_for(self) -> None:
        for state in self.open_releases():
            decision = self.line.decision(state.id)
            assert (
                decision.records
                or decision.effects
                or decision.wake_at is not None
                or any(blocker.person for blocker in decision.blockers)
                or (decision.blockers and len(self.open_releases()) > 1)
            ), f"{state.id} waits in silence"

    @invariant()
    def a_target_is_shared_by_two_revisions_at_most(self) -> None:
        shifting: dict[str, str] = {}
        for state in self.open_releases():
            for key, each in state.deployments.items():
                if 0 < each.percent < 100 and each.phase is Phase.BAKING and not each.restored_whole:
                    assert key not in shifting, f"{state.id} and {shifting[key]} shift on {key}"
                    shifting[key] = state.id

    def teardown(self) -> None:
        """With all holds lifted and time passing everything ends, and what serves is what should."""
        self.everything_is_lifted()
        self.line.end_all()
        self.line.until(self.everything_has_ended, rounds=3_000)
        for application in APPLICATIONS:
            self.check_what_is_left(application)

    def everything_is_lifted(self) -> None:
        for application in ("", *APPLICATIONS):
            self.line.lift(application)
        self.lift_holds()

    def lift_holds(self) -> None:
        for state in self.open_releases():
            if state.hold:
                self.line.resume(state.id)
            for hold in state.holds.values():
                self.line.resume(state.id, wave=hold.wave, target=hold.target)

    def everything_has_ended(self) -> bool:
        self.lift_holds()
        return not self.open_releases()

    def check_what_is_left(self, application: str) -> None:
        line = self.line
        own = [each for each in line.states.values() if each.pipeline.application == application]
        for target in line.pipelines[application].targets:
            there = line.cloud.target(target)
            (commit,) = there.serving()
            assert there.applied == commit, "the stack and the traffic disagree"
            assert not there.pinned
            brought = [each for each in own if each.opened.commit == commit][-1]
            assert brought.binds, f"{commit} went back, and serves {target}"
            later = own[own.index(brought) + 1 :]
            stayed = [each for each in later if each.outcome is Outcome.SUCCEEDED]
            assert all(each.deployments[target.key].skipped for each in stayed), f"an old revision serves {target}"


TestSequences = Sequences.TestCase
TestSequences.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
