"""The check `faults`: what `checks: resilience` declares is tried in the sandbox, one fault after another.

    sandbox ──► which fault means what there ──► each of them tried (`trial`) ──► what was not borne, as findings

A suite of kind `resilience` is another check: there a command does what it likes. This one needs no command.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from shoreward.app.checking import Check, Materials, Outside, Report, Running
from shoreward.app.resilience.ports import Laboratory
from shoreward.app.sandboxes.plan import Build
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Pipeline, Probe, Resilience, SpecError, Terminal, digest_of

if TYPE_CHECKING:
    from shoreward.app.ports import Blobs
    from shoreward.app.resilience.load import Load
    from shoreward.app.resilience.planning import Stack
    from shoreward.app.resilience.trial import Outcome
    from shoreward.domain import Target

NAME = "faults"

_FORM = 1
"""Grows when the same faults would be judged otherwise."""

_MEANWHILE = "SHOREWARD_FAULT"
"""The variable that tells a command what fails while it runs."""


def faults_check(
    pipeline: Pipeline, plan: Resilience, build: Build, blobs: Blobs, laboratory: Laboratory, command: Check | None
) -> Check:
    """The check `faults` of a pipeline that plans a sandbox.

    Args:
        command: the plan's `load` as a check; None when it has none, and probes are sent.

    Raises:
        SpecError: RESILIENCE_NO_LOAD.
    """
    if command is None and not pipeline.probes:
        raise SpecError(
            "RESILIENCE_NO_LOAD",
            "Faults are to be injected under load, and there is none.",
            where=plan.where,
            next="Write `probes` that should be answered all the while, or name a command as `load`.",
        )

    def key(materials: Materials) -> str | None:
        probes = [_told(one) for one in materials.pipeline.probes] if command is None else []
        suite = command.key(materials) if command is not None else ""
        declared = [[str(one), one.may_fail, one.lasting, one.recovery, str(one.where)] for one in plan.faults]
        common = [plan.rate, plan.may_fail, plan.lasting, plan.recovery, str(plan.where)]
        return None if suite is None else digest_of(NAME, _FORM, declared, common, probes, suite)

    def run(materials: Materials, running: Running) -> Report:
        with laboratory.met(materials, running):
            return _tried(materials, running, build, blobs, laboratory, command)

    return Check(
        name=NAME,
        about="Whether the application goes on while something in it fails, and is well again afterwards.",
        key=key,
        run=run,
        needs=("build", "sandbox"),
        lane="sandbox",
        where=plan.where,
        depends=command.depends if command is not None else Outside(),
        reads="the revision, and resilience and probes in shoreward.yaml",
        waits=True,
    )


def _told(probe: Probe) -> list[object]:
    return [probe.function, probe.payload, probe.expect, str(probe.where)]


def _tried(
    materials: Materials,
    running: Running,
    build: Build,
    blobs: Blobs,
    laboratory: Laboratory,
    command: Check | None,
) -> Report:
    from shoreward.app.resilience.findings import findings_of
    from shoreward.app.resilience.planning import Stack, faults_of, trials
    from shoreward.app.resilience.trial import Bench, withstand
    from shoreward.app.sandboxes.places import locator
    from shoreward.spec.template.resolving import resolve

    plan = _plan(materials)
    target = laboratory.connect(materials, running).lease.target
    revision, cloud = build(materials.pipeline, materials.commit), laboratory.cloud()
    resolved = resolve(json.loads(blobs.get(revision.template)), target)
    stack = Stack(resolved=resolved, aliases=revision.functions, members=cloud.members(target))
    planned = trials(faults_of(plan, resolved), stack)
    bench = Bench(
        target=target,
        cloud=cloud,
        load=_load(materials, running, laboratory, command, target, stack),
        suffering=laboratory.suffering,
        dead_letters=stack.dead_letters(),
        where=plan.where,
    )
    outcomes = [withstand(trial, bench, running) for trial in planned]
    file = materials.pipeline.template
    locate = locator(materials.source.read(materials.commit, file), file)
    findings = tuple(one for each in outcomes for one in findings_of(each, lambda name: locate(name, "")))
    return _report(outcomes, findings)


def _plan(materials: Materials) -> Resilience:
    checks = materials.pipeline.checks
    return (checks.resilience if checks is not None else None) or Resilience()


def _load(
    materials: Materials,
    running: Running,
    laboratory: Laboratory,
    command: Check | None,
    target: Target,
    stack: Stack,
) -> Load:
    from shoreward.app.resilience.load import ProbeLoad, SuiteLoad

    if command is not None:
        return SuiteLoad(run=_suite(command, materials, running, laboratory), name=command.name)
    probes = materials.pipeline.probes
    return ProbeLoad(
        cloud=laboratory.cloud(),
        target=target,
        functions={one.function: _asked(one, stack) for one in probes},
        probes=probes,
        rate=_plan(materials).rate,
    )


def _asked(probe: Probe, stack: Stack) -> tuple[str, str]:
    """Physical name and alias of the function that a probe asks."""
    if probe.function not in stack.members:
        raise Terminal(
            "SYNTHETIC_ABSENT",
            f"The sandbox has no function {probe.function} that could be asked.",
            where=probe.where,
            next="Does a condition of the template leave it out there? Give the sandbox the parameters to have it.",
        )
    return stack.members[probe.function].id, stack.alias(probe.function) or "$LATEST"


def _suite(command: Check, materials: Materials, running: Running, laboratory: Laboratory) -> Callable[[str], Report]:
    def run(fault: str) -> Report:
        with laboratory.met(materials, running) as told:
            product = json.loads(told)
            product["environment"][_MEANWHILE] = fault
            products = {**materials.products, "sandbox": json.dumps(product)}
            return command.run(replace(materials, products=products), running)

    return run


def _report(outcomes: list[Outcome], findings: tuple[Finding, ...]) -> Report:
    from shoreward.app.resilience.load import TESTS

    sent = sum(len(one.sent) for one in outcomes)
    failed = sum(bool(each.wrong) for one in outcomes for each in one.sent)
    slowest = max((one.recovered for one in outcomes if one.recovered is not None), default=0.0)
    idle = sum(not one.sent for one in outcomes)
    told = f"{counted(len(outcomes), 'fault')}, {counted(sent, 'request')}, {failed} of them failed"
    alone = f"; {counted(idle, 'fault')} with nobody else to ask meanwhile" if idle else ""
    log = "\n".join(_line(one) for one in outcomes)
    # Chance and time have their part in it, so what was not borne is looked at again the next time.
    return Report(
        findings=findings,
        summary=f"{told}; well again after {slowest:.1f} s at most{alone}",
        measures=((TESTS, float(len(outcomes))), ("requests", float(sent)), ("failed", float(failed))),
        log=log,
        lasting=not findings,
    )


def _line(outcome: Outcome) -> str:
    failed = sum(bool(one.wrong) for one in outcome.sent)
    after = "not well again" if outcome.recovered is None else f"well again after {outcome.recovered:.1f} s"
    return f"{outcome.trial.fault}: {failed} of {counted(len(outcome.sent), 'request')} failed; {after}"
