"""After each release: is anything left that should not be? Asked of the cloud itself, not of the journal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from shoreward.demo.scene import Scene
from shoreward.domain import Target


def aftermath(scene: Scene) -> list[str]:
    """What is left over on any target: stacks in drift, aliases with weights. Empty when all is well."""

    def look(target: Target) -> list[str]:
        return list(_leftovers(scene, target))

    with ThreadPoolExecutor(8) as pool:
        return [leftover for leftovers in pool.map(look, scene.pipeline.targets) for leftover in leftovers]


def _leftovers(scene: Scene, target: Target) -> Iterator[str]:
    if (drift := _drift(scene, target)) != "IN_SYNC":
        yield f"{target}: the stack is {drift}"
    functions = scene.functions(target)
    for resource in scene.resources(target, "AWS::Lambda::Function"):
        for alias in functions.list_aliases(FunctionName=resource)["Aliases"]:
            if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
                yield f"{target}: {resource} has weights left on {alias.get('Name')}"


def _drift(scene: Scene, target: Target) -> str:
    stacks = scene.stacks(target.account, target.region)
    detection = stacks.detect_stack_drift(StackName=target.stack)["StackDriftDetectionId"]
    while True:
        told = stacks.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if told["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return told.get("StackDriftStatus", told["DetectionStatus"])
        time.sleep(0.05)
