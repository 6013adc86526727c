"""Several releases of several applications on one simulated cloud, carried by one hand: what examples, and the state
machine of sequences, are told with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shoreward.app.perform import perform
from shoreward.app.quarantine import Taint
from shoreward.app.surroundings import UNLIMITED, Limits, Scene, group_of, turn
from shoreward.core import Decision, Effect, Event, Phase, Release, decide, evolve, opened
from shoreward.core import events as e
from shoreward.core.control import NO_CONTROL, Order, StopLifted, StopPlaced, steered
from shoreward.core.decision import earliest
from shoreward.core.effects import JudgeTarget
from shoreward.core.header import HARM
from shoreward.domain import (
    Bake,
    GroupRelease,
    Judgement,
    JudgePolicy,
    Member,
    Outcome,
    Pipeline,
    Target,
    Verdict,
    Wave,
)
from shoreward.testing.simulated import SimulatedCloud

NORTH, WEST, EAST = "eu-north-1", "eu-west-1", "us-east-1"


def a_line(application: str = "app", *, at_once: int | None = None, alarms: Sequence[str] = ()) -> Pipeline:
    """A pipeline of three targets in two waves, whose bakes are short."""
    waves = ((NORTH,), (WEST, EAST))
    return Pipeline(
        application=application,
        template="template.yaml",
        alarms=tuple(alarms),
        judge=JudgePolicy(interval=10, delay=5, latency=None),
        waves=tuple(
            Wave(
                name=f"wave {number}",
                targets=tuple(Target(account="111111111111", region=region, stack=application) for region in regions),
                steps=(10.0,),
                bake=Bake(minimum=20, requests=1, deadline=10_000, on_deadline="hold"),
                at_once=at_once,
            )
            for number, regions in enumerate(waves, start=1)
        ),
    )


@dataclass(frozen=True)
class UnderWay:
    """An effect that has begun, and the release as it was then."""

    release: str
    effect: Effect
    state: Release


class Line:
    """The releases, and what people and quarantine say of them.

    A commit contains what `history` says, itself included; of what harmed it may have taken back what `fixed` says.
    """

    def __init__(self, *pipelines: Pipeline, limits: Limits = UNLIMITED) -> None:
        self.cloud = SimulatedCloud()
        self.pipelines = {pipeline.application: pipeline for pipeline in pipelines or (a_line(),)}
        self.limits = limits
        self.control = NO_CONTROL
        self.states: dict[str, Release] = {}
        self.events: dict[str, list[Event]] = {}
        self.under_way: list[UnderWay] = []
        self.bad: set[str] = set()
        self.history: dict[str, frozenset[str]] = {}
        self.fixed: dict[str, frozenset[str]] = {}
        self.watch: Callable[[str, Event], None] = lambda release, event: None
        self.guard: Callable[[str, Effect], None] = lambda release, effect: None
        for application in self.pipelines:
            assert self.carry(self.open(f"{application} old", application)).outcome is Outcome.SUCCEEDED

    @property
    def now(self) -> float:
        return self.cloud.clock.now()

    def open(
        self, commit: str, application: str = "app", *, on: Sequence[str] = (), fixes: Sequence[str] = (), **more: Any
    ) -> str:
        """Open a release of a commit that contains the commits `on`, and all that they do."""
        known = [self.history.get(each, frozenset({each})) for each in on]
        self.history[commit] = frozenset({commit}).union(*known)
        self.fixed[commit] = frozenset(fixes).union(*(self.fixed.get(each, frozenset()) for each in on))
        own = [each for each in self.states.values() if each.pipeline.application == application]
        release = f"{application}-{len(own) + 1}"
        event = e.ReleaseOpened(
            at=self.now,
            pipeline=self.pipelines[application],
            commit=commit,
            subject=commit,
            by="kim",
            carries=tuple(each.id for each in own if not each.ended and each.opened.commit in self.history[commit]),
            **more,
        )
        self.states[release] = opened(release, event)
        self.events[release] = [event]
        return release

    def open_group(self, commit: str, after: Mapping[str, Sequence[str]], **more: Any) -> tuple[str, ...]:
        """Open releases of applications, each of a commit of its own, together; of what each depends on, too.

        Args:
            after: for each application, providers first, those that it depends on.
            more: as for `open`, by application; or for all of them, whose commits are then named for each.
        """
        members = tuple(Member(application=name, after=tuple(others)) for name, others in after.items())
        group = GroupRelease(id=f"group {commit}", name="shop", members=members)

        def of(name: str, said: Any) -> Sequence[str]:
            return said[name] if isinstance(said, Mapping) else [f"{name} {each}" for each in said]

        return tuple(
            self.open(f"{name} {commit}", name, group=group, **{key: of(name, said) for key, said in more.items()})
            for name in after
        )

    def say(self, release: str, event: Event) -> None:
        self.watch(release, event)
        self.events[release].append(event)
        self.states[release] = evolve(self.states[release], event)

    def order(self, order: Order) -> None:
        self.control = steered(self.control, order)

    def harms(self, commit: str) -> bool:
        """Whether customers of a commit are harmed."""
        return bool((self.history[commit] - self.fixed[commit]) & self.bad)

    def taints(self) -> dict[str, str]:
        """Which open releases contain what harmed, and no fix of it."""
        found: dict[str, str] = {}
        for culprit in self.states.values():
            commit = culprit.opened.commit
            if culprit.rollback is None or culprit.rollback.cause not in HARM:
                continue
            for each in self.states.values():
                carried = self.history[each.opened.commit] - self.fixed[each.opened.commit]
                if each.id != culprit.id and not each.ended and commit in carried:
                    found[each.id] = f"{commit} was rolled back by {culprit.id}"
        return found

    def scene(self) -> Scene:
        oldest: dict[str, int] = {}
        groups = {group_of(each) for each in self.states.values() if not each.ended} - {""}
        for place, each in enumerate(self.states.values()):
            if not each.ended:
                oldest.setdefault(each.pipeline.application, place)
        known = [
            each
            for place, each in enumerate(self.states.values())
            if not each.ended
            or group_of(each) in groups
            or (
                (each.outcome is Outcome.SUCCEEDED or each.rollback)
                and place > oldest.get(each.pipeline.application, place)
            )
        ]
        taints = {release: Taint(reason=why) for release, why in self.taints().items()}
        return Scene(releases=tuple(known), control=self.control, limits=self.limits, taints=taints)

    def decision(self, release: str) -> Decision:
        state = self.states[release]
        return Decision() if state.ended else decide(state, self.now, self.scene().around(state))

    def waits_for(self, release: str) -> str:
        """What a release waits for, in words."""
        return "; ".join(blocker.what for blocker in self.decision(release).blockers)

    def tick(self, release: str) -> bool:
        """Record and begin what follows; whether there was anything."""
        happened = False
        while (decision := self.decision(release)).records:
            self.say(release, decision.records[0])
            happened = True
        busy = {each.effect.lane for each in self.under_way if each.release == release}
        for effect in decision.effects:
            if effect.lane not in busy:
                self.guard(release, effect)
                self.under_way.append(UnderWay(release, effect, self.states[release]))
                happened = True
        return happened

    def tick_all(self) -> bool:
        """Everybody's turn, as a controller takes them."""
        order = sorted((each for each in self.states.values() if not each.ended), key=turn)
        happened = [self.tick(each.id) for each in order]
        return any(happened)

    def perform(self, it: UnderWay, verdict: Verdict | None = None) -> Event:
        """What comes of an effect; a look sees at once whether the commit harms, or what is said."""
        if not isinstance(it.effect, JudgeTarget):
            return perform(self.cloud.world(), it.state, it.effect)
        alarms = self.cloud.firing_alarms.get(it.effect.target.key, ())
        harmed = self.harms(it.state.opened.commit) or alarms
        seen = verdict or (Verdict.FAIL if harmed else Verdict.PASS)
        judgement = Judgement(verdict=seen, until=self.now, reason="errors", alarms=alarms)
        return e.TargetJudged(at=self.now, target=it.effect.target.key, judgement=judgement)

    def end(self, it: UnderWay, verdict: Verdict | None = None) -> None:
        self.under_way.remove(it)
        self.say(it.release, self.perform(it, verdict))

    def end_all(self) -> None:
        for it in tuple(self.under_way):
            self.end(it)

    def until(self, reached: Callable[[], bool], *, rounds: int = 500) -> None:
        """Let everything go on until something is so."""
        for _ in range(rounds):
            if reached():
                return
            if not self.tick_all() and not self.under_way:
                self.pass_time()
            self.end_all()
        raise AssertionError(f"it never comes; {self.told()}")

    def pass_time(self) -> None:
        """To when somebody wants to look again."""
        again = earliest(self.decision(release).wake_at for release in self.states)
        self.cloud.clock.time = self.now + 5 if again is None else max(self.now, again)

    def told(self) -> str:
        return ", ".join(f"{each.id}: {self.waits_for(each.id)}" for each in self.states.values() if not each.ended)

    def carry(self, *releases: str) -> Release:
        """Carry everything until some releases have ended; gives the last of them."""
        self.until(lambda: all(self.states[release].ended for release in releases))
        return self.states[releases[-1]]

    def bake(self, release: str, waves: int = 1) -> None:
        """Carry everything until a release has baked so many waves."""
        self.until(lambda: self.states[release].baked >= waves)

    def expose(self, release: str, region: str) -> None:
        """Carry everything until some customers of a region are served by a release."""
        self.until(lambda: self.states[release].deployments[self.key(region, release)].phase is Phase.BAKING)

    def key(self, region: str, release: str = "app-1") -> str:
        application = release.rpartition("-")[0]
        return f"111111111111/{region}/{application}"

    def serving(self, application: str = "app") -> list[str]:
        """What serves each target, in the order of waves; shares where it is more than one."""
        found = [self.cloud.target(target).serving() for target in self.pipelines[application].targets]
        return [next(iter(each)) if len(each) == 1 else str(dict(each)) for each in found]

    def acts(self, release: str, kind: type[Event]) -> list[Event]:
        return [event for event in self.events[release] if isinstance(event, kind)]

    def hold(self, release: str, **part: str) -> None:
        self.say(release, e.HoldPlaced(at=self.now, by="kim", why="lunch", **part))

    def resume(self, release: str, **part: str) -> None:
        self.say(release, e.HoldLifted(at=self.now, by="kim", why="back", **part))

    def abort(self, release: str) -> None:
        self.say(release, e.RollbackBegan(at=self.now, cause="person", reason="no", by="kim"))

    def skip(self, release: str, region: str) -> None:
        self.say(release, e.TargetSkipped(at=self.now, target=self.key(region, release), by="kim", why="it is dark"))

    def stop(self, application: str = "") -> None:
        self.order(StopPlaced(at=self.now, by="kim", why="odd", application=application))

    def lift(self, application: str = "") -> None:
        self.order(StopLifted(at=self.now, by="kim", why="fine", application=application))

    def fail(self, it: UnderWay, *, retryable: bool = True, acted: bool = False) -> None:
        """An effect fails, and perhaps took hold all the same."""
        if acted and not isinstance(it.effect, JudgeTarget):
            perform(self.cloud.world(), it.state, it.effect)
        self.under_way.remove(it)
        failed = e.EffectFailed(
            at=self.now,
            effect=it.effect.key,
            target=it.effect.target.key,
            code="X",
            what="x",
            next="",
            retryable=retryable,
        )
        self.say(it.release, failed)

    def change(self, application: str = "app", **what: object) -> None:
        """Later releases have another pipeline."""
        self.pipelines[application] = replace(self.pipelines[application], **what)
