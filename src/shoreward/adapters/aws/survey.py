"""Survey: the metrics that a stack's own resources have, and that do not tell one revision from another.

What is known of them comes from the stack itself, its resources and its template, so that it is right on targets that
the release has not come to. It is kept for some minutes: looks come every minute, and a stack that nobody touches has
the same resources all the while.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.stacks.snapshot import original
from shoreward.adapters.aws.stacks.stack import Resource, resources
from shoreward.domain import ERRORS, CloudWatchQuery, Form, Judged, Metric, OperationError, Target, Terminal
from shoreward.domain.configuration import filling

_KEPT = 600.0

_LASTING = 1_200.0
"""Seconds; regions have troubles of their own that are nobody's release, and most are over by then."""

_DEAD_LETTERS = frozenset({"deadLetterTargetArn", "DeadLetterConfig", "DeadLetterQueue", "OnFailure"})
"""Keys of a template below which a queue is named that takes what nobody could handle."""


class Survey:
    """What both revisions of a target share (`app.ports.Survey`). Safe between threads."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, tuple[Metric, ...]]] = {}

    def shared(self, target: Target) -> Sequence[Metric]:
        """Metrics of the stack's functions, queues and APIs, as its resources are now or were minutes ago."""
        return self._remembered(target.key, lambda: self._look(target))

    def judged(self, target: Target, judged: Judged) -> Sequence[Metric]:
        """The same of another stack, with its functions' errors and durations; or these of one function.

        Raises `Terminal` (JUDGED_MISSING) when there is none.
        """
        return self._remembered(f"{target.key} {judged.name}", lambda: self._look_at(target, judged))

    def _remembered(self, key: str, look: Callable[[], Iterator[Metric]]) -> Sequence[Metric]:
        now = self._aws.timing.clock()
        with self._lock:
            found = self._kept.get(key)
        if found and now - found[0] < _KEPT:
            return found[1]
        metrics = tuple(look())
        with self._lock:
            self._kept[key] = now, metrics
        return metrics

    def _look_at(self, target: Target, judged: Judged) -> Iterator[Metric]:
        fill = filling(target)
        if judged.function:
            name = fill(judged.function)
            self._require_function(target, name)
            yield from invocations(judged.name, name)
            return
        stack = replace(target, stack=fill(judged.stack), parameters=())
        held = resources(self._aws, stack)
        if not held:
            raise _missing(target, f"stack {stack.stack}")
        for resource in held.values():
            if resource.type == "AWS::Lambda::Function" and resource.physical_id:
                yield from invocations(f"{judged.name}.{resource.logical_id}", resource.physical_id)
        for metric in self._look(stack):
            yield replace(metric, function=f"{judged.name}.{metric.function}")

    def _require_function(self, target: Target, name: str) -> None:
        client = self._aws.lambda_(target)
        try:
            self._aws.call(target, client.get_function_configuration, FunctionName=name)
        except OperationError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise _missing(target, f"function {name}") from error

    def _look(self, target: Target) -> Iterator[Metric]:
        held = resources(self._aws, target)
        template = _template(self._aws, target) if held else _mapping(None)
        dead = dead_letter_queues(template)
        for resource in held.values():
            if not resource.physical_id:
                continue
            match resource.type:
                case "AWS::Lambda::Function":
                    yield throttles(resource.logical_id, resource.physical_id)
                case "AWS::SQS::Queue" if template:
                    name = resource.physical_id.rpartition("/")[2]
                    made = dead_letters if resource.logical_id in dead else oldest_message
                    yield made(resource.logical_id, name)
                case "AWS::ApiGatewayV2::Api":
                    yield from api(resource.logical_id, {"ApiId": resource.physical_id}, "5xx")
                case "AWS::ApiGateway::RestApi":
                    yield from _rest(resource, template, target)
                case _:
                    pass


def invocations(name: str, function: str) -> Iterator[Metric]:
    """Failed invocations out of all, and how long they take; nothing else shows what a function reads harms."""
    queries = (_lambda("Invocations", function), _lambda("Errors", function))
    yield Metric(name=ERRORS, kind="counts", queries=queries, ratio=2.0, points=0.01, function=name)
    for level in ("p50", "p90"):
        yield Metric(
            name=f"{level} of running, in ms",
            kind="gauge",
            queries=(_lambda("Duration", function, level),),
            margin=0.2,
            least_noise=0.05,
            function=name,
            lasting=_LASTING,
            form=Form.LOG,
        )


def _missing(target: Target, what: str) -> Terminal:
    return Terminal(
        "JUDGED_MISSING",
        f"There is no {what} in {target}, by which the configuration is to be judged.",
        where=target.key,
        next="Correct its name under judged-by in shoreward.yaml, or deploy it there first.",
    )


def throttles(logical_id: str, function: str) -> Metric:
    """Requests to a function that found no free instance, out of all."""
    queries = (_lambda("Invocations", function), _lambda("Throttles", function))
    return Metric(
        name="throttles",
        kind="counts",
        queries=queries,
        ratio=2.0,
        points=0.01,
        function=logical_id,
        lasting=_LASTING,
        form=Form.APART,
    )


def api(logical_id: str, dimensions: Mapping[str, str], errors: str) -> Iterator[Metric]:
    """Answers of an API that were server errors, and how long it takes to answer."""

    def query(metric: str, statistic: str = "Sum") -> CloudWatchQuery:
        return CloudWatchQuery(
            namespace="AWS/ApiGateway", metric=metric, dimensions=tuple(dimensions.items()), statistic=statistic
        )

    queries = (query("Count"), query(errors))
    yield Metric(
        name="5xx answers",
        kind="counts",
        queries=queries,
        ratio=2.0,
        points=0.01,
        function=logical_id,
        lasting=_LASTING,
    )
    for level in ("p50", "p90"):
        yield Metric(
            name=f"{level} of answering, in ms",
            kind="gauge",
            queries=(query("Latency", level),),
            margin=0.2,
            least_noise=0.05,
            function=logical_id,
            lasting=_LASTING,
            form=Form.LOG,
        )


def oldest_message(logical_id: str, queue: str) -> Metric:
    """Seconds that the oldest message of a queue has waited."""
    return Metric(
        name="age of the oldest message, in s",
        kind="gauge",
        queries=(_sqs("ApproximateAgeOfOldestMessage", queue),),
        margin=1.0,
        least_noise=0.5,
        function=logical_id,
        lasting=_LASTING,
        form=Form.LOG,
    )


def dead_letters(logical_id: str, queue: str) -> Metric:
    """Messages that arrive in a dead-letter queue; a batch that comes at once is no harm that lasts."""
    return Metric(
        name="dead letters",
        kind="counts",
        queries=(_sqs("ApproximateNumberOfMessagesVisible", queue),),
        ratio=2.0,
        points=1.0,
        function=logical_id,
        lasting=_LASTING,
        form=Form.RISES,
    )


def _lambda(metric: str, function: str, statistic: str = "Sum") -> CloudWatchQuery:
    dimensions = (("FunctionName", function),)
    return CloudWatchQuery(namespace="AWS/Lambda", metric=metric, dimensions=dimensions, statistic=statistic)


def _sqs(metric: str, queue: str) -> CloudWatchQuery:
    return CloudWatchQuery(namespace="AWS/SQS", metric=metric, dimensions=(("QueueName", queue),), statistic="Maximum")


def _rest(resource: Resource, template: Mapping[str, Any], target: Target) -> Iterator[Metric]:
    """A REST API's metrics bear its name, and not its id; where nobody can tell the name there are none."""
    properties = _mapping(_mapping(_mapping(template.get("Resources")).get(resource.logical_id)).get("Properties"))
    title = _mapping(_mapping(properties.get("Body")).get("info")).get("title")
    name = _text(properties.get("Name", title), target)
    if name:
        yield from api(resource.logical_id, {"ApiName": name}, "5XXError")


def _text(value: object, target: Target) -> str:
    """A text of a template that is made of what a target knows; "" when it is made of more."""
    known = {"AWS::StackName": target.stack, "AWS::Region": target.region, "AWS::AccountId": target.account}
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return {**dict(target.parameters), **known}.get(name, "")
        case {"Fn::Sub": str(text)}:
            for name, meant in {**dict(target.parameters), **known}.items():
                text = text.replace(f"${{{name}}}", meant)
            return "" if "${" in text else text
        case _:
            return ""


def dead_letter_queues(template: Mapping[str, Any]) -> frozenset[str]:
    """Logical ids of the queues that take what nobody could handle."""
    return frozenset(_dead_letters(template))


def _dead_letters(part: object, inside: bool = False) -> Iterator[str]:
    """Logical ids that a template names below a key that makes a queue one of dead letters."""
    match part:
        case {"Fn::GetAtt": [str(name), str()]} if inside:
            yield name
        case dict():
            for key, value in cast("dict[str, object]", part).items():
                yield from _dead_letters(value, inside or key in _DEAD_LETTERS)
        case list():
            for value in cast("list[object]", part):
                yield from _dead_letters(value, inside)
        case _:
            pass


def _template(aws: Aws, target: Target) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(original(aws, target)))
    except ValueError:
        return {}  # YAML, which is no template of ours


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
