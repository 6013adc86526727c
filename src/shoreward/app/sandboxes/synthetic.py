"""The check `synthetic`: the synthetic requests that every release sends are answered in the sandbox, too.

sandbox ──► which version each alias serves ──► each of `probes` asked of it ──► a finding for each wrong answer
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.app.sandboxes.plan import Build
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Pipeline, Probe, Severity, StagedFunction, Target, Terminal, digest_of

if TYPE_CHECKING:
    from shoreward.app.sandboxes.reach import Reach

_FORM = 1
"""Grows when the same answer is judged otherwise."""


def synthetic_check(pipeline: Pipeline, build: Build, reach: Reach) -> Check:
    """The check `synthetic` of a pipeline that has probes and plans a sandbox."""

    def key(materials: Materials) -> str:
        asked = [[one.function, one.payload, one.expect, str(one.where)] for one in materials.pipeline.probes]
        return digest_of("synthetic", _FORM, asked)

    def run(materials: Materials, running: Running) -> Report:
        probes = materials.pipeline.probes
        with reach.met(materials, running):
            target = reach.connect(materials, running).lease.target
            findings = tuple(_asked(probes, _serving(materials, target, build, reach), target, reach, running))
        # An answer may depend on what others left in the sandbox.
        return Report(findings=findings, summary=counted(len(probes), "request"), lasting=not findings)

    return Check(
        name="synthetic",
        about="Whether the functions answer the synthetic requests of shoreward.yaml, in the sandbox.",
        key=key,
        run=run,
        needs=("build", "sandbox"),
        lane="sandbox",
        where=pipeline.probes[0].where,
        reads="the revision, and probes in shoreward.yaml",
        waits=True,
    )


def _serving(materials: Materials, target: Target, build: Build, reach: Reach) -> Mapping[str, StagedFunction]:
    """The version that each function's alias serves, by the function's logical id."""
    revision = build(materials.pipeline, materials.commit)
    found = reach.hands().stacks.inspect(materials.pipeline, target, revision).functions
    return {
        one.logical_id: StagedFunction(
            logical_id=one.logical_id, name=one.name, alias=one.alias, baseline=one.version, candidate=one.version
        )
        for one in found
    }


def _asked(
    probes: tuple[Probe, ...], serving: Mapping[str, StagedFunction], target: Target, reach: Reach, running: Running
) -> Iterator[Finding]:
    for probe in probes:
        if probe.function not in serving:
            raise Terminal(
                "SYNTHETIC_ABSENT",
                f"The sandbox has no function {probe.function} that could be asked.",
                where=probe.where,
                next="Does a condition of the template leave it out there? Give the sandbox the parameters to have it.",
            )
        running.say(f"asking {probe.function}")
        wrong = reach.hands().probes.probe(target, serving[probe.function], probe)
        if wrong is not None:
            yield _finding(probe, wrong)


def _finding(probe: Probe, wrong: str) -> Finding:
    return Finding(
        rule="synthetic-failed",
        severity=Severity.HIGH,
        what=f"{probe.function} does not answer its synthetic request in the sandbox: {wrong}",
        why="A release sends the same request to each new version, and goes back when the answer is wrong.",
        fix=f"Mend {probe.function}; or, if the answer is as it should be, change what the probe expects.",
        where=probe.where,
        subject=probe.function,
        details=(("payload", probe.payload), *((("expect", probe.expect),) if probe.expect is not None else ())),
    )
