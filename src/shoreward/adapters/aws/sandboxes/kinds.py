"""Kinds of things that a sandbox may leave behind: how each is listed, recognised and removed.

CloudFormation removes what it made, as a rule. This table is for what it keeps (`Retain`), for what functions made
beside their stack (log groups), and above all for the proof: whatever a service still lists is left, whoever said
that it was deleted. Operations and members are called as botocore calls them. A type that is not in the table is left
to CloudFormation's own word (`proof`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of thing.

    Attributes:
        type: CloudFormation's name of it.
        label: what people call several of them.
        service: botocore's name of the service.
        listing: the operation that lists them, asked with `asks`; `items` is the answer's member that holds them.
        id: the item's member that CloudFormation calls its physical id; "" when the item is that id itself.
        name: the member that holds a name that people or CloudFormation gave it, where that is another one.
        removal: the operation that removes one; `argument` takes its id, in a list when `several`; asked with `adds`.
        arn: how the last part of its ARN begins behind the account, "" when its ARN says nothing else than its name.
    """

    type: str
    label: str
    service: str
    listing: str
    items: str
    id: str = ""
    name: str = ""
    asks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    removal: str
    argument: str
    several: bool = False
    adds: Mapping[str, Any] = field(default_factory=dict[str, Any])
    arn: str = ""


LOG_GROUP = "AWS::Logs::LogGroup"
FUNCTION = "AWS::Lambda::Function"
LAYER = "AWS::Lambda::LayerVersion"
BUCKET = "AWS::S3::Bucket"
TABLE = "AWS::DynamoDB::Table"
ROLE = "AWS::IAM::Role"
POLICY = "AWS::IAM::ManagedPolicy"
RULE = "AWS::Events::Rule"
USER_POOL = "AWS::Cognito::UserPool"
REPOSITORY = "AWS::ECR::Repository"
STACK = "AWS::CloudFormation::Stack"

KINDS: tuple[Kind, ...] = (
    # Those that keep others alive, or make new ones while they live, come first: they are removed in this order.
    Kind(
        type="AWS::Lambda::EventSourceMapping",
        label="event source mappings",
        service="lambda",
        listing="list_event_source_mappings",
        items="EventSourceMappings",
        id="UUID",
        name="FunctionArn",
        removal="delete_event_source_mapping",
        argument="UUID",
        arn="event-source-mapping:",
    ),
    Kind(
        type=RULE,
        label="rules",
        service="events",
        listing="list_rules",
        items="Rules",
        id="Name",
        removal="delete_rule",
        argument="Name",
        arn="rule/",
    ),
    Kind(
        type="AWS::Scheduler::Schedule",
        label="schedules",
        service="scheduler",
        listing="list_schedules",
        items="Schedules",
        id="Name",
        removal="delete_schedule",
        argument="Name",
        arn="schedule/",
    ),
    Kind(
        type="AWS::ApiGateway::RestApi",
        label="REST APIs",
        service="apigateway",
        listing="get_rest_apis",
        items="items",
        id="id",
        name="name",
        removal="delete_rest_api",
        argument="restApiId",
        arn="/restapis/",
    ),
    Kind(
        type="AWS::ApiGatewayV2::Api",
        label="HTTP APIs",
        service="apigatewayv2",
        listing="get_apis",
        items="Items",
        id="ApiId",
        name="Name",
        removal="delete_api",
        argument="ApiId",
        arn="/apis/",
    ),
    Kind(
        type="AWS::StepFunctions::StateMachine",
        label="state machines",
        service="stepfunctions",
        listing="list_state_machines",
        items="stateMachines",
        id="stateMachineArn",
        removal="delete_state_machine",
        argument="stateMachineArn",
        arn="stateMachine:",
    ),
    Kind(
        type=FUNCTION,
        label="functions",
        service="lambda",
        listing="list_functions",
        items="Functions",
        id="FunctionName",
        removal="delete_function",
        argument="FunctionName",
        arn="function:",
    ),
    Kind(
        type=LAYER,
        label="layers",
        service="lambda",
        listing="list_layers",
        items="Layers",
        id="LayerArn",
        removal="delete_layer_version",
        argument="LayerName",
        arn="layer:",
    ),
    Kind(
        type=LOG_GROUP,
        label="log groups",
        service="logs",
        listing="describe_log_groups",
        items="logGroups",
        id="logGroupName",
        removal="delete_log_group",
        argument="logGroupName",
        arn="log-group:",
    ),
    Kind(
        type="AWS::SNS::Topic",
        label="topics",
        service="sns",
        listing="list_topics",
        items="Topics",
        id="TopicArn",
        removal="delete_topic",
        argument="TopicArn",
    ),
    Kind(
        type="AWS::SQS::Queue",
        label="queues",
        service="sqs",
        listing="list_queues",
        items="QueueUrls",
        removal="delete_queue",
        argument="QueueUrl",
    ),
    Kind(
        type="AWS::Kinesis::Stream",
        label="streams",
        service="kinesis",
        listing="list_streams",
        items="StreamNames",
        removal="delete_stream",
        argument="StreamName",
        adds={"EnforceConsumerDeletion": True},
        arn="stream/",
    ),
    Kind(
        type=TABLE,
        label="tables",
        service="dynamodb",
        listing="list_tables",
        items="TableNames",
        removal="delete_table",
        argument="TableName",
        arn="table/",
    ),
    Kind(
        type=BUCKET,
        label="buckets",
        service="s3",
        listing="list_buckets",
        items="Buckets",
        id="Name",
        removal="delete_bucket",
        argument="Bucket",
    ),
    Kind(
        type=USER_POOL,
        label="user pools",
        service="cognito-idp",
        listing="list_user_pools",
        items="UserPools",
        id="Id",
        name="Name",
        asks={"MaxResults": 60},
        removal="delete_user_pool",
        argument="UserPoolId",
        arn="userpool/",
    ),
    Kind(
        type=REPOSITORY,
        label="image repositories",
        service="ecr",
        listing="describe_repositories",
        items="repositories",
        id="repositoryName",
        removal="delete_repository",
        argument="repositoryName",
        adds={"force": True},
        arn="repository/",
    ),
    Kind(
        type="AWS::SecretsManager::Secret",
        label="secrets",
        service="secretsmanager",
        listing="list_secrets",
        items="SecretList",
        id="ARN",
        name="Name",
        removal="delete_secret",
        argument="SecretId",
        adds={"ForceDeleteWithoutRecovery": True},
        arn="secret:",
    ),
    Kind(
        type="AWS::SSM::Parameter",
        label="parameters",
        service="ssm",
        listing="describe_parameters",
        items="Parameters",
        id="Name",
        removal="delete_parameter",
        argument="Name",
        arn="parameter",
    ),
    Kind(
        type="AWS::CloudWatch::Alarm",
        label="alarms",
        service="cloudwatch",
        listing="describe_alarms",
        items="MetricAlarms",
        id="AlarmName",
        removal="delete_alarms",
        argument="AlarmNames",
        several=True,
        arn="alarm:",
    ),
    Kind(
        type="AWS::Events::EventBus",
        label="event buses",
        service="events",
        listing="list_event_buses",
        items="EventBuses",
        id="Name",
        removal="delete_event_bus",
        argument="Name",
        arn="event-bus/",
    ),
    Kind(
        type=POLICY,
        label="policies",
        service="iam",
        listing="list_policies",
        items="Policies",
        id="Arn",
        asks={"Scope": "Local"},
        removal="delete_policy",
        argument="PolicyArn",
        arn="policy/",
    ),
    Kind(
        type=ROLE,
        label="roles",
        service="iam",
        listing="list_roles",
        items="Roles",
        id="RoleName",
        removal="delete_role",
        argument="RoleName",
        arn="role/",
    ),
)

BY_TYPE: Mapping[str, Kind] = {kind.type: kind for kind in KINDS}

WITH_ANOTHER = frozenset(
    {
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::Stage",
        "AWS::ApiGatewayV2::Stage",
        "AWS::IAM::Policy",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Lambda::Version",
        "AWS::Logs::LogStream",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SQS::QueuePolicy",
    }
)
"""Types that are part of another thing and end with it, whatever CloudFormation was told to keep."""

_SERVICES = {"states": "stepfunctions", "monitoring": "cloudwatch"}


def kind_of_arn(arn: str) -> Kind | None:
    """The kind of what an ARN names, or None when it is in no table."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return None
    service = _SERVICES.get(parts[2], parts[2])
    fits = [
        kind
        for kind in KINDS
        if (service == kind.service or (service == "apigateway" and kind.service == "apigatewayv2"))
        and parts[5].startswith(kind.arn)
    ]
    return max(fits, key=lambda kind: len(kind.arn), default=None)
