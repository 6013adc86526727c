"""The plan of a pipeline's sandboxes, for whoever needs no more of them than that."""

from __future__ import annotations

from collections.abc import Callable

from shoreward.domain import Pipeline, Refused, Revision, SandboxPlan

Build = Callable[[Pipeline, str], Revision]
"""Gives the revision of a commit."""


def template_of(pipeline: Pipeline) -> str:
    """Path of the template that a pipeline's sandboxes are made of; raises as `plan_of`."""
    return plan_of(pipeline).template or pipeline.template


def plan_of(pipeline: Pipeline) -> SandboxPlan:
    """Where a pipeline's sandboxes are made; raises `Refused` (SANDBOX_NOT_PLANNED) when it does not say."""
    plan = pipeline.checks.sandbox if pipeline.checks is not None else None
    if plan is None:
        raise Refused(
            "SANDBOX_NOT_PLANNED",
            "shoreward.yaml does not say where sandboxes are made.",
            next="Add checks: sandbox: target: ACCOUNT/REGION to it.",
        )
    return plan
