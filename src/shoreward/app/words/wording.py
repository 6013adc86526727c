"""Verdicts in words: what a person reads in `why`, on the page and in a message."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shoreward.core import Release
from shoreward.domain import Bake, Blamed, Checked, Evidence, Finding, JudgePolicy, Metric, Verdict


def rate(bad: int, requests: int) -> str:
    """`14 of 240 (5.8 %)`."""
    if not requests:
        return "no requests"
    return f"{bad:,} of {requests:,} ({percent(bad / requests)})"


def percent(share: float) -> str:
    """`0.34 %`, `5.8 %`, `58 %`: two digits that say something, and all of them at 100 %."""
    return f"{100 * share:.{2 if share < 0.1 else 3}g} %"


def odds(log_e: float) -> str:
    """Evidence as a factor: `x 2,400`; beyond a billion, its power of ten."""
    if log_e > math.log(1e9):
        return f"x 10^{log_e / math.log(10):.0f}"
    factor = float(f"{math.exp(max(log_e, -30)):.3g}")
    return f"x {factor:,.0f}" if factor >= 1_000 else f"x {factor:g}"


def counted(amount: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def blamed_words(blamed: Blamed) -> str:
    """Who did it, how that is known, and what takes it back."""
    found: list[str] = []
    if blamed.suspects:
        first = next((each for each in blamed.suspects if each.commit == blamed.culprit), blamed.suspects[0])
        how = "bisection found" if blamed.culprit else f"likeliest ({first.share:.0%} of all suspicion)"
        found.append(f"{how}: {first.commit[:10]} {first.subject} ({first.author})")
    if blamed.branch:
        where = "pushed as" if blamed.pushed else "on the branch"
        found.append(f"its revert is {where} {blamed.branch}")
    return "; ".join([*found, *([blamed.why] if blamed.why else [])]) or "nobody is to blame"


def subject(evidence: Evidence) -> str:
    """Which functions it is about."""
    return {"*": "all functions together", "": "the target"}.get(evidence.function, evidence.function)


def telling(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Evidence without what says the same again: all functions together are one function when only that was used."""

    def seen(each: Evidence) -> tuple[object, ...]:
        arms = (each.canary_requests, each.canary_bad, each.baseline_requests, each.baseline_bad)
        return each.metric, each.verdict is Verdict.FAIL, *arms

    functions = {seen(each) for each in evidence if each.function != "*"}
    return tuple(each for each in evidence if each.function != "*" or seen(each) not in functions)


def failure_words(failed: Sequence[Evidence]) -> str:
    """Why it failed, strongest evidence first."""
    ordered = sorted(telling(failed), key=lambda each: each.bar_rollback - each.e_rollback)
    return "; ".join(_failure(each) for each in ordered[:3])


def _failure(each: Evidence) -> str:
    weight = f"evidence {odds(each.e_rollback)}, needed {odds(each.bar_rollback)}"
    if each.metric == "requests":
        seen = f"{each.canary_requests:,} requests reached the canary while the baseline had {each.baseline_requests:,}"
        return f"{subject(each)}: only {seen} ({weight})"
    if each.metric == "latency":
        return f"{subject(each)}: {_slower(each)} ({weight})"
    if each.controls or each.canary_value is not None:
        canary, baseline = sides(each)
        return f"{subject(each)}: {each.metric} {canary}, {baseline} ({weight}{_strength(each)})"
    canary = rate(each.canary_bad, each.canary_requests)
    if not each.baseline_requests:
        of = " for a first deployment" if each.strength == "guaranteed" else ", with nothing to compare them with"
        return f"{subject(each)}: {each.metric} {canary}, above the ceiling{of} ({weight})"
    baseline = rate(each.baseline_bad, each.baseline_requests)
    return f"{subject(each)}: {each.metric} on the canary {canary}, on the baseline {baseline} ({weight})"


def sides(each: Evidence) -> tuple[str, str]:
    """`3.2 on the canary`, `1.1 on the baseline`; of what both revisions share, what stands in for the baseline."""
    here, there = ("here", f"in {each.controls}") if each.controls else ("on the canary", "on the baseline")
    if each.canary_value is not None or each.baseline_value is not None:
        values = ["nothing" if value is None else f"{value:.4g}" for value in (each.canary_value, each.baseline_value)]
        return f"{values[0]} {here}", f"{values[1]} {there}"
    counts = [
        rate(bad, requests) if requests else f"{bad:,}"
        for bad, requests in ((each.canary_bad, each.canary_requests), (each.baseline_bad, each.baseline_requests))
    ]
    return f"{counts[0]} {here}", f"{counts[1]} {there}"


def _strength(each: Evidence) -> str:
    """What is no guarantee is not told as if it were one."""
    return "" if each.strength == "guaranteed" else f", {each.strength}"


def _slower(each: Evidence) -> str:
    canary, baseline = (
        percent(bad / requests) if requests else "none"
        for bad, requests in ((each.canary_bad, each.canary_requests), (each.baseline_bad, each.baseline_requests))
    )
    more = "of the canary's requests are slower than the baseline's limit and a margin"
    return f"latency: {canary} {more}, {baseline} of the baseline's slower than the limit"


def slow_words(evidence: Sequence[Evidence]) -> str:
    """That only latency is missing."""
    shown = [each for each in evidence if each.metric == "latency"][:1]
    missing = "".join(f" (evidence {odds(each.e_promote)}, needed {odds(each.bar_promote)})" for each in shown)
    return f"the errors would pass, but it is not shown yet that the canary is as fast{missing}"


def unproven_words(metrics: Sequence[Metric], evidence: Sequence[Evidence]) -> str:
    """That only metrics of the team's own are missing."""
    return "; ".join(_unproven(metric, [each for each in evidence if each.metric == metric.name]) for metric in metrics)


def _unproven(metric: Metric, evidence: Sequence[Evidence]) -> str:
    behind = [each for each in evidence if each.e_promote < each.bar_promote]
    if not behind:
        return f"nobody has told any {metric.name} yet, which promotion needs"
    worst = min(behind, key=lambda each: each.e_promote)
    if metric.kind == "gauge" and worst.noise is None:
        return f"nobody knows how noisy {metric.name} of {subject(worst)} is: state its noise, or wait for its history"
    weight = f"evidence {odds(worst.e_promote)}, needed {odds(worst.bar_promote)}"
    return f"{metric.name} of {subject(worst)} is not shown yet to be within its margin ({weight})"


def without_arms_words(evidence: Sequence[Evidence]) -> str:
    """What was looked at where there are no arms to compare."""
    names = dict.fromkeys(each.metric for each in evidence)
    beside = dict.fromkeys(each.controls for each in evidence)
    weak = "" if all(each.strength != "weak" for each in evidence) else ", which is weak"
    return f"no harm to be seen in {', '.join(names)} beside {'; '.join(beside)}{weak}"


def served_words(
    evidence: Sequence[Evidence], together: Evidence | None, requests: int | None, wanted: int, *, alone: bool
) -> str:
    """What was seen of values that everybody met at once.

    Args:
        together: errors of all functions against the ceiling; None, as `requests`, where nobody's are looked at.
        wanted: requests that a pass takes.
        alone: whether errors of some function had nothing to be compared with.
    """
    if together is None or requests is None:
        return "nobody's requests are looked at: judged by alarms alone, which is weak"
    if requests == 0:
        return "no requests since the values were written"
    came = counted(requests, "request") + " since the values were written"
    if requests < wanted:
        return f"{came}, {wanted:,} are asked for"
    if not together.verdict.advances:
        seen, weight = rate(together.canary_bad, together.canary_requests), f"evidence {odds(together.e_promote)}"
        return f"errors {seen} are not shown to be below the ceiling ({weight}, needed {odds(together.bar_promote)})"
    compared = [each for each in evidence if each.controls]
    told = [without_arms_words(compared)] if compared else []
    told += ["errors are below the ceiling, with nothing to compare them with, which is weak"] if alone else []
    return "; ".join((*told, came))


def pass_words(each: Evidence, policy: JudgePolicy) -> str:
    """Why it may advance."""
    canary = rate(each.canary_bad, each.canary_requests)
    baseline = rate(each.baseline_bad, each.baseline_requests)
    margin = f"{policy.promote_ratio:g} x the baseline's rate + {100 * policy.promote_points:g} points"
    return f"errors on the canary {canary}, on the baseline {baseline}: less than {margin} (beta {policy.beta:g})"


def missing_words(each: Evidence, requests: int, bake: Bake) -> str:
    """What is still missing."""
    if not each.canary_requests or not each.baseline_requests:
        silent = " and ".join(
            arm for arm, seen in (("canary", each.canary_requests), ("baseline", each.baseline_requests)) if not seen
        )
        return f"no requests on the {silent} since the first shift"
    needed = max(bake.requests - requests, each.needed or 0)
    if each.needed is None:
        canary, baseline = rate(each.canary_bad, each.canary_requests), rate(each.baseline_bad, each.baseline_requests)
        return f"at these rates it would never pass: errors on the canary {canary}, on the baseline {baseline}"
    return f"about {needed:,} more canary requests are needed ({requests:,} in this step so far)"


def certified_words(each: Evidence, cleared: float) -> str:
    """How far up a certified ramp it may go."""
    canary = rate(each.canary_bad, each.canary_requests)
    baseline = rate(each.baseline_bad, each.baseline_requests)
    return f"errors on the canary {canary}, on the baseline {baseline}: certified for {cleared:g} % of the traffic"


def uncertified_words(each: Evidence, share: float) -> str:
    """Why it may not go further up a certified ramp yet."""
    canary = rate(each.canary_bad, each.canary_requests)
    baseline = rate(each.baseline_bad, each.baseline_requests)
    return f"errors on the canary {canary}, on the baseline {baseline}: no more than {share:g} % is certified yet"


FINDINGS_NAMED = 3
"""How many findings a sentence spells out."""


def standing(state: Release) -> str:
    """What goes on before the first wave: `building`, `checking`; "" when it is something else."""
    if state.ended or state.rollback or state.hold or state.wave >= 0:
        return ""
    if state.revision is None:
        return "building"
    waits = state.pipeline.checks is not None and not (state.checked and state.checked.verdict.advances)
    return "checking" if waits else ""


def finding_words(finding: Finding) -> str:
    """`template.yaml:14: what is wrong [RULE]`."""
    where = f"{finding.where}: " if finding.where else f"{finding.subject}: " if finding.subject else ""
    return f"{where}{finding.what} [{finding.rule}]"


def checked_words(checked: Checked) -> str:
    """The verdict of the checks in one sentence."""
    ran = [each for each in checked.results if not each.skipped]
    kept = sum(each.kept for each in ran)
    skipped = [each.name for each in checked.results if each.skipped]
    how = f"{counted(len(ran), 'check')} in {checked.seconds:.3g} s"
    how += f", {kept} of them kept" if kept else ""
    how += f", left out: {', '.join(skipped)}" if skipped else ""
    if checked.verdict.advances:
        return f"checks passed ({how}); manifest {checked.manifest[:10]}"
    if checked.verdict is Verdict.FAIL:
        return f"checks failed ({how}): {_blocking(checked)}"
    unable = "; ".join(f"{each.name}: {each.summary}" for each in checked.unable)
    return f"checks could not tell ({how}): {unable or 'nothing was checked'}"


def _blocking(checked: Checked) -> str:
    named = [finding_words(finding) for finding in checked.blocking[:FINDINGS_NAMED]]
    if not named:
        return ", ".join(each.name for each in checked.results if each.verdict is Verdict.FAIL)
    more = max(checked.blocked, len(checked.blocking)) - len(named)
    return "; ".join(named) + (f"; and {more:,} more" if more > 0 else "")
