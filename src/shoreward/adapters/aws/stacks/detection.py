"""CloudFormation's drift detection: what somebody changed in a stack's other resources, tables and queues among them.

Beside `drift`, which compares functions, versions and aliases by itself: detection takes a minute or more, so it is
begun early and asked for late. It runs with the rights of whoever begins it, and fails where it may not read; what it
could not tell is said, and is never taken to be as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of, message_of
from shoreward.adapters.aws.stacks.stack import resources
from shoreward.domain import Detected, Difference, OperationError, Retryable, Target, Terminal

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import (
        DescribeStackDriftDetectionStatusOutputTypeDef,
        StackResourceDriftTypeDef,
    )

T = TypeVar("T")

OWN = frozenset({"AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"})
"""Types that releases work on, and that are compared otherwise."""

_MOST = 200
"""Resources that a detection may be narrowed down to."""
_LONGEST = 60
"""Characters of a value that are shown."""
_SECRET = ("value", "environment", "password", "secret", "token", "credential")
"""What in the name of a property means that its value is nobody's to see."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A detection: its id, None when it could not be begun, and when that was."""

    id: str | None
    at: float


_NEVER = _Begun(None, 0.0)


class Detection:
    """Begins detections, and tells what they found. Safe between threads; what a crash forgets is begun again."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._begun: dict[str, _Begun] = {}

    def begin(self, target: Target, *, every: float = 0.0) -> None:
        """See `DriftSource.begin`."""
        now = self._aws.timing.clock()
        with self._lock:
            known = self._begun.get(target.key)
        if known and now < known.at + every:
            return
        aws = self._aws.within(0.0)
        try:
            begun = _begin(aws, target, _others(aws, target))
        except OperationError:
            begun = None  # whoever asks for the answer begins it again, and is told why it fails
        with self._lock:
            self._begun[target.key] = _Begun(begun, now)

    def detected(self, target: Target, patience: float) -> Detected | None:
        """See `DriftSource.detected`."""
        with self._lock:
            known = self._begun.pop(target.key, _NEVER)
        try:
            others = _others(self._aws, target)
            if not others:
                return Detected()
            begun = known.id or self._wait(target, patience, lambda: _begin(self._aws, target, others))
            if begun is None:
                return None
            seen = self._wait(target, patience, lambda: _status(self._aws, target, begun))
            if seen is None:
                with self._lock:
                    self._begun.setdefault(target.key, _Begun(begun, known.at))
                return None
            failed = seen["DetectionStatus"] == "DETECTION_FAILED"
            return Detected(
                found=_found(self._aws, target, others, seen["Timestamp"]),
                unknown=seen.get("DetectionStatusReason", "it failed") if failed else "",
            )
        except OperationError as error:
            return Detected(unknown=f"{error.what} {error.next}".strip(), looked=False)

    def _wait(self, target: Target, patience: float, look: Callable[[], T | None]) -> T | None:
        late = Retryable("STACK_BUSY", f"CloudFormation still looks after {patience:.0f} s.", where=target.key)
        try:
            return self._aws.timing.poll(look, limit=patience, late=lambda: late)
        except Retryable as error:
            if error is late:
                return None
            raise


def _others(aws: Aws, target: Target) -> tuple[str, ...]:
    """Logical ids of what is not compared otherwise."""
    return tuple(name for name, one in resources(aws, target).items() if one.type not in OWN)


def _begin(aws: Aws, target: Target, others: tuple[str, ...]) -> str | None:
    """The id of a new detection; None where there is nothing to detect, or another one is under way."""
    if not others:
        return None
    client = aws.cloudformation(target)
    narrowed: dict[str, Any] = {"LogicalResourceIds": list(others)} if len(others) <= _MOST else {}
    try:
        answer = aws.call(target, client.detect_stack_drift, StackName=target.stack, **narrowed)
    except Terminal as error:
        if code_of(error) == "ValidationError" and "already in progress" in message_of(error):
            return None
        raise
    return answer["StackDriftDetectionId"]


def _status(aws: Aws, target: Target, begun: str) -> DescribeStackDriftDetectionStatusOutputTypeDef | None:
    """How a detection ended; None while it is under way."""
    client = aws.cloudformation(target)
    seen = aws.call(target, client.describe_stack_drift_detection_status, StackDriftDetectionId=begun)
    return None if seen["DetectionStatus"] == "DETECTION_IN_PROGRESS" else seen


def _found(aws: Aws, target: Target, others: Collection[str], since: datetime) -> tuple[Difference, ...]:
    """What detections found since then; what an earlier one did may have been changed back."""
    client = aws.cloudformation(target)
    asked: dict[str, Any] = {"StackName": target.stack, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    return tuple(
        each
        for page in pages(lambda more: aws.call(target, client.describe_stack_resource_drifts, **asked, **more))
        for one in page["StackResourceDrifts"]
        if one["LogicalResourceId"] in others and one["Timestamp"] >= since
        for each in _differences(one)
    )


def _differences(one: StackResourceDriftTypeDef) -> Iterator[Difference]:
    name = one["LogicalResourceId"]
    if one["StackResourceDriftStatus"] == "DELETED":
        yield Difference(resource=name, path="", expected="there", actual="deleted")
    for each in one.get("PropertyDifferences", []):
        path = each["PropertyPath"].strip("/").replace("/", ".")
        shown = _shown if not any(word in path.lower() for word in _SECRET) else _hidden
        yield Difference(
            resource=name, path=path, expected=shown(each["ExpectedValue"]), actual=shown(each["ActualValue"])
        )


def _shown(value: str) -> str:
    text = "not set" if value in ("", "null") else value
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _hidden(value: str) -> str:
    return "not set" if value in ("", "null") else "a value that is not shown"
