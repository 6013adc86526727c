"""Drift detection sees aliases, which AWS checks and the emulator did not: in mid-release that is what matters.

As on AWS only properties that the template sets are compared; a routing that the template does not name is no drift.
And it takes its time: for a moment it is in progress, in which a stack takes no other one. Seams: the table of drift
readers, DetectStackDrift and DescribeStackDriftDetectionStatus.
"""

import re
import time
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping

TAKES = 0.05
"""Seconds that a detection is in progress; AWS takes a minute or more."""

_ANSWER = re.compile(
    rb"<StackDriftStatus>.*?</StackDriftStatus>|<DetectionStatusReason>.*?</DetectionStatusReason>"
    rb"|<DriftedStackResourceCount>.*?</DriftedStackResourceCount>"
)
"""What is known of a detection once it is over."""


def apply() -> None:
    """Add a reader for aliases, and let detections take their time."""
    _take_time()
    readers: dict[str, Any] = seam.service("cloudformation.drift")._DRIFT_READERS
    compared = frozenset({"FunctionVersion", "Name", "Description", "RoutingConfig"})
    readers["AWS::Lambda::Alias"] = (_read_alias, compared)


def _take_time() -> None:
    handlers = seam.service("cloudformation.handlers")
    actions: dict[str, Any] = handlers._ACTION_HANDLERS
    emulator_detect, emulator_describe = actions["DetectStackDrift"], actions["DescribeStackDriftDetectionStatus"]

    def detect(params: dict[str, Any]) -> Any:
        stack: dict[str, Any] = mapping(handlers._resolve_stack(handlers._p(params, "StackName")))
        if time.monotonic() < stack.get("_detecting", 0.0):
            text = f"Drift detection is already in progress for stack [{stack.get('StackId')}]"
            return handlers._error("ValidationError", text)
        answer = emulator_detect(params)
        if answer[0] == 200:
            stack["_detecting"] = time.monotonic() + TAKES
        return answer

    def describe(params: dict[str, Any]) -> Any:
        status, headers, body = emulator_describe(params)
        found = re.search(rb"<StackId>(.*?)</StackId>", body)
        stack: dict[str, Any] = mapping(handlers._resolve_stack(found[1].decode()) if found else None)
        if status != 200 or time.monotonic() >= stack.get("_detecting", 0.0):
            return status, headers, body
        under_way = b"<DetectionStatus>DETECTION_IN_PROGRESS</DetectionStatus>"
        return status, headers, re.sub(rb"<DetectionStatus>.*?</DetectionStatus>", under_way, _ANSWER.sub(b"", body))

    actions.update(DetectStackDrift=detect, DescribeStackDriftDetectionStatus=describe)


def _read_alias(physical_id: str, _props: dict[str, Any]) -> dict[str, Any] | None:
    parts = physical_id.split(":")
    func = seam.service("lambda_svc")._functions.get(parts[6]) if len(parts) > 7 else None
    alias: dict[str, Any] | None = mapping(func).get("aliases", {}).get(parts[-1])
    if alias is None:
        return None
    weights: dict[str, float] = mapping(mapping(alias.get("RoutingConfig")).get("AdditionalVersionWeights"))
    shown = [{"FunctionVersion": version, "FunctionWeight": weight} for version, weight in weights.items()]
    return {
        "FunctionVersion": alias.get("FunctionVersion"),
        "Name": alias.get("Name"),
        "Description": alias.get("Description", ""),
        "RoutingConfig": {"AdditionalVersionWeights": shown},
    }
