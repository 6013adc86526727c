"""What a stack is to become: the plan of a change set, out of a revision and its target. Beside `manager`."""

from __future__ import annotations

from dataclasses import replace

from shoreward.adapters.aws.naming import change_set_name, fill
from shoreward.adapters.aws.stacks.changeset import Plan
from shoreward.adapters.aws.stacks.templates import Filled, filled, has_nested, pinned, values
from shoreward.adapters.aws.stacks.wreckage import APPLICATION
from shoreward.app.ports import Blobs
from shoreward.domain import Pipeline, Revision, Snapshot, Target


def filled_for(blobs: Blobs, pipeline: Pipeline, target: Target, revision: Revision) -> Filled:
    """A revision's template with all that a target gives it."""
    bucket = fill(pipeline.artifacts, target)
    return filled(blobs.get(revision.template), revision, application=pipeline.application, bucket=bucket)


def plan_for(pipeline: Pipeline, target: Target, template: Filled, key: str) -> Plan:
    """A template that is to be a stack's."""
    return Plan(
        name=change_set_name(key),
        content=template.content,
        bucket=fill(pipeline.artifacts, target),
        parameters=values(template, target),
        nested=has_nested(template),
        execution_role=target.execution_role,
    )


def staging_for(
    blobs: Blobs, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str
) -> Plan:
    """A revision's template with every alias at the version that serves."""
    template = pinned(filled_for(blobs, pipeline, target, revision), revision, snapshot)
    plan = plan_for(pipeline, target, template, key)
    # Only a new stack is tagged: CloudFormation hands a new tag of an old one down to each of its resources.
    return plan if snapshot.exists else replace(plan, tags=((APPLICATION, pipeline.application),))
