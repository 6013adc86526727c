"""A change that cannot be taken back is found in the sandbox, at the station where it breaks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from shoreward.app.checking import Report, Running
from shoreward.app.checking.reversibility import Change, Sandbox, Station, reversal
from shoreward.app.ports import StackManager
from shoreward.domain import Finding, Pipeline, Place, Revision, Severity, Staged, Target, Terminal
from shoreward.testing.builders import a_pipeline, a_target
from shoreward.testing.simulated import SimulatedCloud

TEST = Place(file="tests/integration/test_beach.py", line=30)
CODE = Place(file="functions/castles/castles.py", line=12)
Broken = Callable[[str, dict[str, float], set[str]], bool]


class Sandboxed:
    """A sandbox whose suites see what serves, and remember what code wrote data."""

    def __init__(self, broken: Broken = lambda *_: False) -> None:
        self.cloud = SimulatedCloud()
        self.target = a_target(stack="app-sandbox")
        self.pipeline = a_pipeline()
        self.seen: list[tuple[str, dict[str, float]]] = []
        self.stations: list[str] = []
        self._wrote: set[str] = set()
        self._broken = broken

    def suites(self, commit: str) -> Report:
        serving = dict(self.cloud.target(self.target).serving())
        self.seen.append((commit, serving))
        wrong = self._broken(commit, serving, set(self._wrote))
        self._wrote |= set(serving)
        finding = Finding(
            rule="test-failed", severity=Severity.HIGH, what="KeyError: 'owner'", subject="test_castle", where=TEST
        )
        note = Finding(rule="slow", severity=Severity.NOTE, what="It took a while.")
        return Report(findings=(note, finding) if wrong else (note,))

    def go(self, where: Place | None = CODE) -> Report:
        world = self.cloud.world()
        change = Change(
            old=self.cloud.build(self.pipeline, "old"), new=self.cloud.build(self.pipeline, "new"), where=where
        )
        sandbox = Sandbox(pipeline=self.pipeline, target=self.target, stacks=world.stacks, traffic=world.traffic)
        return reversal(sandbox, change, self.suites, Running(say=self.stations.append))


def test_a_change_goes_all_the_way_there_and_back_and_every_station_is_tried():
    sandboxed = Sandboxed()
    report = sandboxed.go()
    assert report.findings == ()
    assert sandboxed.stations == list(Station)
    assert sandboxed.seen == [
        ("old", {"old": 1.0}),
        ("old", {"old": 0.5, "new": 0.5}),
        ("new", {"new": 1.0}),
        ("old", {"old": 0.5, "new": 0.5}),
        ("old", {"old": 1.0}),
    ]


def test_a_sandbox_that_has_something_else_begins_with_the_old_revision_all_the_same():
    sandboxed = Sandboxed()
    sandboxed.go()
    state = sandboxed.cloud.target(sandboxed.target)
    state.versions.append("something else")
    state.applied, state.alias = "something else", len(state.versions)
    sandboxed.seen.clear()
    assert sandboxed.go().findings == ()
    assert sandboxed.seen[0] == ("old", {"old": 1.0})


def wrote_a_new_form(commit: str, serving: dict[str, float], wrote: set[str]) -> bool:
    return serving == {"old": 1.0} and "new" in wrote


def does_not_get_along(commit: str, serving: dict[str, float], wrote: set[str]) -> bool:
    return len(serving) == 2


def is_wrong(commit: str, serving: dict[str, float], wrote: set[str]) -> bool:
    return serving == {"new": 1.0}


@pytest.mark.parametrize(
    ("broken", "station", "tried"),
    [(wrote_a_new_form, Station.OLD_AGAIN, 5), (does_not_get_along, Station.MIXED, 2)],
)
def test_what_cannot_go_back_is_told_with_the_code_that_changed_and_the_way_out(
    broken: Broken, station: Station, tried: int
):
    sandboxed = Sandboxed(broken)
    [finding] = sandboxed.go().findings
    assert (finding.rule, finding.severity, finding.where) == ("IRREVERSIBLE", Severity.HIGH, CODE)
    assert "test_castle fails" in finding.what
    assert "(prepare)" in finding.fix
    assert dict(finding.details)["station"] == station
    assert dict(finding.details)["seen_at"] == str(TEST)
    assert len(sandboxed.seen) == tried


def test_new_code_that_is_plainly_wrong_is_told_as_its_own_suite_tells_it():
    [finding] = Sandboxed(is_wrong).go().findings
    assert (finding.rule, finding.where) == ("test-failed", TEST)


def test_without_code_to_point_at_the_test_is_pointed_at():
    [finding] = Sandboxed(wrote_a_new_form).go(where=None).findings
    assert finding.where == TEST


def test_nobody_can_tell_when_what_is_live_fails_already():
    sandboxed = Sandboxed(lambda commit, serving, wrote: not wrote)
    with pytest.raises(Terminal) as caught:
        sandboxed.go()
    assert caught.value.code == "REVERSIBILITY_UNKNOWN"
    assert len(sandboxed.seen) == 1


def by_chance(station: Station, certain: bool = False) -> Sandboxed:
    """A sandbox in which a test is flaky at a station, and fails for certain at the last one, if it does."""
    sandboxed = Sandboxed()
    tell = sandboxed.suites

    def suites(commit: str) -> Report:
        tell(commit)
        here = sandboxed.stations[-1]
        found = Finding(rule="test-flaky", severity=Severity.MEDIUM, what="now and then", subject="test_castle")
        if here == Station.OLD_AGAIN and certain:
            return Report(findings=(replace(found, rule="test-failed", severity=Severity.HIGH),))
        return Report(findings=(found,) if here == station else ())

    sandboxed.suites = suites  # type: ignore[method-assign]
    return sandboxed


@pytest.mark.parametrize("station", list(Station))
def test_what_passes_when_it_is_asked_again_is_told_as_flaky_and_the_walk_goes_on(station: Station):
    sandboxed = by_chance(station)
    [finding] = sandboxed.go().findings
    assert (finding.rule, finding.severity, finding.what) == ("test-flaky", Severity.MEDIUM, "now and then")
    assert dict(finding.details)["station"] == station
    assert sandboxed.stations == list(Station)


def test_what_seemed_to_be_chance_is_told_once_when_it_fails_for_certain_later():
    [finding] = by_chance(Station.MIXED_BACK, certain=True).go().findings
    assert (finding.rule, dict(finding.details)["station"]) == ("IRREVERSIBLE", Station.OLD_AGAIN)


def test_the_old_revision_has_its_own_parameters_again_before_the_walk_begins():
    sandboxed = Sandboxed()
    world, applied = sandboxed.cloud.world(), list[tuple[str, str]]()

    class Watched:
        """A manager of stacks that remembers with which parameters a revision was staged."""

        def __getattr__(self, name: str) -> object:
            return getattr(world.stacks, name)

        def stage(self, pipeline: Pipeline, target: Target, revision: Revision, *more: Any) -> Staged:
            applied.append((revision.commit, dict(target.parameters)["Stage"]))
            return world.stacks.stage(pipeline, target, revision, *more)

    reversal(
        Sandbox(
            pipeline=sandboxed.pipeline,
            target=replace(sandboxed.target, parameters=(("Stage", "new"),)),
            before=replace(sandboxed.target, parameters=(("Stage", "old"),)),
            stacks=cast("StackManager", Watched()),
            traffic=world.traffic,
        ),
        Change(
            old=sandboxed.cloud.build(sandboxed.pipeline, "old"), new=sandboxed.cloud.build(sandboxed.pipeline, "new")
        ),
        sandboxed.suites,
        Running(),
    )
    assert applied == [("old", "old"), ("new", "new")]
