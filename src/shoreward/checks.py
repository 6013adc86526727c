"""Which checks an application has: each part of the house brings its own, and here they are put together.

    build ──► template, policies                      what CloudFormation, and the organisation, would say
      ├─────► sbom, vulnerabilities                   what the artifacts carry
      └─────► sandbox ──► parity, integration, ...    only when shoreward.yaml plans a sandbox
                 │            └──► reversibility      in a sandbox of its own
                 ├──────► synthetic                   only when shoreward.yaml has probes
                 └──────► faults, attacks             only when it says `resilience` and `dynamic`
    secrets, security, unit, quality, every command   need nothing but the commit

A configuration has `build`, `secrets` and its suites: it has no template, no code and no packages. In its sandbox is
the application that reads the values.

A part of the composition root, apart from it for its size. Nothing here may import what is heavy: the checks are put
together on every `shoreward check`, and most of them are not run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shoreward.adapters.build import ArtifactFiles, LocalBuilder, build_check
from shoreward.adapters.dynamic import attacks_check
from shoreward.adapters.git import Repository
from shoreward.adapters.policy import Engines, policy_checks
from shoreward.adapters.scan import scan_checks
from shoreward.adapters.suites import discover, gone_check, gone_suites, suite_checks
from shoreward.app.checking.check import Check, Materials, Report, Running
from shoreward.app.checking.graph import NAMES
from shoreward.app.ports import Blobs, Clock
from shoreward.app.resilience.check import faults_check
from shoreward.app.resilience.ports import Laboratory
from shoreward.app.sandboxes.checks import Met, in_sandbox, parity_check, sandbox_check
from shoreward.app.sandboxes.parity import Observer
from shoreward.app.sandboxes.plan import plan_of
from shoreward.app.sandboxes.reach import Reach
from shoreward.app.sandboxes.reversing import TRIED, Walks, reversibility_check
from shoreward.app.sandboxes.synthetic import synthetic_check
from shoreward.domain import IN_SANDBOX, Checks, Pipeline, SpecError, Suite
from shoreward.domain.stateful import STATEFUL

SANDBOX = "sandbox"
SECRETS = "secrets"
NOT_PLANNED = "skipped: shoreward.yaml plans no sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What checks are made of.

    Attributes:
        state: folder for what is remembered on this machine.
        met: brings the sandbox up for a suite that has to be run, and tells what it reads of it.
        reach: what checks reach for that move a sandbox, or ask its functions.
        laboratory: what checks reach for that make something fail in a sandbox.
        observer: looks at what is live in production, or None when nobody may.
        engines: judge templates; whoever checks again and again keeps them.
    """

    repository: Repository
    builder: LocalBuilder
    artifacts: ArtifactFiles
    blobs: Blobs
    clock: Clock
    state: Path
    met: Met
    reach: Reach
    laboratory: Laboratory
    observer: Observer | None
    engines: Engines | None = None


def all_checks(parts: Parts, pipeline: Pipeline, commit: str, base: str | None = None) -> Iterator[Check]:
    """The checks of a commit, in the order in which people expect to read them.

    Args:
        base: the commit that it is compared with.

    Raises:
        SpecError: SUITE_WITHOUT_SANDBOX, and what is wrong in files that tell of suites.
    """
    checks = pipeline.checks or Checks()
    yield build_check(parts.builder)
    if pipeline.configuration is not None:
        yield from _of_values(parts, pipeline, checks, commit)
        return
    yield from policy_checks(
        checks.policies,
        blobs=parts.blobs,
        clock=parts.clock,
        stateful=STATEFUL,
        open=Repository,
        root=parts.repository.root,
        state=parts.state,
        pipeline_at=parts.reach.pipeline_at,
        engines=parts.engines,
        memory=parts.artifacts,
        outlined=parts.builder.outline,
    )
    yield from _scans(parts, checks)
    suites = (*checks.suites, *discover(parts.repository, commit, pipeline))
    made = suite_checks(suites, parts.state / "environments")
    if checks.sandbox is not None:
        yield sandbox_check(pipeline, parts.builder.build, parts.blobs)
        yield parity_check(pipeline, parts.builder.build, parts.blobs, parts.observer)
    elif any(suite.kind in IN_SANDBOX for suite in suites) or checks.resilience or checks.dynamic:
        _undeclared(checks)
        yield _no_sandbox(pipeline)
    for suite, check in zip(suites, made, strict=True):
        yield in_sandbox(check, parts.met) if suite.kind in IN_SANDBOX else check
    if base is not None:
        yield from _gone(parts, commit, base, suites)
    if checks.sandbox is not None:
        yield from _moving(parts, pipeline, commit)
        yield from _straining(parts, pipeline, checks, suites)


def _scans(parts: Parts, checks: Checks) -> Sequence[Check]:
    return scan_checks(
        checks.advisories,
        artifacts=parts.artifacts,
        blobs=parts.blobs,
        root=parts.repository.root,
        state=parts.state,
        clock=parts.clock,
    )


def _of_values(parts: Parts, pipeline: Pipeline, checks: Checks, commit: str) -> Iterator[Check]:
    """The checks of a configuration."""
    yield from (check for check in _scans(parts, checks) if check.name == SECRETS)
    suites = (*checks.suites, *discover(parts.repository, commit, pipeline))
    if checks.sandbox is None:
        _undeclared(checks)
        suites = tuple(suite for suite in suites if suite.kind not in IN_SANDBOX)
    else:
        _require_trial(checks, suites)
        yield sandbox_check(pipeline, parts.builder.trial, parts.blobs)
    for suite, check in zip(suites, suite_checks(suites, parts.state / "environments"), strict=True):
        yield in_sandbox(check, parts.met) if suite.kind in IN_SANDBOX else check


def _require_trial(checks: Checks, suites: Sequence[Suite]) -> None:
    """A sandbox that nothing runs in tries no value."""
    if checks.sandbox and not any(suite.kind in IN_SANDBOX and suite.name not in checks.skip for suite in suites):
        what = "The values are laid out in a sandbox, and no suite runs in it."
        advice = "Declare one of kind integration under checks: suites, or leave the sandbox out."
        raise SpecError("SANDBOX_NO_SUITE", what, where=checks.sandbox.where, next=advice)


def _gone(parts: Parts, commit: str, base: str, suites: Sequence[Suite]) -> Iterator[Check]:
    """What stands where suites of the base stood."""
    try:
        before = parts.reach.pipeline_at(base)
        known = (*(before.checks or Checks()).suites, *discover(parts.repository, base, before))
    except SpecError:  # the base cannot be read, or has no pipeline
        return
    if gone := gone_suites(known, suites):
        files = {entry.path for entry in parts.repository.entries(commit)}
        taken = {*NAMES} - {suite.name for suite in gone} | {suite.name for suite in suites}
        yield from (gone_check(suite, taken, files) for suite in gone)


def _moving(parts: Parts, pipeline: Pipeline, commit: str) -> Iterator[Check]:
    """The checks that do more in a sandbox than run a command."""
    if pipeline.probes:
        yield synthetic_check(pipeline, parts.builder.build, parts.reach)
    tried = _tried(parts, pipeline, commit)
    if tried:
        walks = Walks(
            build=parts.builder.build,
            blobs=parts.blobs,
            suites=lambda pipeline, commit: _tried(parts, pipeline, commit),
            reach=parts.reach,
            environment=os.environ,
        )
        yield reversibility_check(tried, walks)


def _straining(parts: Parts, pipeline: Pipeline, checks: Checks, suites: Sequence[Suite]) -> Iterator[Check]:
    """The checks that do to a sandbox what nobody should do to production."""
    if (plan := checks.resilience) is not None:
        named = [suite for suite in suites if suite.name == plan.load]
        declared = Suite(name=plan.load, kind="resilience", command=plan.load, where=plan.where)
        loads = suite_checks(named or [declared], parts.state / "environments") if plan.load else ()
        yield faults_check(
            pipeline, plan, parts.builder.build, parts.blobs, parts.laboratory, loads[0] if loads else None
        )
    if checks.dynamic is not None:
        yield attacks_check(pipeline, checks.dynamic, parts.builder.build, parts.blobs, parts.laboratory)


def _tried(parts: Parts, pipeline: Pipeline, commit: str) -> Sequence[Check]:
    """The suites of a commit that say what customers rely on, but for those that it leaves out itself."""
    checks = pipeline.checks or Checks()
    suites = (*checks.suites, *discover(parts.repository, commit, pipeline))
    wanted = [one for one in suites if one.kind in TRIED and one.name not in checks.skip]
    return suite_checks(wanted, parts.state / "environments")


def left_out(pipeline: Pipeline) -> Mapping[str, str]:
    """Names of checks that the pipeline leaves out, each with the reason."""
    checks = pipeline.checks or Checks()
    skipped = dict.fromkeys(checks.skip, "skipped, as shoreward.yaml says")
    return skipped if checks.sandbox is not None else {SANDBOX: NOT_PLANNED, **skipped}


def _undeclared(checks: Checks) -> None:
    """What somebody declared must be run; a suite that was found by looking may be left out, and says so."""
    declared = [(f"The suite {suite.name}", suite.where) for suite in checks.suites if suite.kind in IN_SANDBOX]
    declared += [("'resilience'", checks.resilience.where)] if checks.resilience else []
    declared += [("'dynamic'", checks.dynamic.where)] if checks.dynamic else []
    for what, where in declared:
        advice = "Add checks: sandbox: target: ACCOUNT/REGION, or leave it out."
        raise SpecError(
            "SUITE_WITHOUT_SANDBOX", f"{what} needs a sandbox, and none is planned.", where=where, next=advice
        )


def _no_sandbox(pipeline: Pipeline) -> Check:
    """Stands where the sandbox would, so that what needs it is seen to be left out."""

    def run(materials: Materials, running: Running) -> Report:
        del materials, running
        plan_of(pipeline)
        return Report()

    about = "Whether a stack of the application's own can be made to test it in; none is planned."
    return Check(name=SANDBOX, about=about, key=lambda _: None, run=run, needs=("build",))
