"""What CloudFormation gets is traced back to the line that a person wrote."""

import pytest

from policy.support import HEAD, line_of, made_of, origins_of
from shoreward.adapters.policy.origins import Origins

BEACH = (
    HEAD
    + """\
Globals:
  Function:
    Runtime: python3.12
    Handler: app.handler
    Timeout: 10
    Environment:
      Variables:
        SHORE: north
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://beach/tide
      MemorySize: 512
      Tracing: Active
      Environment:
        Variables:
          MOON: full
      DeadLetterQueue:
        Type: SQS
        TargetArn: !GetAtt Flotsam.Arn
      Policies:
        - AWSLambdaBasicExecutionRole
        - DynamoDBReadPolicy:
            TableName: !Ref Castles
        - Statement:
            - Effect: Allow
              Action: s3:GetObject
              Resource: arn:aws:s3:::shells/*
            - Effect: Allow
              Action:
                - s3:PutObject
                - s3:DeleteObject
              Resource: arn:aws:s3:::pearls/*
      FunctionUrlConfig:
        AuthType: AWS_IAM
      EventInvokeConfig:
        MaximumRetryAttempts: 1
      Events:
        Look:
          Type: Api
          Properties:
            Path: /tide
            Method: get
        Listen:
          Type: HttpApi
          Properties:
            Path: /waves
            Method: post
        Hourly:
          Type: Schedule
          Properties:
            Schedule: rate(1 hour)
        Wash:
          Type: SQS
          Properties:
            Queue: !GetAtt Flotsam.Arn
            BatchSize: 5
        Gulls:
          Type: EventBridgeRule
          Properties:
            Pattern:
              source: [gulls]
  TideTable:
    Type: AWS::Serverless::SimpleTable
    Properties:
      PrimaryKey:
        Name: hour
        Type: String
  Castles:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - AttributeName: id
          AttributeType: S
      KeySchema:
        - AttributeName: id
          KeyType: HASH
  Flotsam:
    Type: AWS::SQS::Queue
  Pier:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      TracingEnabled: true
      Auth:
        UsagePlan:
          CreateUsagePlan: PER_API
      Domain:
        DomainName: pier.example.com
        CertificateArn: arn:aws:acm:eu-west-1:123456789012:certificate/c
        Route53:
          HostedZoneName: example.com.
  Sand:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: s3://beach/sand
  Contest:
    Type: AWS::Serverless::StateMachine
    Connectors:
      ToFlotsam:
        Properties:
          Destination:
            Id: Flotsam
          Permissions:
            - Write
    Properties:
      Definition:
        StartAt: Judge
        States:
          Judge:
            Type: Pass
            End: true
      Logging:
        Level: ALL
      Policies:
        - LambdaInvokePolicy:
            FunctionName: !Ref Tide
      Events:
        Daily:
          Type: Schedule
          Properties:
            Schedule: rate(1 day)
  Jetty:
    Type: AWS::Serverless::Connector
    Properties:
      Source:
        Id: Tide
      Destination:
        Id: Castles
      Permissions:
        - Read
"""
)


@pytest.fixture(scope="module")
def beach() -> Origins:
    return origins_of(BEACH)


@pytest.mark.parametrize(
    ("name", "owner", "line"),
    [
        ("Tide", "Tide", "  Tide:"),
        ("TideRole", "Tide", "      Policies:\n        - AWSLambda"),
        ("TideAliaslive", "Tide", "  Tide:"),
        ("TideUrl", "Tide", "FunctionUrlConfig:"),
        ("TideEventInvokeConfig", "Tide", "EventInvokeConfig:"),
        ("TideLookPermissionProd", "Tide", "        Look:"),
        ("TideListenPermission", "Tide", "        Listen:"),
        ("TideHourly", "Tide", "        Hourly:"),
        ("TideHourlyPermission", "Tide", "        Hourly:"),
        ("TideWash", "Tide", "        Wash:"),
        ("TideGulls", "Tide", "        Gulls:"),
        ("TideTable", "TideTable", "  TideTable:"),
        ("ServerlessRestApi", "ServerlessRestApi", "        Look:"),
        ("ServerlessRestApiProdStage", "ServerlessRestApi", "        Look:"),
        ("ServerlessHttpApi", "ServerlessHttpApi", "        Listen:"),
        ("ServerlessHttpApiApiGatewayDefaultStage", "ServerlessHttpApi", "        Listen:"),
        ("Pier", "Pier", "  Pier:"),
        ("PierprodStage", "Pier", "  Pier:"),
        ("PierUsagePlan", "Pier", "        UsagePlan:"),
        ("PierBasePathMapping", "Pier", "      Domain:"),
        ("ContestRole", "Contest", "      Policies:\n        - LambdaInvoke"),
        ("ContestDaily", "Contest", "        Daily:"),
        ("ContestDailyRole", "Contest", "        Daily:"),
        ("ContestToFlotsamPolicy", "Contest", "  Contest:"),
        ("JettyPolicy", "Jetty", "  Jetty:"),
    ],
)
def test_a_resource_that_sam_makes_belongs_to_one_that_was_written(
    beach: Origins, name: str, owner: str, line: str
) -> None:
    assert beach.subject(name) == owner
    assert beach.place(name).line == BEACH[: BEACH.index(line)].count("\n") + 1


def test_names_with_digests_in_them_are_known_too() -> None:
    template, made = made_of(BEACH)
    origins = Origins(template, made)
    for kind, owner in {
        "AWS::Lambda::Version": "Tide",
        "AWS::Lambda::LayerVersion": "Sand",
        "AWS::ApiGateway::DomainName": "Pier",
        "AWS::Route53::RecordSetGroup": "Pier",
    }.items():
        [name] = [name for name, one in made["Resources"].items() if one["Type"] == kind]
        assert name not in template.resources
        assert origins.subject(name) == owner


@pytest.mark.parametrize(
    ("name", "path", "line"),
    [
        ("Tide", "MemorySize", "MemorySize: 512"),
        ("Tide", "Timeout", "Timeout: 10"),
        ("Tide", "Environment.Variables.MOON", "MOON: full"),
        ("Tide", "Environment.Variables.SHORE", "SHORE: north"),
        ("Tide", "Environment.Variables.GONE", "        Variables:\n          MOON"),
        ("Tide", "TracingConfig.Mode", "Tracing: Active"),
        ("Tide", "Code.S3Key", "CodeUri: s3://beach/tide"),
        ("Tide", "DeadLetterConfig.TargetArn", "TargetArn: !GetAtt"),
        ("Tide", "Nonsense", "  Tide:"),
        ("TideUrl", "AuthType", "AuthType: AWS_IAM"),
        ("TideEventInvokeConfig", "MaximumRetryAttempts", "MaximumRetryAttempts: 1"),
        ("TideWash", "BatchSize", "BatchSize: 5"),
        ("TideWash", "EventSourceArn", "Queue: !GetAtt"),
        ("TideHourly", "ScheduleExpression", "Schedule: rate(1 hour)"),
        ("TideGulls", "EventPattern.source.0", "source: [gulls]"),
        ("TideTable", "KeySchema.0.AttributeName", "PrimaryKey:"),
        ("Castles", "KeySchema.0.KeyType", "KeyType: HASH"),
        ("Castles", "BillingMode", "BillingMode: PAY_PER_REQUEST"),
        ("PierprodStage", "TracingEnabled", "TracingEnabled: true"),
        ("Contest", "LoggingConfiguration.Level", "Level: ALL"),
        ("ContestDaily", "ScheduleExpression", "Schedule: rate(1 day)"),
        ("ServerlessRestApi", "Body.paths./tide.get", "        Look:"),
        ("ServerlessHttpApi", "Body.paths./waves.post.security", "        Listen:"),
        ("TideRole", "ManagedPolicyArns.0", "- AWSLambdaBasicExecutionRole"),
    ],
)
def test_a_property_is_found_under_the_name_that_it_had(beach: Origins, name: str, path: str, line: str) -> None:
    steps = beach.path(name, f"Properties.{path}")
    assert beach.place(name, steps).line == BEACH[: BEACH.index(line)].count("\n") + 1


def test_statements_of_a_function_s_role_lead_to_its_policies() -> None:
    template, made = made_of(BEACH)
    origins = Origins(template, made)
    policies = made["Resources"]["TideRole"]["Properties"]["Policies"]
    at = {one["PolicyName"]: index for index, one in enumerate(policies)}

    def line(policy: str, *path: str | int) -> int | None:
        return origins.place("TideRole", ("Properties", "Policies", at[policy], "PolicyDocument", *path)).line

    assert line("TideRolePolicy1", "Statement", 0, "Action") == line_of(BEACH, "- DynamoDBReadPolicy")
    assert line("TideRolePolicy1", "Statement", 0, "Resource", 1) == line_of(BEACH, "- DynamoDBReadPolicy") + 1
    assert line("TideRolePolicy2", "Statement", 0, "Action") == line_of(BEACH, "Action: s3:GetObject")
    assert line("TideRolePolicy2", "Statement", 1, "Action", 1) == line_of(BEACH, "- s3:DeleteObject")
    assert line("DeadLetterQueuePolicy", "Statement", 0) == line_of(BEACH, "DeadLetterQueue:")


def test_managed_policies_that_sam_adds_lead_to_what_asked_for_them() -> None:
    template, made = made_of(BEACH)
    origins = Origins(template, made)
    arns = made["Resources"]["TideRole"]["Properties"]["ManagedPolicyArns"]
    lines = {
        str(arn).rpartition("/")[2].rstrip("'}"): origins.place(
            "TideRole", ("Properties", "ManagedPolicyArns", at)
        ).line
        for at, arn in enumerate(arns)
    }
    assert lines["AWSXrayWriteOnlyAccess"] == line_of(BEACH, "Tracing: Active")
    assert lines["AWSLambdaSQSQueueExecutionRole"] == line_of(BEACH, "        Wash:")


def test_a_resource_is_not_taken_for_one_whose_name_it_begins_with() -> None:
    text = (
        HEAD
        + """\
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
  ApiFunction:
    Type: AWS::Serverless::Function
    Properties:
      {CodeUri: "s3://b/k", Handler: a.b, Runtime: python3.12}
  Fn:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: "s3://b/k", Handler: a.b, Runtime: python3.12, Role: !GetAtt FnRole.Arn}
  FnRole:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}
"""
    )
    origins = origins_of(text)
    assert origins.subject("ApiFunctionRole") == "ApiFunction"
    assert origins.subject("FnRole") == "FnRole"
    assert origins.place("FnRole").line == line_of(text, "  FnRole:")


def test_a_route_of_a_gateway_of_one_s_own_leads_to_its_event() -> None:
    text = (
        HEAD
        + """\
Resources:
  Pier:
    Type: AWS::Serverless::HttpApi
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://b/k
      Handler: a.b
      Runtime: python3.12
      Events:
        One:
          Type: HttpApi
          Properties: {ApiId: !Ref Pier, Path: /one, Method: get}
        All:
          Type: HttpApi
          Properties: {ApiId: !Ref Pier, Path: /all, Method: any}
"""
    )
    origins = origins_of(text)
    paths = {"/one": ("get", "One:"), "/all": ("x-amazon-apigateway-any-method", "All:")}
    for route, (method, event) in paths.items():
        place = origins.place("Pier", ("Properties", "Body", "paths", route, method))
        assert place.line == line_of(text, f"        {event}")


def test_policies_that_are_no_list_are_found_as_well() -> None:
    text = (
        HEAD
        + """\
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://b/k
      Handler: a.b
      Runtime: python3.12
      Policies:
        Statement:
          - Effect: Allow
            Action: sqs:SendMessage
            Resource: "*"
"""
    )
    place = origins_of(text).place("FnRole", ("Properties", "Policies", 0, "PolicyDocument", "Statement", 0, "Action"))
    assert place.line == line_of(text, "Action: sqs:SendMessage")


def test_in_a_plain_template_everything_is_where_it_is() -> None:
    text = """\
Parameters:
  Stage:
    Type: String
    Default: dev
Resources:
  Castles:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      BucketName: castles
"""
    origins = origins_of(text)
    assert origins.place("Castles", ("Properties", "BucketName")).line == line_of(text, "BucketName")
    assert origins.place("Castles", ("DeletionPolicy",)).line == line_of(text, "DeletionPolicy")
    assert origins.written(("Parameters", "Stage", "Default")).line == line_of(text, "Default")
    assert origins.written(("Outputs", "Nothing")).line == line_of(text, "Resources:")


def test_what_nobody_knows_is_somewhere_in_the_template(beach: Origins) -> None:
    assert beach.place("Atlantis").line == line_of(BEACH, "Resources:")
    assert beach.owner("Atlantis") is None


def test_dotted_paths_go_through_keys_that_have_dots_and_slashes(beach: Origins) -> None:
    steps = beach.path("ServerlessRestApi", "Properties.Body.paths..tide.get.x-amazon-apigateway-integration")
    assert steps == ("Properties", "Body", "paths", "/tide", "get", "x-amazon-apigateway-integration")
    assert beach.path("Castles", "Properties.KeySchema.0.Unknown.More") == (
        "Properties", "KeySchema", 0, "Unknown", "More",
    )  # fmt: skip
