"""A pipeline as the text of a `shoreward.yaml` in which nothing is left to a default.

The way back from `spec.load`: `parse(dump(pipeline)) == pipeline`. It shows what a file really means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from shoreward.domain import (
    Bake,
    Checks,
    Dynamic,
    Fault,
    Gate,
    JudgePolicy,
    Pipeline,
    Probe,
    Resilience,
    SandboxPlan,
    Suite,
    Target,
    Wave,
)
from shoreward.spec._configuration import written as written_configuration
from shoreward.spec._gates import written as written_gate
from shoreward.spec._kinds import duration_text, percent_text
from shoreward.spec._metrics import written
from shoreward.spec._scalars import plain


def dump(pipeline: Pipeline) -> str:
    """The pipeline written out in full; its durations must be whole seconds (ValueError)."""
    accounts = _accounts(pipeline)
    content = {
        "application": pipeline.application,
        **(_of_template(pipeline) if pipeline.configuration is None else written_configuration(pipeline)),
        "accounts": {name: _account(account) for account, name in accounts.items()},
        **_waves(pipeline, accounts),
        "judge": _judge(pipeline.judge),
        "alarms": list(pipeline.alarms),
        "allow-drift": list(pipeline.allow_drift),
        **_gates(pipeline.gates),
        "blame": {"bisect": list(pipeline.blame.bisect), "revert": pipeline.blame.revert},
        **({"checks": _checks(pipeline.checks, accounts)} if pipeline.checks else {}),
    }
    return "\n".join(_block(content)) + "\n"


def _of_template(pipeline: Pipeline) -> dict[str, Any]:
    """What only an application has."""
    return {
        "template": pipeline.template,
        "artifacts": pipeline.artifacts,
        "probes": [_probe(probe) for probe in pipeline.probes],
        "allow-replacement": list(pipeline.allow_replacement),
    }


_Account = tuple[str, str | None, str | None]
_Accounts = dict[_Account, str]


def _key(target: Target) -> _Account:
    return target.account, target.role, target.execution_role


def _account(account: _Account) -> dict[str, Any]:
    named = zip(("id", "role", "execution-role"), account, strict=True)
    return {key: value for key, value in named if value}


def _accounts(pipeline: Pipeline) -> _Accounts:
    """A name for each account and its roles; the domain does not keep the names that the writer chose."""
    sandbox = pipeline.checks.sandbox if pipeline.checks else None
    pairs = dict.fromkeys(_key(target) for target in (*pipeline.targets, *((sandbox.target,) if sandbox else ())))
    return {pair: f"account-{index}" for index, pair in enumerate(pairs, start=1)}


def _waves(pipeline: Pipeline, accounts: _Accounts) -> dict[str, Any]:
    """The waves; what they are to be derived from while they are not."""
    auto = pipeline.auto
    if auto is None or pipeline.waves:
        split = pipeline.configuration is None
        return {"waves": [_wave(wave, accounts, split) for wave in pipeline.waves]}
    longest = {} if auto.max_duration is None else {"max-duration": duration_text(auto.max_duration)}
    return {
        "defaults": {"bake": _bake(auto.bake), "soak": duration_text(auto.soak)},
        "waves": {
            "harm-budget": auto.budget,
            "one-box": percent_text(auto.one_box),
            "growth": auto.growth,
            **longest,
            "error-rate": percent_text(auto.error_rate, fraction=True),
            "detect": percent_text(auto.detect, fraction=True),
        },
        "targets": [_target(target, accounts, True) for target in auto.targets],
    }


def _bake(bake: Bake) -> dict[str, Any]:
    return {
        "minimum": duration_text(bake.minimum),
        "requests": bake.requests,
        "deadline": duration_text(bake.deadline),
        "on-deadline": bake.on_deadline,
    }


def _wave(wave: Wave, accounts: _Accounts, split: bool) -> dict[str, Any]:
    return {
        "name": wave.name,
        "targets": [_target(target, accounts, split) for target in wave.targets],
        "bake": _bake(wave.bake),
        "soak": duration_text(wave.soak),
        **(_steps(wave) if split else {}),
        **({} if wave.at_once is None else {"at-once": wave.at_once}),
        **_gates(wave.gates),
    }


def _steps(wave: Wave) -> dict[str, Any]:
    ramp = wave.ramp
    climbing = {"harm-budget": ramp.budget, "one-box": percent_text(ramp.first)} if ramp else {}
    return {
        "steps": [percent_text(step) for step in wave.steps],
        "ramp": "certified" if ramp else "steps",
        **climbing,
    }


def _gates(gates: tuple[Gate, ...]) -> dict[str, Any]:
    return {"gates": {gate.name: written_gate(gate) for gate in gates}} if gates else {}


def _target(target: Target, accounts: _Accounts, templated: bool) -> dict[str, Any]:
    where = f"{accounts[_key(target)]}/{target.region}"
    known = {"traffic": target.traffic, "customers": target.customers}
    return {
        "target": where,
        **({"stack": target.stack, "parameters": dict(target.parameters)} if templated else {}),
        **{key: number for key, number in known.items() if number is not None},
        **_given(**{"fault-domain": target.fault_domain}),
    }


def _judge(judge: JudgePolicy) -> dict[str, Any]:
    def margin(ratio: float, points: float, latencies: tuple[float, ...]) -> dict[str, Any]:
        levels = dict(zip(("p50", "p90", "p99"), latencies, strict=False))
        return {"ratio": ratio, "points": percent_text(points, fraction=True), **levels}

    latency = judge.latency
    return {
        "alpha": percent_text(judge.alpha, fraction=True),
        "beta": percent_text(judge.beta, fraction=True),
        "rollback-margin": margin(judge.rollback_ratio, judge.rollback_points, latency.rollback if latency else ()),
        "promote-margin": margin(judge.promote_ratio, judge.promote_points, latency.promote if latency else ()),
        "interval": duration_text(judge.interval),
        "delay": duration_text(judge.delay),
        "dispersion": judge.dispersion,
        "first-deployment-ceiling": percent_text(judge.first_deployment_ceiling, fraction=True),
        **({"warm-up": duration_text(latency.warm_up)} if latency else {}),
        "skip": [*([] if latency else ["latency"]), *([] if judge.shared else ["shared"])],
        **({"metrics": {each.name: written(each) for each in judge.metrics}} if judge.metrics else {}),
        "own-past": judge.own_past,
    }


def _probe(probe: Probe) -> dict[str, Any]:
    expect = {} if probe.expect is None else {"expect": _Flow(probe.expect)}
    return {"function": probe.function, "payload": _Flow(probe.payload), **expect, "every": duration_text(probe.every)}


def _checks(checks: Checks, accounts: _Accounts) -> dict[str, Any]:
    advisories = checks.advisories
    sandbox = {"sandbox": _sandbox(checks.sandbox, accounts)} if checks.sandbox else {}
    return {
        "block": str(checks.block),
        "skip": list(checks.skip),
        "discover": checks.discover,
        "suites": [_suite(suite) for suite in checks.suites],
        **sandbox,
        "policies": [_given(path=one.path, repository=one.repository, ref=one.ref) for one in checks.policies],
        "advisories": {
            "source": advisories.source,
            "max-age": duration_text(advisories.max_age),
            "poll": duration_text(advisories.poll),
            "on-new": advisories.on_new,
        },
        "waivers": [
            _given(rule=one.rule, subject=one.subject, reason=one.reason, owner=one.owner, expires=one.expires)
            for one in checks.waivers
        ],
        **({"resilience": _resilience(checks.resilience)} if checks.resilience else {}),
        **({"dynamic": _dynamic(checks.dynamic)} if checks.dynamic else {}),
        **({"trusted-keys": {one.name: one.key for one in checks.trusted_keys}} if checks.trusted_keys else {}),
        **_given(cache=checks.cache),
    }


def _resilience(plan: Resilience) -> dict[str, Any]:
    return {
        "faults": [_fault(one) for one in plan.faults],
        **_given(load=plan.load),
        "per-second": plan.rate,
        **_borne(plan),
    }


def _fault(one: Fault) -> dict[str, Any]:
    squeezed = {} if one.timeout is None else {"timeout": duration_text(one.timeout)}
    squeezed |= {} if one.memory is None else {"memory": one.memory}
    return {"kind": one.kind, "function": one.function, **_given(variable=one.variable), **squeezed, **_borne(one)}


def _borne(one: Resilience | Fault) -> dict[str, Any]:
    return {
        "may-fail": percent_text(one.may_fail, fraction=True),
        "lasts": duration_text(one.lasting),
        "recovery": duration_text(one.recovery),
    }


def _dynamic(plan: Dynamic) -> dict[str, Any]:
    return {
        "methods": list(plan.methods),
        "requests": plan.requests,
        "limit": duration_text(plan.limit),
        "seed": plan.seed,
        **({"headers": dict(plan.headers)} if plan.headers else {}),
    }


def _given(**texts: str) -> dict[str, Any]:
    """Those that say something."""
    return {key: text for key, text in texts.items() if text}


def _suite(suite: Suite) -> dict[str, Any]:
    return {
        "name": suite.name,
        "kind": suite.kind,
        "run": suite.command,
        **_given(folder=suite.folder),
        "inputs": list(suite.inputs),
        "environment": list(suite.environment),
        "tools": list(suite.tools),
        "requirements": list(suite.requirements),
        **_given(report=suite.report),
        "timeout": duration_text(suite.timeout),
        "repeat": suite.repeat,
    }


def _sandbox(plan: SandboxPlan, accounts: _Accounts) -> dict[str, Any]:
    given = _given(seed=plan.seed, template=plan.template)
    return {**_target(plan.target, accounts, True), "lease": duration_text(plan.lease), **given}


class _Flow(str):
    """JSON text, to be written as it is."""

    __slots__ = ()


def _block(value: dict[str, Any]) -> Iterator[str]:
    for key, inner in value.items():
        match inner:
            case dict() if inner:
                yield f"{scalar(key)}:"
                yield from (f"  {line}" for line in _block(cast("dict[str, Any]", inner)))
            case [dict(), *_]:
                yield f"{scalar(key)}:"
                for item in cast("list[dict[str, Any]]", inner):
                    first, *rest = _block(item)
                    yield f"  - {first}"
                    yield from (f"    {line}" for line in rest)
            case list():
                yield f"{scalar(key)}: [{', '.join(scalar(item) for item in cast('list[Any]', inner))}]"
            case _:
                yield f"{scalar(key)}: {scalar(inner)}"


_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|[0-9]+(\.[0-9]+)?%|([0-9]+[dhms])+")
_ESCAPED = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
_MISREAD = {"y", "n", "yes", "no", "on", "off"}


def scalar(value: object) -> str:
    """One value as YAML, quoted where any reader of YAML could take it for something else than it is."""
    if isinstance(value, str) and not isinstance(value, _Flow):
        if _BARE.fullmatch(value) and plain(value) == value and value.lower() not in _MISREAD:
            return value
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = value if isinstance(value, _Flow) else json.dumps(value)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
