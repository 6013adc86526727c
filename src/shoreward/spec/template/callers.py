"""What calls functions: resource types, and the properties with which they name whom they call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from shoreward.spec.template.naming import called
from shoreward.spec.template.plain import Json, Path, mapping

FUNCTION = "AWS::Lambda::Function"
INVOKE_CONFIG = "AWS::Lambda::EventInvokeConfig"
MACHINE = "AWS::StepFunctions::StateMachine"
_URL = "AWS::Lambda::Url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A property that names the function which a resource calls.

    Attributes:
        path: steps below Properties; '*' is any one step, '**' any number of them.
        role: the key, beside the property or around it, of the role that calls; the function whose role it is, where
            it names one.
        service: that calls, by a permission, where there is no role. Where there is neither, Lambda itself calls.
    """

    type: str
    path: str
    role: str = ""
    service: str = ""


def _by_role(type: str, path: str, role: str) -> Caller:
    return Caller(type=type, path=path, role=role)


def _by_service(type: str, path: str, service: str, role: str = "") -> Caller:
    return Caller(type=type, path=path, role=role, service=service)


_CALLERS = (
    _by_role(FUNCTION, "Environment Variables *", "Role"),
    _by_role(INVOKE_CONFIG, "DestinationConfig * Destination", "FunctionName"),
    _by_role(MACHINE, "DefinitionSubstitutions *", "RoleArn"),
    _by_role(MACHINE, "DefinitionString", "RoleArn"),
    _by_role(MACHINE, "Definition ** Resource", "RoleArn"),
    _by_role(MACHINE, "Definition ** FunctionName", "RoleArn"),
    _by_role("AWS::Scheduler::Schedule", "Target Arn", "RoleArn"),
    _by_role("AWS::Pipes::Pipe", "Enrichment", "RoleArn"),
    _by_role("AWS::Pipes::Pipe", "Target", "RoleArn"),
    _by_role("AWS::AppSync::DataSource", "LambdaConfig LambdaFunctionArn", "ServiceRoleArn"),
    _by_role("AWS::KinesisFirehose::DeliveryStream", "** Processors * Parameters * ParameterValue", "RoleARN"),
    _by_service("AWS::ApiGateway::Method", "Integration Uri", "apigateway", "Credentials"),
    _by_service("AWS::ApiGateway::Authorizer", "AuthorizerUri", "apigateway", "AuthorizerCredentials"),
    _by_service("AWS::ApiGateway::RestApi", "Body ** uri", "apigateway", "credentials"),
    _by_service("AWS::ApiGateway::RestApi", "Body ** authorizerUri", "apigateway", "authorizerCredentials"),
    _by_service("AWS::ApiGatewayV2::Api", "Target", "apigateway", "CredentialsArn"),
    _by_service("AWS::ApiGatewayV2::Api", "Body ** uri", "apigateway", "credentials"),
    _by_service("AWS::ApiGatewayV2::Api", "Body ** authorizerUri", "apigateway", "authorizerCredentials"),
    _by_service("AWS::ApiGatewayV2::Integration", "IntegrationUri", "apigateway", "CredentialsArn"),
    _by_service("AWS::ApiGatewayV2::Authorizer", "AuthorizerUri", "apigateway", "AuthorizerCredentialsArn"),
    _by_service("AWS::Cognito::UserPool", "LambdaConfig **", "cognito-idp"),
    _by_service("AWS::Events::Rule", "Targets * Arn", "events"),
    _by_service("AWS::IoT::TopicRule", "TopicRulePayload ** Lambda FunctionArn", "iot"),
    _by_service("AWS::Logs::SubscriptionFilter", "DestinationArn", "logs"),
    _by_service("AWS::S3::Bucket", "NotificationConfiguration LambdaConfigurations * Function", "s3"),
    _by_service("AWS::SNS::Subscription", "Endpoint", "sns"),
    _by_service("AWS::SNS::Topic", "Subscription * Endpoint", "sns"),
    Caller(type="AWS::Lambda::EventSourceMapping", path="FunctionName"),
)
"""What calls functions and takes an alias' ARN in their place."""

_CALL_NOTHING = (
    "AWS::CloudFormation::",
    "AWS::CloudWatch::",
    "AWS::IAM::",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "Custom::",
)
"""Types that refer to a function without calling it, or only while a stack is deployed."""


def calls(resource: dict[str, Json], functions: Collection[str]) -> Iterator[tuple[Caller, Path, Json]]:
    """Properties with which a resource calls some functions, by their paths below Properties."""
    if rows := [row for row in _CALLERS if row.type == resource["Type"]]:
        for path, value in _intrinsics(resource.get("Properties"), ()):
            row = next((row for row in rows if _fits(path, row.path.split())), None)
            if row is not None and called(value, functions):
                yield row, path, value


def _intrinsics(value: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    node = mapping(value)
    if len(node) == 1 and str(next(iter(node))).startswith(("Ref", "Fn::")):
        yield path, value
        return
    steps = enumerate(cast("list[Json]", value)) if isinstance(value, list) else node.items()
    for step, inner in steps:
        yield from _intrinsics(inner, (*path, step))


def _fits(path: Path, pattern: Sequence[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_fits(path[skipped:], pattern[1:]) for skipped in range(len(path) + 1))
    return bool(path) and pattern[0] in ("*", path[0]) and _fits(path[1:], pattern[1:])


def seems_to_call(resource: dict[str, Json], functions: Collection[str]) -> list[str]:
    """Those of some functions that a resource refers to for no purpose known to be harmless, sorted."""
    properties = mapping(resource.get("Properties"))
    if resource["Type"].startswith(_CALL_NOTHING) or (resource["Type"] == _URL and "Qualifier" in properties):
        return []
    return called(properties, functions)
