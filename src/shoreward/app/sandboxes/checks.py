"""The checks `sandbox` and `parity`, and what makes a check run in the sandbox.

    build ──► sandbox ──► integration, acceptance, ... (`in_sandbox`)
                 └──────► parity

`sandbox` produces a name for what would stand there, made of the revision and the plan alone: a verdict of a suite
that was kept for the same holds without anything being brought up. The suite that has to run brings it up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from shoreward.app.checking import Check, Materials, Outside, Report, Running
from shoreward.app.sandboxes.plan import Build, plan_of, template_of
from shoreward.domain import Finding, Pipeline, SandboxPlan, Severity, canonical, digest_of

if TYPE_CHECKING:
    from shoreward.app.ports import Blobs
    from shoreward.app.sandboxes.parity import Observer

_FORM = 1
"""Grows when a sandbox of the same revision and plan would be another one (`forms.sandboxed`)."""

_FRESH = 3_600.0
"""Seconds for which a look at what is live in production is good."""

_WORDS = {Severity.MEDIUM: "grave difference", Severity.LOW: "difference", Severity.NOTE: "note"}


def sandbox_check(pipeline: Pipeline, build: Build, blobs: Blobs) -> Check:
    """The check `sandbox` of a pipeline that plans one; see the module."""

    def key(materials: Materials) -> str:
        return digest_of("sandbox", _FORM, _meaning(plan_of(materials.pipeline)), _template_id(materials))

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.app.sandboxes.costs import forecast
        from shoreward.app.sandboxes.places import check_plan
        from shoreward.spec.template.resolving import resolve

        plan = plan_of(materials.pipeline)
        check_plan(materials.source, materials.commit, materials.pipeline)
        revision = build(materials.pipeline, materials.commit)
        costs = forecast(resolve(json.loads(blobs.get(revision.template)), plan.target))
        unknown = f", and {', '.join(costs.unknown)}, whose price nobody knows" if costs.unknown else ""
        product = {"revision": revision.digest, "plan": _meaning(plan), "form": _FORM}
        return Report(
            summary=f"is made when it is needed; US$ {costs.hourly:.4f} an hour{unknown}",
            product=canonical(product).decode(),
            measures=(("dollars per hour", costs.hourly), ("dollars per 1000 requests", costs.thousand)),
        )

    return Check(
        name="sandbox",
        about="Whether a stack of the application's own can be made to test it in; it is made when a suite needs it.",
        key=key,
        run=run,
        needs=("build",),
        where=plan_of(pipeline).where,
        reads="the revision and the plan of sandboxes",
    )


def parity_check(pipeline: Pipeline, build: Build, blobs: Blobs, observer: Observer | None = None) -> Check:
    """The check `parity` of a pipeline that plans a sandbox.

    Args:
        observer: looks at what is live in production, once an hour at most; nobody looks when None.
    """

    def key(materials: Materials) -> str:
        plan, first = plan_of(materials.pipeline), materials.pipeline.waves[0]
        targets = [[one.key, one.role, one.execution_role, list(one.parameters)] for one in first.targets]
        places = [str(plan.where), _template_id(materials)]
        return digest_of("parity", _FORM, _meaning(plan), targets, places, observer is not None)

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.app.sandboxes.parity import parity
        from shoreward.app.sandboxes.places import locator

        plan, first = plan_of(materials.pipeline), materials.pipeline.waves[0]
        revision = build(materials.pipeline, materials.commit)
        file = materials.pipeline.template
        found = parity(
            json.loads(blobs.get(revision.template)),
            first.targets,
            plan,
            locator(materials.source.read(materials.commit, file), file),
            observer,
        )
        return Report(findings=found, summary=_told(found))

    return Check(
        name="parity",
        about="How sandboxes differ from production.",
        key=key,
        run=run,
        needs=("sandbox",),
        where=plan_of(pipeline).where,
        depends=Outside(good_for=_FRESH) if observer is not None else Outside(),
        reads="the revision, the plan of sandboxes, and what is live in production",
        waits=observer is not None,
    )


Met = Callable[[Materials, Running], AbstractContextManager[str]]


def in_sandbox(check: Check, met: Met) -> Check:
    """The check, run with the sandbox up: it finds it in the product of `sandbox`.

    Args:
        met: brings it up when it is asked (`SandboxAccess.met`), which is when the check has to be run.
    """

    def run(materials: Materials, running: Running) -> Report:
        with met(materials, running) as product:
            found = {**materials.products, "sandbox": product}
            return check.run(replace(materials, products=found), running)

    needs = check.needs if "sandbox" in check.needs else (*check.needs, "sandbox")
    return replace(check, run=run, needs=needs)


def _meaning(plan: SandboxPlan) -> list[object]:
    """What of a plan decides what a sandbox is like: not how long it lives, nor where that is written."""
    target = plan.target
    return [target.account, target.region, target.stack, target.role, list(target.parameters), plan.seed]


def _told(found: Sequence[Finding]) -> str:
    """`1 grave difference, 3 notes`."""
    counts = {word: sum(one.severity is severity for one in found) for severity, word in _WORDS.items()}
    told = [f"{amount} {word}{'' if amount == 1 else 's'}" for word, amount in counts.items() if amount]
    return ", ".join(told) or "as production"


def _template_id(materials: Materials) -> str | None:
    return materials.source.tree(materials.commit, template_of(materials.pipeline))
