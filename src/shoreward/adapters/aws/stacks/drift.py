"""Drift: what somebody changed on a target since a release left it (`app.drift.DriftSource`).

What Shoreward deploys is compared with what is there: the stack's template and parameters, each function's code and
configuration with the version that was published from it, and where each alias points. This takes three calls and three
more for each function, and knows of a template that somebody applied properly; what is left, CloudFormation's own drift
detection is asked for (`detection`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.naming import fill
from shoreward.adapters.aws.serving import CONFIGURED, AliasState, alias_state, alike, configuration, plain
from shoreward.adapters.aws.stacks.absent import remedy
from shoreward.adapters.aws.stacks.comparing import parameter_differences, template_differences
from shoreward.adapters.aws.stacks.detection import Detection
from shoreward.adapters.aws.stacks.snapshot import original
from shoreward.adapters.aws.stacks.stack import Resource, Stack, failures, resources
from shoreward.adapters.aws.stacks.templates import Filled, expected_values, filled, inline_functions, values
from shoreward.adapters.aws.stacks.waiting import LIMIT, settled
from shoreward.app.ports import Blobs
from shoreward.domain import Difference, LambdaFunction, Left, ServingFunction, StagedFunction, Target
from shoreward.domain.drift import STACK
from shoreward.spec.template.plain import mapping

_NEAR = 0.005
"""Percent of traffic within which two weights are the same."""


class Drift:
    """Compares targets with what was left there; changes nothing.

    Args:
        blobs: where templates are kept.
        limit: seconds to wait for an operation that is under way.
    """

    def __init__(self, aws: Aws, blobs: Blobs, *, limit: float = LIMIT) -> None:
        self._aws = aws
        self._blobs = blobs
        self._limit = limit
        self._detection = Detection(aws)
        self.begin = self._detection.begin
        self.detected = self._detection.detected

    def differences(self, target: Target, left: Left) -> tuple[Difference, ...]:
        """See `DriftSource.differences`."""
        stack = settled(self._aws, target, limit=self._limit)
        if stack is None or stack.condition != "usable":
            # In mid-release whoever works on the stack next says what is wrong with it, and mends what can be mended.
            return () if left.midway else (self._unfit(target, stack),)
        wanted = self._wanted(target, left)
        aliases = frozenset(one.alias_id for one in left.revision.functions) if left.midway else frozenset[str]()
        found = [
            *template_differences(wanted.body, original(self._aws, target), moving=aliases),
            *parameter_differences(expected_values(wanted.body, values(wanted, left.target)), dict(stack.parameters)),
        ]
        held = resources(self._aws, target)
        inline = inline_functions(wanted.content)
        compared = self._aws.together(
            lambda one: tuple(self._function(target, one, left, held, inline)), left.revision.functions
        )
        return (*found, *(each for some in compared for each in some))

    def strays(
        self, target: Target, functions: Sequence[StagedFunction], percents: Sequence[float]
    ) -> tuple[Difference, ...]:
        """See `DriftSource.strays`."""
        found = self._aws.together(lambda one: self._stray(target, one, percents), functions)
        return tuple(one for one in found if one is not None)

    def _stray(self, target: Target, one: StagedFunction, percents: Sequence[float]) -> Difference | None:
        now = alias_state(self._aws, target, one.name, one.alias)
        if now is not None and (_at(one, now, percents) or self._republished(target, one, now, percents)):
            return None
        shares = " or ".join(f"{percent:g} %" for percent in dict.fromkeys(percents))
        expected = f"{shares} at version {one.candidate}, the rest at {one.baseline}"
        return Difference(
            resource=one.logical_id,
            path=f"alias {one.alias}",
            expected=expected if percents else f"version {one.candidate}",
            actual="deleted" if now is None else str(now),
        )

    def _republished(self, target: Target, one: StagedFunction, now: AliasState, percents: Sequence[float]) -> bool:
        """Whether all traffic is at a version like the candidate: a later release came and was taken back."""
        if now.weights or (percents and 100.0 not in percents):
            return False
        theirs = configuration(self._aws, target, one.name, now.version)
        ours = configuration(self._aws, target, one.name, one.candidate)
        return theirs is not None and ours is not None and alike(ours, theirs)

    def _unfit(self, target: Target, stack: Stack | None) -> Difference:
        if stack is None:
            return Difference(resource=STACK, path="", expected="there", actual="deleted")
        why = failures(self._aws, target, stack.id) or stack.reason
        actual = f"{stack.status}: {why}" if why else stack.status
        return Difference(resource=STACK, path="Status", expected="at rest", actual=actual)

    def _wanted(self, target: Target, left: Left) -> Filled:
        bucket = fill(left.pipeline.artifacts, target)
        template = self._blobs.get(left.revision.template)
        return filled(template, left.revision, application=left.pipeline.application, bucket=bucket)

    def _function(
        self,
        target: Target,
        function: LambdaFunction,
        left: Left,
        held: Mapping[str, Resource],
        inline: frozenset[str],
    ) -> Iterator[Difference]:
        resource, version = held.get(function.logical_id), held.get(function.version_id)
        if resource is None or version is None:
            return  # its condition does not hold on this target, or the template was changed, which is told
        name, number = resource.physical_id, version.physical_id.rpartition(":")[2]
        published = configuration(self._aws, target, name, number)
        latest = configuration(self._aws, target, name, "$LATEST")
        if latest is None:
            mend = remedy(target, name)
            yield Difference(resource=function.logical_id, path="", expected="there", actual="deleted", mend=mend)
            return
        if published is None:
            yield Difference(resource=function.version_id, path="", expected=f"version {number}", actual="deleted")
        else:
            yield from changed(function.logical_id, published, latest)
        if not left.midway:
            yield from self._alias(target, function, name, number, left.served, function.logical_id in inline)

    def _alias(
        self,
        target: Target,
        function: LambdaFunction,
        name: str,
        number: str,
        served: Sequence[ServingFunction],
        inline: bool,
    ) -> Iterator[Difference]:
        now = alias_state(self._aws, target, name, function.alias)
        if now is None:
            yield Difference(resource=function.alias_id, path="", expected="there", actual="deleted")
            return
        if now.weights:
            yield Difference(
                resource=function.alias_id, path="RoutingConfig", expected="without weights", actual=str(now)
            )
        back = any((one.name, one.version) == (name, now.version) for one in served)
        if now.version == number or back:
            return
        ours = configuration(self._aws, target, name, number)
        theirs = configuration(self._aws, target, name, now.version)
        if ours is None or theirs is None or not alike(ours, theirs, inline=inline):
            yield Difference(
                resource=function.alias_id,
                path="FunctionVersion",
                expected=f"version {number}",
                actual=f"version {now.version}",
            )


def changed(logical_id: str, published: Mapping[str, Any], latest: Mapping[str, Any]) -> Iterator[Difference]:
    """How a function differs from the version that was published from it.

    Variables of its environment are named, and their values are not: they may be secret.
    """
    for name in CONFIGURED:
        ours, theirs = plain(published.get(name)), plain(latest.get(name))
        if ours == theirs:
            continue
        if name == "Environment":
            before, now = (mapping(mapping(each).get("Variables")) for each in (ours, theirs))
            yield from _variables(logical_id, before, now)
        else:
            path = "Code" if name == "CodeSha256" else name
            yield Difference(resource=logical_id, path=path, expected=_short(ours), actual=_short(theirs))


def _variables(logical_id: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            expected = "set" if name in before else "not set"
            actual = "not set" if name not in now else "set otherwise" if name in before else "set"
            yield Difference(resource=logical_id, path=f"Environment.{name}", expected=expected, actual=actual)


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _at(one: StagedFunction, now: AliasState, percents: Sequence[float]) -> bool:
    share = now.percent(one.baseline or "", one.candidate)
    if share is None:
        # Lambda itself shows weights while it moves provisioned concurrency; before a target is finished that ends.
        return 100.0 in percents and now.on_its_way(one.candidate) and set(now.weights) == {one.baseline}
    return any(abs(share - percent) < _NEAR for percent in percents or (100.0,))
