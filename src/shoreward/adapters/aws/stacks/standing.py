"""Whether a stack is as planned already: then a step of a release has nothing to do, and asks for no change set.

Beside `manager`. Only CloudFormation knows for certain what a change set would change, so everything that it looks up
by itself, or does not show, is left for it to say.
"""

from __future__ import annotations

import json

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.stacks.changeset import Plan
from shoreward.adapters.aws.stacks.snapshot import original
from shoreward.adapters.aws.stacks.stack import HIDDEN, Stack
from shoreward.adapters.aws.stacks.templates import expected_values
from shoreward.domain import Target

_LOOKED_UP = (
    '"Fn::GetAZs"',
    '"Fn::Transform"',
    '"Transform"',
    "AWS::CloudFormation::Stack",
    "AWS::SSM::Parameter::",
    "{{resolve:",
)
"""Words of a template that may mean something else today than they did when it was applied."""


def stands(aws: Aws, target: Target, stack: Stack | None, plan: Plan) -> bool:
    """Whether the newest operation on a stack brought it to a plan's template and parameters; False when in doubt."""
    if stack is None or stack.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return False
    text = plan.content.decode()
    if any(word in text for word in _LOOKED_UP):
        return False
    body = json.loads(text)
    if dict(stack.parameters) != expected_values(body, plan.parameters) or HIDDEN in dict(stack.parameters).values():
        return False
    try:
        return json.loads(original(aws, target)) == body
    except ValueError:
        return False  # YAML, which is no template of ours
