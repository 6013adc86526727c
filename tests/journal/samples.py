"""Events for tests of journals: one of each, and any of each."""

from __future__ import annotations

import builtins
import dataclasses
import types
import typing
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from shoreward.core import Event
from shoreward.core import control as c
from shoreward.core import events as e
from shoreward.core.control import Order
from shoreward.domain import (
    Advisories,
    Artifact,
    Bake,
    Blamed,
    Change,
    Checked,
    CheckResult,
    Checks,
    Difference,
    Evidence,
    Finding,
    Judgement,
    JudgePolicy,
    LambdaFunction,
    Outcome,
    Pipeline,
    Place,
    PolicySource,
    Probe,
    Revision,
    SandboxPlan,
    ServingFunction,
    Severity,
    Snapshot,
    Staged,
    StagedFunction,
    Suite,
    Suspicion,
    Target,
    Verdict,
    Waiver,
    Wave,
)

KINDS: tuple[type[Event], ...] = typing.get_args(Event)

TARGET = "111111111111/eu-north-1/app"


def any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Events of a kind with whatever their types allow, in every field."""
    return _any_value(kind)


def _any_value(hint: Any) -> st.SearchStrategy[Any]:
    parts = typing.get_args(hint)
    match typing.get_origin(hint):
        case None if dataclasses.is_dataclass(hint):
            hints = typing.get_type_hints(hint)
            fields = {field.name: _any_value(hints[field.name]) for field in dataclasses.fields(hint)}
            return st.builds(hint, **fields)
        case None if hint is float:
            return st.floats(allow_nan=False, allow_infinity=False)
        case builtins.tuple if parts[-1] is Ellipsis:
            return st.lists(_any_value(parts[0]), max_size=2).map(tuple)
        case builtins.tuple:
            return st.tuples(*map(_any_value, parts))
        case types.UnionType | typing.Union:
            return st.one_of(*map(_any_value, parts))
        case _:
            return st.from_type(hint)


def said(text: str, at: float = 1_700_000_001.0) -> e.HoldPlaced:
    """An event that says something."""
    return e.HoldPlaced(at=at, by="kim", why=text)


OPENING = e.ReleaseOpened(
    at=1_700_000_000.0,
    commit="new",
    subject="Tides at half past",
    by="kim",
    before="old",
    pipeline=Pipeline(
        application="app",
        template="template.yaml",
        waves=(
            Wave(
                name="first",
                targets=(
                    Target(
                        account="111111111111",
                        region="eu-north-1",
                        stack="app",
                        role="arn:aws:iam::111111111111:role/shore",
                        parameters=(("Stage", "prod"),),
                    ),
                ),
                steps=(12.5, 50.0),
                bake=Bake(minimum=60.0, requests=100, deadline=3600.0, on_deadline="rollback"),
                soak=30.0,
            ),
        ),
        judge=JudgePolicy(
            alpha=0.01,
            beta=0.05,
            rollback_ratio=1.1,
            rollback_points=0.0,
            promote_ratio=1.5,
            promote_points=0.0005,
            interval=60,
            delay=120.0,
            dispersion=2.0,
            first_deployment_ceiling=0.05,
        ),
        alarms=("high-errors",),
        probes=(Probe(function="Tides", payload="{}", expect='{"ok": true}'),),
        artifacts="shore-{account}-{region}",
        allow_replacement=("Table",),
    ),
)
"""Written out, because a journal of old must not change with the defaults of today."""

FIRST_KINDS: tuple[Event, ...] = (
    OPENING,
    e.RevisionBuilt(
        at=1_700_000_001.25,
        revision=Revision(
            digest="d" * 64,
            commit="new",
            template="t" * 64,
            functions=(LambdaFunction(logical_id="Tides", alias="live", alias_id="TidesAlias", version_id="TidesV1"),),
            artifacts=(Artifact(digest="a" * 64, size=1024, used_by=("Tides",)),),
        ),
    ),
    e.WaveEntered(at=1_700_000_002.0, wave=0),
    e.TargetInspected(
        at=1_700_000_003.0,
        target=TARGET,
        snapshot=Snapshot(
            exists=True,
            template="o" * 64,
            parameters=(("Stage", "prod"),),
            tags=(("team", "shore"),),
            functions=(ServingFunction(logical_id="Tides", name="app-Tides", alias="live", version="7", code="q83v"),),
        ),
    ),
    e.TargetStaged(
        at=1_700_000_004.0,
        target=TARGET,
        staged=Staged(
            functions=(
                StagedFunction(logical_id="Tides", name="app-Tides", alias="live", baseline="7", candidate="8"),
                StagedFunction(logical_id="Waves", name="app-Waves", alias="live", baseline=None, candidate="1"),
            ),
            changes=(Change(action="Modify", logical_id="Tides", type="AWS::Lambda::Function"),),
        ),
    ),
    e.TargetProbed(at=1_700_000_005.0, target=TARGET),
    e.ProbeFailed(at=1_700_000_006.0, target=TARGET, reason="it answered 'café ☕', not 200"),
    e.TrafficShifted(at=1_700_000_007.1, target=TARGET, step=0, percent=12.5, since=1_700_000_007.0),
    e.TargetJudged(
        at=1_700_000_130.0,
        target=TARGET,
        judgement=Judgement(
            verdict=Verdict.NOT_ENOUGH_EVIDENCE,
            until=1_700_000_120.0,
            reason="12 of 100 requests",
            evidence=(
                Evidence(
                    function="*",
                    metric="errors",
                    verdict=Verdict.NOT_ENOUGH_EVIDENCE,
                    canary_requests=12,
                    canary_bad=1,
                    baseline_requests=340,
                    baseline_bad=2,
                    e_rollback=0.1,
                    e_promote=-1e-300,
                    bar_rollback=5.298317366548036,
                    bar_promote=2.995732273553991,
                    needed=88,
                ),
            ),
            alarms=("high-errors",),
        ),
    ),
    e.TargetFinished(at=1_700_000_140.0, target=TARGET),
    e.WaveBaked(at=1_700_000_141.0, wave=0),
    e.EffectFailed(
        at=1_700_000_142.0,
        effect=f"stage/{TARGET}",
        target=TARGET,
        code="THROTTLED",
        what="Too many requests.",
        next="",
        retryable=True,
    ),
    e.HoldPlaced(at=1_700_000_143.0, by="kim", why="lunch"),
    e.HoldLifted(at=1_700_000_144.0, by="kim", why="back"),
    e.RollbackBegan(at=1_700_000_145.0, cause="judged", reason="errors", target=TARGET),
    e.TrafficRestored(at=1_700_000_146.0, target=TARGET),
    e.StackRestored(at=1_700_000_147.0, target=TARGET),
    e.ReleaseEnded(at=1_700_000_148.0, outcome=Outcome.ROLLED_BACK),
)
"""What the first version wrote."""

CHECKS = Checks(
    block=Severity.HIGH,
    skip=("dynamic",),
    suites=(
        Suite(
            name="castles",
            kind="unit",
            command="pytest tests/unit",
            folder="",
            inputs=("functions/**",),
            environment=("TIDES",),
            tools=("node",),
            requirements=("tests/requirements.txt",),
            report="report.xml",
            timeout=300.0,
            repeat=2,
            where=Place(file="shoreward.yaml", line=31, column=7),
        ),
    ),
    discover=False,
    sandbox=SandboxPlan(
        target=Target(account="222222222222", region="eu-north-1", stack="sandbox"),
        lease=7_200.0,
        seed="make seed",
        where=Place(file="shoreward.yaml", line=40),
    ),
    policies=(PolicySource(path="rules", repository="https://example.org/rules.git", ref="v1"),),
    advisories=Advisories(source="https://osv.example.org", max_age=86_400.0, poll=900.0, on_new="rollback"),
    waivers=(
        Waiver(rule="GHSA-0000-0000-0000", subject="*", reason="not reachable", owner="kim", expires="2027-01-31"),
    ),
    cache="s3://team/checks",
)
"""Written out, like the pipeline."""

ADVISORY = Finding(
    check="vulnerabilities",
    rule="GHSA-652x-xj99-gmcc",
    severity=Severity.HIGH,
    what="Credentials leak to another host.",
    why="Whoever runs that host can use them.",
    fix="Take 2.32.0.",
    where=Place(file="functions/castles/requirements.txt", line=3),
    subject="requests 2.31.0",
    details=(("fixed", "2.32.0"), ("function", "Tides")),
    waived=CHECKS.waivers[0],
)

SECOND_KINDS: tuple[Event, ...] = (
    dataclasses.replace(OPENING, pipeline=dataclasses.replace(OPENING.pipeline, checks=CHECKS)),
    e.RevisionChecked(
        at=1_700_000_001.5,
        checked=Checked(
            revision="d" * 64,
            verdict=Verdict.FAIL,
            at=1_700_000_001.5,
            seconds=12.25,
            results=(
                CheckResult(
                    name="vulnerabilities",
                    verdict=Verdict.FAIL,
                    summary="1 advisory on 42 packages",
                    seconds=0.5,
                    at=1_699_999_000.0,
                    kept=True,
                ),
                CheckResult(name="dynamic", verdict=Verdict.NO_DATA, summary="left out", skipped=True),
            ),
            report="e" * 64,
            blocking=(ADVISORY,),
            blocked=21,
            manifest="f" * 64,
        ),
    ),
    e.AdvisoriesReviewed(at=1_700_000_901.5, findings=(ADVISORY,)),
    e.HoldPlaced(
        at=1_700_000_901.6,
        by="shoreward",
        why="new advisory",
        advisories=("GHSA-652x-xj99-gmcc requests 2.31.0",),
    ),
    e.RollbackBegan(at=1_700_000_902.0, cause="advisory", reason="new advisory"),
    e.ReleaseEnded(at=1_700_000_903.0, outcome=Outcome.FAILED),
)
"""What came with checks: new events, and new words in old ones."""

DRIFT = Difference(resource="Tides", path="Timeout", expected="3", actual="30")

BLAMED = Blamed(
    suspects=(Suspicion(commit="c0ffee", subject="Tides", author="kim", share=0.6, reasons=("it changed Tides",)),),
    culprit="c0ffee",
    branch="shoreward/revert-c0ffee",
    pushed=True,
    why="nothing was left out",
)

THIRD_KINDS: tuple[Event, ...] = (
    replace(OPENING, at=1_700_000_999.0, before="c0ffee", back_to="app-1"),
    e.GateAsked(
        at=1_700_001_000.0, gate="quiet", wave="one", target="", answer="closed", why="alarm beach-5xx is firing"
    ),
    e.GateOpened(at=1_700_001_001.0, gate="release manager", wave="one", by="kim", why="looked at it"),
    e.TargetEntered(at=1_700_001_002.0, target=TARGET),
    e.HoldPlaced(at=1_700_001_003.0, by="kim", why="lunch", target=TARGET),
    e.HoldLifted(at=1_700_001_004.0, by="kim", why="back", target=TARGET),
    e.HoldPlaced(at=1_700_001_005.0, by="kim", why="lunch", wave="one"),
    e.TargetRetried(at=1_700_001_006.0, target=TARGET, by="kim", why="the role is back"),
    e.TargetSkipped(at=1_700_001_007.0, target=TARGET, by="kim", why="the region is away"),
    e.RollbackBegan(at=1_700_001_008.0, cause="quarantine", reason="app-1 was rolled back"),
    e.TargetOvertaken(at=1_700_001_009.0, target=TARGET, release="app-3"),
    e.EffectFailed(
        at=1_700_001_009.1,
        effect=f"inspect/{TARGET}",
        target=TARGET,
        code="TARGET_DRIFTED",
        what="Somebody changed it by hand.",
        next="Change it back.",
        retryable=False,
        drift=(DRIFT,),
    ),
    e.HoldPlaced(at=1_700_001_009.2, by="shoreward", why="changed by hand", target=TARGET, drift=(DRIFT.key,)),
    e.TrafficRestored(at=1_700_001_009.3, target=TARGET, found=(DRIFT,)),
    e.StackRestored(at=1_700_001_009.4, target=TARGET, found=(DRIFT,)),
    e.ReleaseEnded(at=1_700_001_010.0, outcome=Outcome.SUPERSEDED),
)
"""What was added with several releases under way, gates and levers."""

FOURTH_KINDS: tuple[Event, ...] = (
    e.RollbackBegan(at=1_700_001_010.0, cause="in the way", reason="app-1 goes back beneath it"),
    e.CommitsBlamed(at=1_700_001_011.0, blamed=BLAMED),
)
"""What was added with inquests."""


def _first_of_each(events: Iterable[Event]) -> tuple[Event, ...]:
    found: dict[type[Event], Event] = {}
    for event in events:
        found.setdefault(type(event), event)
    return tuple(found.values())


ONE_OF_EACH = _first_of_each((*FIRST_KINDS, *SECOND_KINDS, *THIRD_KINDS, *FOURTH_KINDS))

ORDERS: tuple[Order, ...] = (
    c.StopPlaced(at=1_700_000_001.0, by="kim", why="fire"),
    c.StopLifted(at=1_700_000_002.0, by="kim", why="out"),
    c.StopPlaced(at=1_700_000_003.0, by="kim", why="odd", application="app"),
    c.FreezePlaced(at=1_700_000_004.0, by="kim", why="feast", name="year's end", start=1.7e9, end=1.8e9),
    c.FreezeLifted(at=1_700_000_005.0, by="kim", why="no feast", name="year's end"),
    c.VariableSet(at=1_700_000_006.0, by="kim", why="ready", name="stall", value="open"),
    c.CulpritNamed(at=1_700_000_007.0, by="kim", why="I saw it", release="app-1", commit="c0ffee"),
    c.CommitPassedOver(at=1_700_000_009.0, by="shoreward", why="the same", application="app", commit="c0", subject="s"),
    c.QuarantineLifted(at=1_700_000_008.0, by="kim", why="mended", release="app-1", commit="c0ffef"),
)
"""Every kind of word about more than one release."""
