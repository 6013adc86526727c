"""The audit tells a step that was begun before a rollback, and arrived after it, from one that was begun after it."""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.cloud import Call
from shoreward.core import events as e
from shoreward.domain import Revision, Snapshot, Staged, StagedFunction
from shoreward.testing.builders import a_pipeline, an_opening

from .support.audit import Audit
from .support.diary import Entry

PLACE = "111111111111/eu-north-1"
TARGET = f"{PLACE}/app"
GREET = StagedFunction(logical_id="Greet", name="harbor-greet", alias="live", baseline="1", candidate="2")
EVENTS = (
    an_opening(pipeline=a_pipeline([["eu-north-1"]]), at=0.0),
    e.RevisionBuilt(at=1.0, revision=Revision(digest="r", commit="new", template="t", functions=(), artifacts=())),
    e.WaveEntered(at=1.0, wave=0),
    e.TargetInspected(at=2.0, target=TARGET, snapshot=Snapshot(exists=True)),
    e.TargetStaged(at=3.0, target=TARGET, staged=Staged(functions=(GREET,), changes=())),
    e.TargetProbed(at=4.0, target=TARGET),
    e.RollbackBegan(at=10.0, cause="judged", reason="it harms"),
)


def moved(at: float, weights: dict[str, float]) -> Call:
    """An alias was told to stay at version 1 with some weights."""
    parameters = {
        "FunctionName": "harbor-greet",
        "FunctionVersion": "1",
        "RoutingConfig": {"AdditionalVersionWeights": weights},
    }
    return Call(
        seq=int(at * 1000),
        at=at,
        ms=1.0,
        account="111111111111",
        region="eu-north-1",
        service="lambda",
        operation="UpdateAlias",
        parameters=parameters,
        status=200,
        fault="",
        effective=True,
    )


def begun(at: float, effect: str) -> Entry:
    return Entry(at, "app-1", f"{effect}/{TARGET}" + ("/0" if effect == "shift" else ""), effect == "shift")


def settled(at: float) -> Entry:
    """A controller was about to write the rollback down."""
    return Entry(at, "app-1", "", False)


def findings(calls: Sequence[Call], diary: Sequence[Entry]) -> list[str]:
    return Audit("app-1", EVENTS, calls, diary).findings()


BACK = moved(10.1, {})


def test_a_step_that_was_begun_before_and_arrived_after_is_no_finding_when_it_was_taken_back():
    calls = [moved(10.004, {"2": 0.5}), BACK]
    diary = [begun(9.9, "shift"), settled(10.002), begun(10.05, "restore-traffic")]
    assert findings(calls, diary) == []
    assert len(Audit("app-1", EVENTS, calls, diary).late()) == 1


def test_one_that_was_never_taken_back_is_a_finding():
    (found,) = findings([moved(10.004, {"2": 0.5})], [begun(9.9, "shift"), settled(10.002)])
    assert found.endswith("was never taken back")


def test_a_step_that_was_begun_after_the_rollback_is_a_finding():
    diary = [settled(10.002), begun(10.003, "shift"), begun(10.05, "restore-traffic")]
    (found,) = findings([moved(10.004, {"2": 0.5}), BACK], diary)
    assert found == f"shift/{TARGET}/0 was begun 0.001 s after the rollback"


def test_a_move_that_no_controller_has_begun_is_a_finding():
    (found,) = findings([moved(10.004, {"2": 0.5}), BACK], [settled(10.002)])
    assert found.endswith("by no shift that was under way")


def test_a_move_that_arrives_after_traffic_was_restored_is_a_finding():
    diary = [begun(9.9, "shift"), settled(10.002), begun(10.05, "restore-traffic")]
    (found,) = findings([BACK, moved(10.2, {"2": 0.5}), moved(10.3, {})], diary)
    assert found.endswith("by no shift that was under way")
