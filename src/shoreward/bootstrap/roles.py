"""The roles that accounts need, as templates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from shoreward.adapters.aws import configuration_role_template, role_template
from shoreward.domain import Pipeline, Refused


def roles(pipeline: Pipeline, *, trusted: str, boundary: str | None) -> str:
    """See `Project.roles`."""
    if pipeline.configuration is not None:
        return configuration_role_template(pipeline, trusted)
    return role_template(
        pipeline.application,
        trusted,
        artifacts=pipeline.artifacts,
        stacks=_pattern(sorted({target.stack for target in pipeline.targets})),
        boundary=boundary,
    )


def sandbox_roles(pipeline: Pipeline, *, trusted: str, boundary: str | None) -> str:
    """See `Project.sandbox_roles`."""
    from shoreward.adapters.aws.sandboxes.role import sandbox_role_template
    from shoreward.adapters.aws.values.role import laying_out
    from shoreward.app.sandboxes.plan import plan_of

    return sandbox_role_template(
        pipeline.application,
        trusted,
        artifacts=pipeline.artifacts,
        stack=plan_of(pipeline).target.stack,
        boundary=boundary,
        resources=laying_out(pipeline.configuration),
    )


def _pattern(stacks: Sequence[str]) -> str:
    """A pattern that all the stacks' names match."""
    if len(stacks) == 1:
        return stacks[0]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*stacks, strict=False))
    prefix = "".join(letters[0] for letters in alike)
    if not prefix:
        raise Refused(
            "STACK_NAMES",
            f"The stacks {', '.join(stacks)} have no common beginning that a role could be limited to.",
            next="Give them one in shoreward.yaml, such as the application's name.",
        )
    return f"{prefix}*"
