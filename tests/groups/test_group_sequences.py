"""What must always hold of group releases, whatever happens in whatever order: the state machine of sequences, with
three applications that depend on each other, of which any number is released together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from core.line import Line, a_line
from core.test_sequences import Sequences
from shoreward.app.surroundings import Limits, group_of
from shoreward.core import Effect, Event, Release
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.grouping import depends
from shoreward.domain import Outcome, relied_on

AFTER = {"app": (), "web": ("app",), "api": ("app", "web")}
TURNED = {"api": (), "web": ("api",), "app": ("api", "web")}


class Groups(Sequences):
    def __init__(self) -> None:
        super().__init__()
        self.newest = {name: f"{name} old" for name in AFTER}

    @initialize(
        limit=st.sampled_from([1, 3, 9]),
        fix=st.booleans(),
        rounds=st.lists(st.sampled_from([8, 9, 10, 11, 16, 0]), min_size=1, max_size=3),
    )
    def it_begins_in_the_middle(self, limit: int, fix: bool, rounds: list[int]) -> None:
        self.limit = limit
        self.line = Line(a_line("app", alarms=["errors"]), a_line("web", at_once=1), a_line("api"))
        self.line.limits = Limits(targets=limit)
        self.line.watch, self.line.guard = self.check, self.check_effect
        for each in rounds:
            self.a_group_is_merged(set(AFTER), bad="", fix=fix)
            self.things_go_on(2 * each)

    # What must hold of every step

    def check(self, release: str, event: Event) -> None:
        super().check(release, event)
        state = self.line.states[release]
        match event:
            case e.TargetEntered(target=key):
                for provider in self.providers(state):
                    needed = relied_on(state.deployments[key].target, provider.pipeline.targets)
                    baked = all(provider.deployments[each.key].wave < provider.baked for each in needed)
                    assert baked, f"{release} enters {key} before {provider.id}"
            case e.ReleaseEnded(outcome=Outcome.SUCCEEDED):
                assert not any(each.rollback for each in self.fellows(state)), "one stays while another goes back"
            case e.ReleaseEnded(outcome=outcome) if outcome.replaced:
                ended = {each.outcome for each in self.fellows(state)} - {None}
                assert all(each.replaced for each in ended), "one was replaced where another was not"
            case _:
                pass

    def check_effect(self, release: str, effect: Effect) -> None:
        super().check_effect(release, effect)
        state = self.line.states[release]
        if not isinstance(effect, do.RestoreTraffic | do.RestoreStack) or not state.rollback:
            return
        for consumer in self.consumers(state):
            for each in consumer.deployments.values():
                if effect.target in relied_on(each.target, state.pipeline.targets):
                    back = each.restored_whole or (isinstance(effect, do.RestoreTraffic) and not each.percent)
                    assert back, f"{release} goes back from {effect.target} before {consumer.id}"

    def fellows(self, state: Release) -> list[Release]:
        group = group_of(state)
        return [each for each in self.line.states.values() if group and group_of(each) == group and each is not state]

    def providers(self, state: Release) -> list[Release]:
        return [each for each in self.fellows(state) if depends(state, each)]

    def consumers(self, state: Release) -> list[Release]:
        found = [each for each in self.fellows(state) if depends(each, state)]
        return [each for each in found if not each.replaced]

    # What happens

    @precondition(lambda self: len(self.open_releases()) < 8)
    @rule(
        names=st.sets(st.sampled_from(list(AFTER)), min_size=1),
        bad=st.sampled_from(["", "", *AFTER]),
        fix=st.booleans(),
        order=st.sampled_from([AFTER, AFTER, TURNED]),
    )
    def a_group_is_merged(
        self, names: set[str], bad: str, fix: bool, order: Mapping[str, tuple[str, ...]] = AFTER
    ) -> None:
        """Each member's commit contains its newest one, and may take back whatever harms before it."""
        self.commits += 1
        number = str(self.commits)
        members = {name: tuple(each for each in others if each in names) for name, others in order.items()}
        group = {name: others for name, others in members.items() if name in names}
        on = {name: [self.newest[name]] for name in group}
        fixes = {name: self.line.history[self.newest[name]] if fix else () for name in group}
        for release in self.line.open_group(number, group, on=on, fixes=fixes):
            state = self.line.states[release]
            name, commit = state.pipeline.application, state.opened.commit
            self.newest[name] = commit
            if name == bad:
                self.line.bad.add(commit)

    @precondition(lambda self: any(not each.rollback for each in self.open_releases()))
    @rule(oldest=st.booleans())
    def a_person_sends_one_back(self, oldest: bool) -> None:
        """The others follow by themselves; what is bound to end as one of them has, can only end so."""
        going = [each for each in self.open_releases() if not each.rollback and not self.bound(each)]
        if going:
            self.line.abort(going[0 if oldest else -1].id)

    def bound(self, state: Release) -> bool:
        return any(each.binds for each in self.fellows(state))

    @rule(application=st.sampled_from(list(AFTER)))
    def a_person_takes_back_what_had_stayed(self, application: str) -> None:
        """All members at once, each the newest of its application, with nothing that went back under it."""
        own = [each for each in self.line.states.values() if each.pipeline.application == application]
        stayed = [each for each in own if each.outcome is Outcome.SUCCEEDED and each is not own[0]]
        if not stayed:
            return
        together = [stayed[-1], *self.fellows(stayed[-1])]
        if all(self.may_be_taken_back(each) for each in together):
            for each in together:
                self.line.abort(each.id)

    def may_be_taken_back(self, state: Release) -> bool:
        name = state.pipeline.application
        own = [each for each in self.line.states.values() if each.pipeline.application == name]
        counting = [each for each in own if each.outcome is Outcome.SUCCEEDED or not (each.ended or each.rollback)]
        buried = {each.overtaken for other in own for each in other.deployments.values()}
        return counting[-1] is state and state.outcome is Outcome.SUCCEEDED and state.id not in buried

    # What must hold of every state

    @invariant()
    def none_has_stayed_where_another_went_back(self) -> None:
        for state in self.line.states.values():
            if state.outcome is Outcome.SUCCEEDED:
                assert not any(each.rollback for each in self.fellows(state)), f"{state.id} stayed alone"

    def lift_holds(self) -> None:
        """What blockers tell a person to do is done, too."""
        super().lift_holds()
        for state in self.open_releases():
            for blocker in self.line.decision(state.id).blockers:
                if told := re.search("`shoreward skip [0-9]+/(.+)`", blocker.what):
                    self.line.skip(state.id, told[1])

    def teardown(self) -> None:
        super().teardown()
        self.check_what_is_left("api")


TestGroups = Groups.TestCase
TestGroups.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
