"""What must always hold, whatever happens in whatever order: the design's properties as a state machine.

Whether a gate is open is reckoned here anew, as simply as can be, and not by asking the code that keeps it.
Effects take time: between their start and their end anything may happen, another person's command and the death of the
controller included; an act may have taken hold although nobody recorded it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shoreward.app.perform import perform
from shoreward.core import Decision, Effect, Event, Phase, Release, decide, evolve, replay
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.control import FreezePlaced
from shoreward.core.effects import JudgeTarget
from shoreward.core.outside import Outside
from shoreward.domain import (
    Alarms,
    Bake,
    Checks,
    Freeze,
    Gate,
    Hours,
    Judgement,
    OperationError,
    Outcome,
    Pipeline,
    Retryable,
    Terminal,
    Verdict,
    Wave,
    Window,
    advisory,
)
from shoreward.testing.builders import a_pipeline, an_opening, some_checks
from shoreward.testing.gate import an_advisory
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import carry


def wall(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00")


PIPELINE = a_pipeline(
    [["eu-north-1"], ["eu-west-1", "us-east-1", "us-west-2"]],
    bake=Bake(minimum=20, requests=1, deadline=300, on_deadline="rollback"),
    alarms=["any"],
)
BEGIN = SimulatedCloud().clock.time
"""When everything begins; hours of windows and days of freezes are from there on, in half hours."""
HALF_AN_HOUR = 1_800
SOME_HOURS = Window(
    name="hours",
    zone="UTC",
    hours=(Hours(start=int(BEGIN % 86_400), end=int((BEGIN + HALF_AN_HOUR) % 86_400)),),
)
A_DAY = Freeze(name="a day", zone="UTC", start=wall(BEGIN + HALF_AN_HOUR), end=wall(BEGIN + 86_400))
QUIET = Alarms(name="quiet", alarms=("sev2",), every=60)
GATES: list[tuple[Gate, ...]] = [(), (), (SOME_HOURS,), (A_DAY,), (QUIET,), (SOME_HOURS, QUIET), (A_DAY, QUIET)]
POLL = 60.0
CHECKS = [
    None,
    some_checks(poll=POLL, on_new="hold"),
    some_checks(poll=POLL, on_new="rollback"),
    some_checks(poll=POLL, skip=["vulnerabilities"]),
]


@dataclass(frozen=True)
class UnderWay:
    effect: Effect
    state: Release


class Releases(RuleBasedStateMachine):
    pipeline = PIPELINE
    cleared = 0.0
    """What a drawn look certifies, in percent; nothing but a ramp asks for it."""

    def __init__(self) -> None:
        super().__init__()
        # Much traffic: evidence comes at the first looks, and the rest of a release is not long.
        self.cloud = SimulatedCloud(traffic={target.key: 100.0 for target in self.pipeline.targets})
        journal = MemoryJournal()
        carry(journal, self.cloud, journal.open(an_opening("old", self.pipeline, at=self.cloud.clock.now())))
        for target in self.cloud.targets.values():
            target.acts.clear()
        self.under_way: list[UnderWay] = []
        self.open(self.pipeline)

    def open(self, pipeline: Pipeline) -> None:
        self.events: list[Event] = [an_opening("new", pipeline, at=self.cloud.clock.now())]
        self.state = replay("app-2", self.events)
        self.passed = pipeline.checks is None
        self.failed = False
        self.unable = 0
        self.looked_up = 0.0
        self.told_of: set[str] = set()
        self.news: set[str] = set()
        self.quiet: dict[str, float] = {}
        self.freezes: dict[str, FreezePlaced] = {}
        self.opened_by_hand: set[tuple[str, str]] = set()

    def decide(self) -> Decision:
        return decide(self.state, self.cloud.clock.now(), Outside(freezes=self.freezes))

    def append(self, event: Event) -> None:
        self.check(event)
        self.events.append(event)
        self.state = evolve(self.state, event)

    def check(self, event: Event) -> None:
        """Properties of what may be recorded."""
        match event:
            case e.WaveEntered(wave=wave):
                assert self.state.baked >= wave, "a wave began before the one before it had baked"
                assert self.passed, "a wave was entered without a pass of the checks"
                self.check_gates(wave, "")
            case e.TargetEntered(target=target):
                self.check_gates(self.state.wave, target)
            case e.GateAsked(target=target, answer="open"):
                self.quiet[target] = event.at
            case e.GateAsked(target=target):
                self.quiet.pop(target, None)
            case e.GateOpened(gate=gate, wave=wave):
                self.opened_by_hand.add((gate, wave))
            case e.ReleaseEnded(outcome=Outcome.SUCCEEDED):
                assert all(each.phase is Phase.FINISHED for each in self.state.deployments.values())
                assert self.passed
            case e.ReleaseEnded(outcome=Outcome.FAILED):
                assert not any(target.acts for target in self.cloud.targets.values()), "a failed change was deployed"
            case e.RollbackBegan(cause="error"):
                assert "review/" not in event.reason, "not knowing of advisories sent a release back"
            case e.RevisionChecked(checked=checked):
                self.passed = checked.verdict is Verdict.PASS
                self.failed = checked.verdict is Verdict.FAIL
                self.unable += not (self.passed or self.failed)
                self.looked_up = max(self.looked_up, checked.advised_at)
            case e.EffectFailed() if event.effect.startswith("check/"):
                self.unable += 1
            case e.AdvisoriesReviewed(findings=findings):
                self.looked_up = max(self.looked_up, event.at)
                self.news = {advisory(each) for each in findings} - self.told_of
            case e.HoldPlaced(advisories=advisories):
                assert not self.told_of.intersection(advisories), "the same advisory held a release twice"
                self.told_of |= set(advisories)
                self.news -= self.told_of
            case _:
                pass

    def check_effect(self, effect: Effect) -> None:
        """Properties of what may be begun."""
        if self.state.rollback:
            assert not effect.forward, "a forward effect after the rollback began"
        assert not self.failed or self.state.rollback, "something is begun although the checks failed"
        if isinstance(effect, do.CheckRevision):
            assert self.unable < 8, "checks that cannot tell are asked for ever"
        if self.state.hold:
            assert not effect.forward, "a forward effect under a hold"
        if effect.forward and not isinstance(effect, do.BuildRevision | do.CheckRevision):
            self.check_gate()
        if isinstance(effect, do.ShiftTraffic) and effect.expected > 0:
            deployment = self.state.deployments[effect.target.key]
            if deployment.splits:
                looked = deployment.judgement
                assert looked is not None, "a weight rose and nobody had looked"
                assert looked.verdict is Verdict.PASS, "a weight rose without a pass"
                assert deployment.judged_at >= deployment.shifted_at, "a weight rose with a stale pass"

    def check_gate(self) -> None:
        """Properties of what may be begun on a target, when there are checks."""
        checks = self.state.pipeline.checks
        if checks is None:
            return
        assert self.passed, "a target was touched without a pass of the checks"
        assert not self.news, "a forward effect although an advisory revokes the verdict"
        if "vulnerabilities" not in checks.skip:
            age = self.cloud.clock.now() - self.looked_up
            assert age <= 2 * POLL, "a forward effect although nobody knows of the latest advisories"

    def check_gates(self, index: int, target: str) -> None:
        """Nothing is entered outside of its hours, in a freeze, or while nobody said that alarms are quiet."""
        now, wave = self.cloud.clock.now(), self.state.pipeline.waves[index].name
        for name, freeze in self.freezes.items():
            frozen = freeze.start <= now < freeze.end and (f"freeze/{name}", wave) not in self.opened_by_hand
            assert not frozen, "something was entered in a person's freeze"
        for gate in self.state.pipeline.gates:
            if (gate.name, wave) in self.opened_by_hand:
                continue
            if gate is SOME_HOURS:
                assert (now - BEGIN) % 86_400 < HALF_AN_HOUR, "something was entered outside of its hours"
            elif gate is A_DAY:
                assert not BEGIN + HALF_AN_HOUR <= now < BEGIN + 86_400, "something was entered in a freeze"
            else:
                newest = max(self.quiet.get("", 0.0), self.quiet.get(target, 0.0))
                assert now < newest + QUIET.every, "something was entered while an alarm may fire"

    @rule()
    def tick(self) -> None:
        decision = self.decide()
        for event in decision.records:
            self.append(event)
        busy = {each.effect.lane for each in self.under_way}
        for effect in decision.effects:
            if effect.lane not in busy:
                self.check_effect(effect)
                self.under_way.append(UnderWay(effect, self.state))

    @initialize(
        ticks=st.integers(0, 45),
        checks=st.sampled_from(CHECKS),
        kept=st.sampled_from([None, 30, 90, 500]),
        gates=st.sampled_from(GATES),
    )
    def it_begins_well(self, ticks: int, checks: Checks | None, kept: int | None, gates: tuple[Gate, ...]) -> None:
        """With a verdict on vulnerabilities that is of now, or that was kept for so many seconds."""
        self.open(replace(self.pipeline, checks=checks, gates=gates))
        self.cloud.gate.advised = None if kept is None else self.cloud.clock.now() - kept
        self.things_go_on(ticks, Verdict.PASS)

    @rule(ticks=st.integers(1, 10), verdict=st.sampled_from(Verdict))
    def things_go_on(self, ticks: int, verdict: Verdict) -> None:
        """Without this, chance alone would seldom come far into a release."""
        for _ in range(ticks):
            self.tick()
            while self.under_way:
                it = self.under_way.pop()
                self.append(self.end(it, verdict))
            self.cloud.clock.advance(10)

    def end(self, it: UnderWay, verdict: Verdict) -> Event:
        if isinstance(it.effect, JudgeTarget):
            now = self.cloud.clock.now()
            judgement = Judgement(verdict=verdict, until=now, reason="drawn", cleared=self.cleared)
            return e.TargetJudged(at=now, target=it.effect.target.key, judgement=judgement)
        if isinstance(it.effect, do.CheckRevision):
            self.cloud.gate.verdicts["new"] = [verdict]
        return perform(self.cloud.world(), it.state, it.effect)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def an_effect_comes_to_its_end(self, data: st.DataObject) -> None:
        it = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        self.append(self.end(it, data.draw(st.sampled_from(Verdict))))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), retryable=st.booleans(), acted=st.booleans())
    def an_effect_fails(self, data: st.DataObject, retryable: bool, acted: bool) -> None:
        it = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if acted:
            perform(self.cloud.world(), it.state, it.effect)
        failed = e.EffectFailed(
            at=self.cloud.clock.now(),
            effect=it.effect.key,
            target=it.effect.target.key,
            code="X",
            what="x",
            next="",
            retryable=retryable,
        )
        self.append(failed)

    @rule(data=st.data())
    def the_controller_dies(self, data: st.DataObject) -> None:
        for it in self.under_way:
            if data.draw(st.booleans()):
                perform(self.cloud.world(), it.state, it.effect)
        self.under_way.clear()
        assert replay("app-2", self.events) == self.state

    @rule(seconds=st.sampled_from([1, 5, 30, 120, 1_800, 43_200]))
    def time_passes(self, seconds: int) -> None:
        self.cloud.clock.advance(seconds)

    @rule(fires=st.booleans())
    def an_alarm_fires_or_not(self, fires: bool) -> None:
        self.cloud.firing_alarms = {target.key: ("sev2",) for target in self.pipeline.targets} if fires else {}

    @rule(name=st.sampled_from(["match", "launch"]), later=st.sampled_from([-60, 0, 60]), lasts=st.integers(1, 7_200))
    def a_person_freezes(self, name: str, later: int, lasts: int) -> None:
        now = self.cloud.clock.now()
        start = now + later
        self.freezes[name] = FreezePlaced(at=now, by="kim", why="it", name=name, start=start, end=start + lasts)

    @precondition(lambda self: not self.state.ended and not self.state.rollback)
    @rule(gate=st.sampled_from(["hours", "a day", "quiet", "freeze/match"]), wave=st.sampled_from(PIPELINE.waves))
    def a_person_opens_a_gate(self, gate: str, wave: Wave) -> None:
        self.open_gate(gate, wave)

    def open_gate(self, gate: str, wave: Wave) -> None:
        self.append(e.GateOpened(at=self.cloud.clock.now(), gate=gate, wave=wave.name, by="kim", why="it is urgent"))

    @rule(name=st.sampled_from(["GHSA-1", "GHSA-2", "GHSA-3"]))
    def an_advisory_becomes_known(self, name: str) -> None:
        self.cloud.gate.published.append((self.cloud.clock.now(), an_advisory(name)))

    @rule()
    def all_advisories_are_withdrawn(self) -> None:
        self.cloud.gate.published.clear()

    @rule(dark=st.sampled_from([None, Retryable, Terminal]))
    def the_advisories_answer_or_not(self, dark: type[OperationError] | None) -> None:
        self.cloud.gate.dark = dark

    @precondition(lambda self: not self.state.ended and not self.state.rollback)
    @rule(what=st.sampled_from(["hold", "resume", "resume", "abort"]))
    def a_person_speaks(self, what: str) -> None:
        now = self.cloud.clock.now()
        match what:
            case "hold":
                self.append(e.HoldPlaced(at=now, by="kim", why="looks odd"))
            case "resume":
                self.append(e.HoldLifted(at=now, by="kim", why="it is fine"))
            case _:
                self.append(e.RollbackBegan(at=now, cause="person", reason="no", by="kim"))

    @invariant()
    def no_gate_delays_a_way_back(self) -> None:
        if self.state.rollback:
            pipeline = replace(self.state.pipeline, gates=())
            ungated = replace(self.state, opened=replace(self.state.opened, pipeline=pipeline))
            assert self.decide() == decide(ungated, self.cloud.clock.now())

    @invariant()
    def it_ends_or_says_what_it_waits_for(self) -> None:
        decision = self.decide()
        assert (
            self.state.ended
            or decision.records
            or decision.effects
            or decision.wake_at is not None
            or any(blocker.person for blocker in decision.blockers)
        ), "the release waits in silence"

    @invariant()
    def nothing_follows_from_an_end(self) -> None:
        if self.state.ended:
            assert decide(self.state, self.cloud.clock.now()) == decide(self.state, self.cloud.clock.now() + 1e6)

    def teardown(self) -> None:
        """From wherever it is, the release ends well: all new or all old, nothing in between, nothing done twice."""
        self.the_rest_goes_well()
        served = [dict(self.cloud.target(target).serving()) for target in self.pipeline.targets]
        end = "new" if self.state.outcome is Outcome.SUCCEEDED else "old"
        assert served == [{end: 1.0}] * len(served)
        for target in self.cloud.targets.values():
            assert target.applied == end
            assert not target.pinned
            once = [act for act in target.acts if act.startswith(("stage", "shift", "finish"))]
            assert len(once) == len(set(once)), "an effect took hold twice"

    def the_rest_goes_well(self) -> None:
        self.cloud.gate.dark = None
        self.cloud.gate.verdicts.clear()
        self.cloud.firing_alarms.clear()
        for it in self.under_way:
            if not isinstance(it.effect, JudgeTarget):
                self.append(perform(self.cloud.world(), it.state, it.effect))
        self.under_way.clear()
        for _ in range(2_000):
            if self.state.ended:
                return
            if self.state.hold:
                self.append(e.HoldLifted(at=self.cloud.clock.now(), by="kim", why="end"))
            decision = self.decide()
            for gate in sorted({blocker.gate for blocker in decision.blockers} - {""}):
                self.open_gate(gate, self.pipeline.waves[max(self.state.wave, self.state.baked)])
            events = decision.records or tuple(
                perform(self.cloud.world(), self.state, effect) for effect in decision.effects
            )
            for event in events:
                self.append(event)
            if not events:
                assert decision.wake_at is not None
                self.cloud.clock.time = max(self.cloud.clock.time, decision.wake_at)
        raise AssertionError("the release does not end")


TestReleases = Releases.TestCase
TestReleases.settings = settings(
    max_examples=200, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
