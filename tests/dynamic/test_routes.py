"""Routes are read as a template has them, however it was written."""

from __future__ import annotations

from typing import Any

import pytest

from shoreward.adapters.dynamic.addresses import addresses
from shoreward.adapters.dynamic.places import placing
from shoreward.adapters.dynamic.routes import Route, routes
from shoreward.app.sandboxes import Thing
from shoreward.domain import Target, Terminal
from shoreward.spec.template.resolving import resolve

TARGET = Target(account="111111111111", region="eu-north-1", stack="harbour-main--123456")


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def read(**resources: Any) -> list[str]:
    found, unseen = routes(resolve({"Resources": resources}, TARGET))
    told = [f"{one.api} {one} {one.stage} {one.guard} {','.join(one.functions)}" for one in found]
    return [" ".join(one.split()) for one in told] + [f"unseen {one}" for one in unseen]


def uri(alias: str) -> dict[str, Any]:
    return {"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{alias}}}/invocations"}


FUNCTION = {
    "Boats": resource("AWS::Lambda::Function"),
    "BoatsAliaslive": resource("AWS::Lambda::Alias", FunctionName={"Ref": "Boats"}, Name="live"),
}


def test_an_http_api_of_sam():
    def operation(**more: Any) -> dict[str, Any]:
        return {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri("BoatsAliaslive")}, **more}

    body = {
        "security": [{"Guard": []}],
        "paths": {
            "/boats/{name}": {"get": operation(), "put": operation(security=[{"NONE": []}])},
            "/{proxy+}": {"x-amazon-apigateway-any-method": operation(security=[])},
            "/$default": {"x-amazon-apigateway-any-method": operation(security=[{"AWS_IAM": []}])},
        },
    }
    stage = resource("AWS::ApiGatewayV2::Stage", ApiId={"Ref": "Api"}, StageName="$default")
    assert read(Api=resource("AWS::ApiGatewayV2::Api", Body=body), Stage=stage, **FUNCTION) == [
        "Api ANY $default AWS_IAM Boats",
        "Api GET /boats/{name} Guard Boats",
        "Api PUT /boats/{name} Boats",
        "Api ANY /{proxy+} Boats",
    ]


def test_a_rest_api_of_sam_with_its_stage_and_without_what_it_answers_itself():
    body = {
        "paths": {
            "/boats": {
                "post": {
                    "security": [{"api_key": []}],
                    "parameters": [{"name": "from", "in": "query"}],
                    "x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri("Boats")},
                },
                "options": {"x-amazon-apigateway-integration": {"type": "mock"}},
            }
        }
    }
    stage = resource("AWS::ApiGateway::Stage", RestApiId={"Ref": "Api"}, StageName="Prod")
    found, _ = routes(
        resolve({"Resources": {"Api": resource("AWS::ApiGateway::RestApi", Body=body), "S": stage, **FUNCTION}}, TARGET)
    )
    assert found == (
        Route(
            api="Api",
            method="POST",
            path="/boats",
            stage="Prod",
            guard="api_key",
            names=("from",),
            functions=("Boats",),
        ),
    )


def test_routes_that_are_resources_of_their_own():
    http = {
        "Api": resource("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Joined": resource("AWS::ApiGatewayV2::Integration", ApiId={"Ref": "Api"}, IntegrationUri={"Ref": "Boats"}),
        "Show": resource(
            "AWS::ApiGatewayV2::Route",
            ApiId={"Ref": "Api"},
            RouteKey="GET /boats/{name}",
            Target={"Fn::Join": ["/", ["integrations", {"Ref": "Joined"}]]},
        ),
        "Log": resource(
            "AWS::ApiGatewayV2::Route",
            ApiId={"Ref": "Api"},
            RouteKey="GET /log",
            AuthorizationType="JWT",
            AuthorizerId={"Ref": "Tokens"},
        ),
    }
    rest = {
        "Rest": resource("AWS::ApiGateway::RestApi"),
        "Boat": resource(
            "AWS::ApiGateway::Resource", ParentId={"Fn::GetAtt": ["Rest", "RootResourceId"]}, PathPart="b"
        ),
        "One": resource("AWS::ApiGateway::Resource", ParentId={"Ref": "Boat"}, PathPart="{name}"),
        "Get": resource(
            "AWS::ApiGateway::Method",
            RestApiId={"Ref": "Rest"},
            ResourceId={"Ref": "One"},
            HttpMethod="GET",
            AuthorizationType="NONE",
            ApiKeyRequired=True,
            Integration={"Type": "AWS_PROXY", "Uri": uri("Boats.Arn")},
        ),
    }
    assert read(**http, **rest, **FUNCTION) == [
        "Api GET /boats/{name} Boats",
        "Api GET /log Tokens",
        "Rest GET /b/{name} an API key Boats",
    ]


def test_function_urls_and_apis_of_which_nothing_is_known():
    open_url = resource("AWS::Lambda::Url", AuthType="NONE", TargetFunctionArn={"Ref": "BoatsAliaslive"})
    shut_url = resource("AWS::Lambda::Url", AuthType="AWS_IAM", TargetFunctionArn={"Ref": "Boats"})
    elsewhere = resource("AWS::ApiGateway::RestApi", BodyS3Location={"Bucket": "b", "Key": "k"})
    sockets = resource("AWS::ApiGatewayV2::Api", ProtocolType="WEBSOCKET")
    assert read(BoatsUrl=open_url, Shut=shut_url, Api=elsewhere, Sockets=sockets, **FUNCTION) == [
        "BoatsUrl ANY $default Boats",
        "Shut ANY $default AWS_IAM Boats",
        "unseen Api",
    ]


ROUTE = Route(api="Api", method="GET", path="/boats")
MEMBERS = {
    "Api": Thing(type="AWS::ApiGatewayV2::Api", id="abc123"),
    "BoatsUrl": Thing(type="AWS::Lambda::Url", id="arn:aws:lambda:eu-north-1:111111111111:function:boats"),
}
OUTPUTS = {
    "Outputs": {
        "Address": {"Value": {"Fn::Sub": "https://${Api}.execute-api.eu-north-1.amazonaws.com/boats"}},
        "Name": {"Value": {"Ref": "Api"}},
        "Url": {"Value": {"Fn::GetAtt": ["BoatsUrl", "FunctionUrl"]}},
    }
}


@pytest.mark.parametrize(
    ("told", "address"),
    [
        (
            "https://abc123.execute-api.eu-north-1.amazonaws.com/boats",
            "https://abc123.execute-api.eu-north-1.amazonaws.com",
        ),
        ("http://127.0.0.1:4566/_aws/execute-api/abc123/boats", "http://127.0.0.1:4566/_aws/execute-api/abc123"),
    ],
)
def test_an_address_is_told_by_an_output(told: str, address: str):
    outputs = {"Name": "abc123", "Address": told}
    assert addresses((ROUTE,), OUTPUTS, outputs, MEMBERS, TARGET, elsewhere=True) == {"Api": address}


def test_a_function_url_is_told_whole():
    route = Route(api="BoatsUrl", method="ANY", path="$default")
    outputs = {"Url": "https://xyz.lambda-url.eu-north-1.on.aws/"}
    assert addresses((route,), OUTPUTS, outputs, MEMBERS, TARGET, elsewhere=False) == {
        "BoatsUrl": "https://xyz.lambda-url.eu-north-1.on.aws"
    }
    with pytest.raises(Terminal, match="DYNAMIC_ADDRESS"):
        addresses((route,), {}, {}, MEMBERS, TARGET, elsewhere=False)


def test_on_aws_itself_an_api_has_an_address_that_can_be_made_up():
    assert addresses((ROUTE,), {}, {}, MEMBERS, TARGET, elsewhere=False) == {
        "Api": "https://abc123.execute-api.eu-north-1.amazonaws.com"
    }
    with pytest.raises(Terminal, match="DYNAMIC_ADDRESS"):
        addresses((ROUTE,), {}, {}, MEMBERS, TARGET, elsewhere=True)


def test_what_the_sandbox_does_not_have_is_not_attacked():
    assert addresses((ROUTE,), {}, {}, {}, TARGET, elsewhere=False) == {}


PLACES = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Boats:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: {AuthType: NONE}
      Events:
        Show:
          Type: HttpApi
          Properties: {Path: /boats, Method: get}
        Rest:
          Type: HttpApi
  Log:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: GET /log}
  Described:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      DefinitionBody:
        paths:
          /tides:
            get: {}
"""


@pytest.mark.parametrize(
    ("route", "line"),
    [
        (Route(api="ServerlessHttpApi", method="GET", path="/boats"), 8),
        (Route(api="ServerlessHttpApi", method="ANY", path="$default"), 11),
        (Route(api="BoatsUrl", method="ANY", path="$default", functions=("Boats",)), 6),
        (Route(api="Api", method="GET", path="/log"), 13),
        (Route(api="Described", method="GET", path="/tides"), 23),
        (Route(api="Other", method="GET", path="/other", functions=("Boats",)), 3),
    ],
)
def test_a_route_is_where_a_person_wrote_it(route: Route, line: int):
    place = placing(PLACES.encode(), "template.yaml")(route)
    assert place is not None
    assert (place.file, place.line) == ("template.yaml", line)
    assert placing(b"\xff", "template.yaml")(route) is None
