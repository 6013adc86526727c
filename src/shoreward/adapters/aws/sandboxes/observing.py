"""A look at what is live, for the parity report (`app.sandboxes.parity.Observer`); it changes nothing."""

from __future__ import annotations

import json
from typing import Any, cast

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.sandboxes.kinds import FUNCTION
from shoreward.adapters.aws.serving import configuration
from shoreward.adapters.aws.stacks.snapshot import original
from shoreward.adapters.aws.stacks.stack import describe, resources
from shoreward.app.sandboxes.parity import FunctionFacts, Observed
from shoreward.domain import OperationError, Target
from shoreward.spec.template.plain import mapping


class Observer:
    """Looks at targets."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def observe(self, target: Target) -> Observed:
        """A target as it is; raises `OperationError` when nobody can look."""
        stack = describe(self._aws, target)
        concurrency = self._concurrency(target)
        if stack is None:
            return Observed(exists=False, template={}, parameters={}, functions={}, concurrency=concurrency)
        held = resources(self._aws, target, stack.id)
        named = [(name, one.physical_id) for name, one in held.items() if one.type == FUNCTION and one.physical_id]
        facts = self._aws.together(lambda one: (one[0], self._function(target, one[1])), named)
        return Observed(
            exists=True,
            template=self._template(target),
            parameters=dict(stack.parameters),
            functions={name: found for name, found in facts if found is not None},
            concurrency=concurrency,
        )

    def _concurrency(self, target: Target) -> float | None:
        try:
            found = self._aws.call(target, self._aws.lambda_(target).get_account_settings)
        except OperationError:
            return None  # a role that may not ask; everything else is compared all the same
        return found.get("AccountLimit", {}).get("ConcurrentExecutions")

    def _template(self, target: Target) -> dict[str, Any]:
        try:
            return dict(mapping(json.loads(original(self._aws, target))))
        except ValueError:
            return {}  # a person's YAML: nobody here knows what it declares

    def _function(self, target: Target, name: str) -> FunctionFacts | None:
        about = configuration(self._aws, target, name, "$LATEST")
        if about is None:
            return None
        reserved, unread = self._reserved(target, name)
        return FunctionFacts(
            memory=int(about.get("MemorySize", 128)),
            timeout=int(about.get("Timeout", 3)),
            runtime=str(about.get("Runtime", "")),
            architectures=tuple(about.get("Architectures", ["x86_64"])),
            layers=len(about.get("Layers") or ()),
            environment=tuple(sorted(mapping(mapping(about.get("Environment")).get("Variables")))),
            reserved=reserved,
            unread=unread,
        )

    def _reserved(self, target: Target, name: str) -> tuple[int | None, str]:
        try:
            found = self._aws.call(target, self._aws.lambda_(target).get_function_concurrency, FunctionName=name)
        except OperationError as error:
            return None, error.what
        return cast("int | None", found.get("ReservedConcurrentExecutions")), ""
