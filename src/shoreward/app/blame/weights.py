"""How likely a kind of change is to harm a function in a way that was seen, from 0 to 1.

The figures are judgements, not measurements: they only have to bring commits into an order. `tests/blame` tries them
on seeded histories.
"""

from __future__ import annotations

from shoreward.app.blame.changes import Touched
from shoreward.app.blame.harm import Way

HANDLER = 1.0
IMPORTED = 0.95
MANIFEST = 0.8
LAYER = 0.7
OUTSIDE = 0.85
DATA = 0.45
"""A file in the function's folder that is no code."""
UNREACHED = 0.12
"""Code in the function's folder that its handler does not import."""
NEIGHBOUR = 0.15
"""Code of a function that shares a resource with it."""
TESTED = 0.7
"""Times this for code that tests import: they passed before the release."""
ELSEWHERE = 0.02
TESTS = 0.004
DOCUMENTATION = 0.001
UNREADABLE = 0.5
"""A template that cannot be read or compared."""

_INERT = ("Tags", "Description", "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "Outputs")
_ERRORS = {
    "Handler": 1.0, "Runtime": 0.95, "CodeUri": 1.0, "Code": 1.0, "InlineCode": 1.0, "Environment": 0.95,
    "Policies": 0.95, "Role": 0.95, "PermissionsBoundary": 0.95, "Layers": 0.9, "Timeout": 0.95, "MemorySize": 0.8,
    "VpcConfig": 0.9, "FileSystemConfigs": 0.9, "Architectures": 0.9, "KmsKeyArn": 0.8, "EphemeralStorage": 0.6,
    "Events": 0.5, "Connectors": 0.8,
}  # fmt: skip
_LATENCY = {
    "MemorySize": 1.0, "Architectures": 0.8, "VpcConfig": 0.9, "Runtime": 0.7, "CodeUri": 0.8, "Layers": 0.7,
    "SnapStart": 0.7, "ProvisionedConcurrencyConfig": 0.9, "Environment": 0.7, "Tracing": 0.4, "Timeout": 0.2,
    "ReservedConcurrentExecutions": 0.5, "FileSystemConfigs": 0.7, "Policies": 0.2, "Role": 0.2, "Handler": 0.7,
}  # fmt: skip
_SILENCE = {
    "Events": 1.0, "FunctionUrlConfig": 1.0, "AutoPublishAlias": 0.9, "ReservedConcurrentExecutions": 0.8,
    "Policies": 0.4, "Role": 0.4, "Environment": 0.3,
}  # fmt: skip
_THROTTLES = {"ReservedConcurrentExecutions": 1.0, "ProvisionedConcurrencyConfig": 0.8, "Events": 0.6, "Timeout": 0.4}
_MORE_IS_SAFER = ("MemorySize", "Timeout", "EphemeralStorage", "ReservedConcurrentExecutions", "VisibilityTimeout")
_GRANTS = ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::Lambda::Permission")
_SOURCES = (
    "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission", "AWS::Events::Rule", "AWS::Serverless::Api",
    "AWS::Serverless::HttpApi",
)  # fmt: skip


def of_function(change: Touched, way: Way) -> float:
    """A change of the function's own resource."""
    if change.key in _INERT:
        return 0.005
    if not change.key:
        return 0.9
    match way:
        case "errors":
            found = _ERRORS.get(change.key, 0.3)
        case "latency":
            found = _LATENCY.get(change.key, 0.15)
        case "silence":
            found = _SILENCE.get(change.key, 0.15)
        case "throttles":
            found = _THROTTLES.get(change.key, 0.15)
        case "other":
            found = max(_ERRORS.get(change.key, 0.3), _LATENCY.get(change.key, 0.15))
    return found * _direction(change)


def of_neighbour(change: Touched, kind: str, distance: int, way: Way) -> float:
    """A change of a resource that the function refers to, or that refers to it."""
    if change.key in _INERT or kind == "AWS::CloudWatch::Alarm":
        return 0.005
    near = 0.55 if distance == 1 else 0.15
    if distance == 1 and kind in _GRANTS and way in ("errors", "silence", "other"):
        near = 0.9
    if distance == 1 and kind in _SOURCES and way == "silence":
        near = 0.9
    return near * _direction(change)


def of_code(way: Way) -> float:
    """How much code can do about it: it throttles nobody by itself."""
    return {"errors": 1.0, "latency": 1.0, "silence": 0.5, "throttles": 0.5, "other": 1.0}[way]


def _direction(change: Touched) -> float:
    if change.key in _MORE_IS_SAFER and change.raised:
        return 0.12
    # What comes in addition takes nothing away from code that did without.
    return 0.35 if change.added and change.key in ("Environment", "Policies", "Events", "Layers") else 1.0
