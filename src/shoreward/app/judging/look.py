"""The look: alarms first, then the arms beside each other, then one verdict of all."""

from __future__ import annotations

from dataclasses import replace

from shoreward.app.certifying import certified
from shoreward.app.judging.arms import counts_of, names_of
from shoreward.app.judging.beside import Beside, look_after, look_beside
from shoreward.app.judging.budget import tests_for
from shoreward.app.judging.errors import ceiling_evidence, error_evidence, silence
from shoreward.app.judging.latency import as_fast, latency_evidence
from shoreward.app.judging.served import look_served
from shoreward.app.judging.window import Window, since, window_of
from shoreward.app.words.wording import (
    certified_words,
    failure_words,
    missing_words,
    pass_words,
    served_words,
    slow_words,
    uncertified_words,
    unproven_words,
    without_arms_words,
)
from shoreward.app.world import World
from shoreward.core import Deployment, Phase, Release
from shoreward.domain import Evidence, Judgement, Verdict
from shoreward.judge import Counts

_PATIENCE = 30.0
"""Seconds that a look may be late before synthetic requests cease."""


def look(world: World, state: Release, deployment: Deployment) -> Judgement:
    """Judge a target as far as its metrics have arrived; alarms decide at once, whatever the metrics say."""
    now = world.clock.now()
    names = state.pipeline.alarms
    firing = world.alarms.firing(deployment.target, names) if names else ()
    if firing:
        return Judgement(verdict=Verdict.FAIL, until=now, alarms=firing, reason=f"alarm {', '.join(firing)} is firing")
    window = window_of(state, deployment, now)
    if deployment.phase is not Phase.BAKING:
        return _after(world, state, deployment, window, now)
    _keep_asking(world, state, deployment)
    if window.end <= window.start:
        return Judgement(verdict=Verdict.NO_DATA, until=window.end, reason="no metrics have arrived yet")
    if deployment.splits:
        return _compare(world, state, deployment, window)
    if state.pipeline.configuration is not None:
        return _at_once(world, state, deployment, window)
    return _without_baseline(world, state, deployment, window)


def _after(world: World, state: Release, deployment: Deployment, window: Window, now: float) -> Judgement:
    """All traffic has moved: no arm is left to compare with, but what both revisions share goes on being watched."""
    beside = look_after(world, state, deployment, window)
    if failed := _failed(window, beside.evidence):
        return failed
    told = [
        "no alarm is firing" if state.pipeline.alarms else "",
        without_arms_words(beside.evidence) if beside.evidence else "",
        beside.unseen,
    ]
    reason = "; ".join(each for each in told if each) or "nothing is left to compare with"
    return Judgement(verdict=Verdict.PASS, until=now, reason=reason, evidence=beside.evidence)


def _keep_asking(world: World, state: Release, deployment: Deployment) -> None:
    """Probes go on until some time after the next look: when there is none any more, they end by themselves."""
    assert deployment.staged is not None
    lasting = 2 * state.pipeline.judge.interval + _PATIENCE
    world.synthetics.keep_up(deployment.target, deployment.staged.functions, state.pipeline.probes, lasting)


def _compare(world: World, state: Release, deployment: Deployment, window: Window) -> Judgement:
    """Canary against concurrent baseline: every function for harm, all together for promotion."""
    assert deployment.staged is not None
    functions = deployment.staged.shifting
    counts = counts_of(world.metrics, deployment.target, functions, window)
    rollback, promotion = tests_for(state, deployment, counts.streams)
    names = names_of(functions)
    evidence = (
        *error_evidence(counts, names, rollback, promotion),
        *latency_evidence(world.metrics, state, deployment, counts, window),
        *silence(counts, names, deployment.percent / 100, window.step, rollback),
        *ceiling_evidence(world, state, deployment, window),
    )
    if failed := _failed(window, evidence):
        return failed
    beside = look_beside(world, state, deployment, window)
    evidence = (*evidence, *beside.evidence)
    joined = _failed(window, evidence) or _join(state, deployment, window, counts, evidence, beside)
    return replace(joined, reason=f"{joined.reason}; {beside.unseen}") if beside.unseen else joined


def _failed(window: Window, evidence: tuple[Evidence, ...]) -> Judgement | None:
    """Any failure fails, and nothing else needs to be asked then."""
    failed = [each for each in evidence if each.verdict is Verdict.FAIL]
    if not failed:
        return None
    return Judgement(verdict=Verdict.FAIL, until=window.end, reason=failure_words(failed), evidence=evidence)


def _join(
    state: Release,
    deployment: Deployment,
    window: Window,
    counts: Counts,
    evidence: tuple[Evidence, ...],
    beside: Beside,
) -> Judgement:
    """One verdict of all that did not fail: a pass takes the margins, now, and the step's minimum of requests."""
    bake = state.wave_of(deployment).bake
    together = evidence[0]
    requests = round(since(counts, window.step).canary_requests[0].sum())
    harmless = together.e_promote >= together.bar_promote and requests >= bake.requests
    enough = harmless and as_fast(evidence) and not beside.unproven
    if together.verdict is Verdict.NO_DATA:
        reason = missing_words(together, requests, bake)
        return Judgement(verdict=Verdict.NO_DATA, until=window.end, reason=reason, evidence=evidence)
    if state.wave_of(deployment).ramp:
        return _climb(state, deployment, window, counts, evidence, enough)
    if enough:
        verdict, reason = Verdict.PASS, pass_words(together, state.pipeline.judge)
    else:
        verdict, reason = Verdict.NOT_ENOUGH_EVIDENCE, missing_words(together, requests, bake)
        if harmless:
            reason = unproven_words(beside.unproven, evidence) if as_fast(evidence) else slow_words(evidence)
    return Judgement(verdict=verdict, until=window.end, reason=reason, evidence=evidence)


def _climb(
    state: Release,
    deployment: Deployment,
    window: Window,
    counts: Counts,
    evidence: tuple[Evidence, ...],
    enough: bool,
) -> Judgement:
    """On a certified ramp a pass says how far up: all traffic takes the promotion margin and the requests as well."""
    wave, policy = state.wave_of(deployment), state.pipeline.judge
    cleared = certified(since(counts, window.step), wave, deployment.target, policy, deployment.percent)
    reason = uncertified_words(evidence[0], deployment.percent)
    if cleared >= 100 and not enough:
        requests = round(since(counts, window.step).canary_requests[0].sum())
        reason = missing_words(evidence[0], requests, wave.bake)
        cleared = wave.steps[-1] if wave.steps[-1] > deployment.percent else 0.0
    verdict = Verdict.NOT_ENOUGH_EVIDENCE
    if cleared:
        verdict, reason = Verdict.PASS, certified_words(evidence[0], cleared)
    return Judgement(verdict=verdict, until=window.end, reason=reason, evidence=evidence, cleared=cleared)


def _without_baseline(world: World, state: Release, deployment: Deployment, window: Window) -> Judgement:
    """Nothing to compare with: what is new here stays below a ceiling; probes and alarms did the rest."""
    evidence = ceiling_evidence(world, state, deployment, window)
    if failed := _failed(window, evidence):
        return failed
    reason = "no function changed here: judged by alarms alone, which is weak"
    if evidence:
        reason = "first deployment: probes answered, and errors are not above the ceiling"
    beside = look_beside(world, state, deployment, window)
    if beside.evidence:
        reason = f"{reason.partition(': judged by alarms alone')[0]}; {without_arms_words(beside.evidence)}"
        evidence = (*evidence, *beside.evidence)
    if beside.unseen:
        reason = f"{reason}; {beside.unseen}"
    return _failed(window, evidence) or Judgement(
        verdict=Verdict.PASS, until=window.end, reason=reason, evidence=evidence
    )


def _at_once(world: World, state: Release, deployment: Deployment, window: Window) -> Judgement:
    """Values that every customer of the target met at once: no harm, and enough of them came."""
    seen = look_served(world, state, deployment, window)
    if failed := _failed(window, seen.evidence):
        return failed
    wanted = state.wave_of(deployment).bake.requests
    verdict = seen.together.verdict if seen.together else Verdict.PASS
    if seen.requests is not None and seen.requests < wanted:
        verdict = Verdict.NOT_ENOUGH_EVIDENCE if seen.requests else Verdict.NO_DATA
    reason = served_words(seen.evidence, seen.together, seen.requests, wanted, alone=seen.alone)
    return Judgement(verdict=verdict, until=window.end, reason=reason, evidence=seen.evidence)
