"""What SAM makes of what: where a property of a translated resource comes from in the resource that a person wrote.

Tables for `origins`, after the pages "Generated AWS CloudFormation resources" of SAM's developer guide and after what
the translator really makes. A property that stands in no table has its own name.
"""

from __future__ import annotations

import re

from shoreward.spec.template.plain import Path

FUNCTION = "AWS::Serverless::Function"
MACHINE = "AWS::Serverless::StateMachine"
REST = "AWS::Serverless::Api"
HTTP = "AWS::Serverless::HttpApi"
IMPLICIT = {"ServerlessRestApi": ("Api", "RestApiId"), "ServerlessHttpApi": ("HttpApi", "ApiId")}
"""Gateways that SAM makes for events that name none: the events' type, and what they leave out."""

DOMAINS = frozenset(
    {
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::DomainNameV2",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::Route53::RecordSetGroup",
    }
)
"""What SAM names after a domain and not after the gateway that has it."""

RENAMED: dict[str, dict[str, tuple[Path, ...]]] = {
    FUNCTION: {
        "Code": (("CodeUri",), ("InlineCode",), ("ImageUri",)),
        "DeadLetterConfig": (("DeadLetterQueue",),),
        "TracingConfig": (("Tracing",),),
        "ManagedPolicyArns": (("Policies",), ("Tracing",), ("VpcConfig",)),
    },
    MACHINE: {
        "DefinitionS3Location": (("DefinitionUri",),),
        "DefinitionString": (("Definition",), ("DefinitionUri",)),
        "LoggingConfiguration": (("Logging",),),
        "ManagedPolicyArns": (("Policies",), ("Tracing",)),
        "RoleArn": (("Role",),),
        "StateMachineName": (("Name",),),
        "StateMachineType": (("Type",),),
        "TracingConfiguration": (("Tracing",),),
    },
    REST: {
        "Body": (("DefinitionBody",), ("DefinitionUri",), ("Auth",)),
        "BodyS3Location": (("DefinitionUri",),),
        "DomainName": (("Domain",),),
        "Policy": (("Auth", "ResourcePolicy"),),
    },
    HTTP: {
        "Body": (("DefinitionBody",), ("DefinitionUri",), ("Auth",)),
        "CorsConfiguration": (("CorsConfiguration",),),
    },
    "AWS::Serverless::LayerVersion": {"Content": (("ContentUri",),)},
    "AWS::Serverless::SimpleTable": {
        "AttributeDefinitions": (("PrimaryKey",),),
        "KeySchema": (("PrimaryKey",),),
    },
    "AWS::Serverless::GraphQLApi": {"Definition": (("SchemaInline",), ("SchemaUri",))},
}
"""SAM type, property after the translation, and where it was before: the first of these that is written counts."""

IN_EVENTS: dict[str, tuple[str, ...]] = {
    "EventPattern": ("Pattern", "EventPattern"),
    "EventSourceArn": ("Queue", "Stream", "Broker", "Cluster"),
    "LogGroupName": ("LogGroupName",),
    "ScheduleExpression": ("Schedule", "ScheduleExpression"),
    "TopicArn": ("Topic",),
    "TopicRulePayload": ("Sql",),
}

GRANTED_FOR: tuple[tuple[str, Path], ...] = (
    ("DeadLetterQueuePolicy", ("DeadLetterQueue",)),
    ("EventInvokeConfigOnSuccess", ("EventInvokeConfig", "DestinationConfig", "OnSuccess")),
    ("EventInvokeConfigOnFailure", ("EventInvokeConfig", "DestinationConfig", "OnFailure")),
)
"""Inline policies that SAM adds to a role by itself: a part of their names, and the property that asks for them."""

MANAGED_FOR: tuple[tuple[str, Path], ...] = (
    ("AWSXRayDaemonWriteAccess", ("Tracing",)),
    ("AWSXrayWriteOnlyAccess", ("Tracing",)),
    ("AWSLambdaVPCAccessExecutionRole", ("VpcConfig",)),
)
"""Managed policies that SAM adds for a property: the end of their ARNs."""

MANAGED_FOR_EVENTS: dict[str, tuple[str, ...]] = {
    "AWSLambdaDynamoDBExecutionRole": ("DynamoDB",),
    "AWSLambdaKinesisExecutionRole": ("Kinesis",),
    "AWSLambdaMSKExecutionRole": ("MSK",),
    "AWSLambdaSQSQueueExecutionRole": ("SQS", "SNS"),
}
"""Managed policies that SAM adds for events of some types: the end of their ARNs."""

_PARTS: dict[str, tuple[tuple[re.Pattern[str], Path], ...]] = {
    FUNCTION: (
        (re.compile(r"Role"), ()),
        (re.compile(r"Version[0-9a-f]{10}"), ()),
        (re.compile(r"Alias[A-Za-z0-9]*"), ("AutoPublishAlias",)),
        (re.compile(r"UrlPublicPermissions|URLInvokeAllowPublicAccess"), ("FunctionUrlConfig", "AuthType")),
        (re.compile(r"Url"), ("FunctionUrlConfig",)),
        (
            re.compile(r"EventInvokeConfigOn(Success|Failure)(Queue|Topic|QueuePolicy|TopicPolicy)"),
            ("EventInvokeConfig", "DestinationConfig"),
        ),
        (re.compile(r"EventInvokeConfig"), ("EventInvokeConfig",)),
    ),
    MACHINE: (
        (re.compile(r"Role"), ()),
        (re.compile(r"Version"), ("AutoPublishAlias",)),
        (re.compile(r"Alias[A-Za-z0-9]*"), ("AutoPublishAlias",)),
    ),
    REST: (
        (re.compile(r"UsagePlan(Key)?|ApiKey"), ("Auth", "UsagePlan")),
        (re.compile(r"BasePathMapping"), ("Domain",)),
        (re.compile(r"[A-Za-z0-9]+AuthorizerPermission"), ("Auth", "Authorizers")),
    ),
    HTTP: (
        (re.compile(r"ApiMapping"), ("Domain",)),
        (re.compile(r"[A-Za-z0-9]+AuthorizerPermission"), ("Auth", "Authorizers")),
    ),
}


def part_of(sam_type: str, suffix: str) -> Path | None:
    """The part of a SAM resource that a generated resource is made of, by what its name has beyond the resource's.

    None when the name tells nothing; () when it stands for the whole resource.
    """
    for pattern, part in _PARTS.get(sam_type, ()):
        if pattern.fullmatch(suffix):
            return part
    return None
