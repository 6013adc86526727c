"""APIs as SAM writes them answer unsigned requests in any account, at addresses that stack outputs give out."""

import json
import textwrap
from typing import Any

import pytest

from cloud.support import REGION, deploy, function, invoke, metric_sum, outputs, request, translated, upload
from shoreward.testing.cloud import CloudAccount

ECHO = textwrap.dedent("""
    import json
    def handler(event, context):
        if event.get("rawPath", "").endswith("/fail"):
            raise RuntimeError("the function's own words")
        keys = ("routeKey", "pathParameters", "queryStringParameters", "body", "httpMethod", "rawPath")
        shown = {key: event.get(key) for key in keys}
        return {"statusCode": 200, "headers": {"x-tide": "high"}, "cookies": ["a=1", "b=2"], "body": json.dumps(shown)}
""")


def application(code: str, routes: dict[str, tuple[str, str]], kind: str = "HttpApi", **api: Any) -> str:
    events = {
        name: {
            "Type": kind,
            "Properties": {"Method": method, "Path": path, **({"ApiId": {"Ref": "MyApi"}} if api else {})},
        }
        for name, (method, path) in routes.items()
    }
    implicit = "ServerlessHttpApi" if kind == "HttpApi" else "ServerlessRestApi"
    name = "MyApi" if api else implicit
    stage = {"HttpApi": "", "Api": "Prod/"}[kind] if not api else f"{api['StageName']}/"
    resources: dict[str, Any] = {
        "Fn": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.12",
                "CodeUri": code,
                "AutoPublishAlias": "live",
                "Events": events,
                "FunctionUrlConfig": {"AuthType": "NONE"},
            },
        }
    }
    if api:
        resources["MyApi"] = {"Type": f"AWS::Serverless::{kind}", "Properties": api}
    address = f"https://${{{name}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{stage}"
    joined = ["https://", {"Ref": name}, ".execute-api.", {"Ref": "AWS::Region"}, f".amazonaws.com/{stage}"]
    outputs = {
        "Address": {"Value": {"Fn::Sub": address}, "Export": {"Name": "exported-address"}},
        "Joined": {"Value": {"Fn::Join": ["", joined]}},
        "Url": {"Value": {"Fn::GetAtt": ["FnUrl", "FunctionUrl"]}},
    }
    return translated(resources, Outputs=outputs)


def test_an_http_api_of_sam_answers_at_the_address_in_the_outputs(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    given = deploy(cloud_account, "s", application(code, {"Get": ("get", "/items/{id}"), "Post": ("post", "/items")}))
    assert given["Address"].startswith(f"{cloud_account.endpoint}/")
    assert given["Joined"] == given["Address"]
    answer = request(given["Address"] + "items/7?a=1&a=2")
    assert answer.status == 200
    assert answer.headers["x-tide"] == "high"
    assert answer.json()["pathParameters"] == {"id": "7"}
    assert answer.json()["queryStringParameters"] == {"a": "1,2"}
    posted = request(given["Address"] + "items", "POST", b'{"x": 1}', {"content-type": "application/json"})
    assert posted.json()["body"] == '{"x": 1}'
    assert request(given["Address"] + "nothing").status == 404


def test_routes_follow_the_body_on_update(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    given = deploy(cloud_account, "s", application(code, {"A": ("get", "/a"), "B": ("get", "/b")}))
    assert deploy(cloud_account, "s", application(code, {"A": ("get", "/a"), "C": ("any", "/c/{proxy+}")})) == given
    statuses = {path: request(given["Address"] + path).status for path in ("a", "b", "c/d/e")}
    assert statuses == {"a": 200, "b": 404, "c/d/e": 200}


def test_a_named_stage_and_cors(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    cors = {"AllowOrigins": ["https://beach.example"], "AllowMethods": ["GET"]}
    template = application(code, {"A": ("get", "/a")}, StageName="v1", CorsConfiguration=cors)
    address = deploy(cloud_account, "s", template)["Address"]
    assert address.endswith("/v1/")
    answer = request(address + "a", headers={"origin": "https://beach.example"})
    assert answer.json()["rawPath"] == "/v1/a"
    assert answer.headers["access-control-allow-origin"] == "https://beach.example"


def test_a_rest_api_of_sam_answers_in_any_account(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    given = deploy(cloud_account, "s", application(code, {"A": ("get", "/hello")}, kind="Api"))
    answer = request(given["Address"] + "hello")
    assert answer.status == 200
    assert answer.json()["httpMethod"] == "GET"
    assert request(given["Address"] + "nothing").status == 403


def test_a_function_url_answers_and_its_address_is_the_same_everywhere(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    given = deploy(cloud_account, "s", application(code, {"A": ("get", "/a")}))
    url = given["Url"]
    assert request(url + "any/path").status == 200
    client = cloud_account.client("lambda", REGION)
    name = client.list_functions()["Functions"][0]["FunctionName"]
    assert client.get_function_url_config(FunctionName=name, Qualifier="live")["FunctionUrl"] == url


@pytest.mark.parametrize(
    ("kind", "status", "body"), [("HttpApi", 500, "Internal Server Error"), ("Api", 502, "Internal server error")]
)
def test_customers_never_see_the_error_of_a_function(
    cloud_account: CloudAccount, kind: str, status: int, body: str
) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": "def handler(e, c): raise RuntimeError('secret words')"})
    given = deploy(cloud_account, "s", application(code, {"A": ("get", "/a")}, kind=kind))
    answer = request(given["Address"] + "a")
    assert (answer.status, answer.json()["message"]) == (status, body)
    assert b"secret" not in request(given["Url"]).body


@pytest.mark.parametrize(
    ("kind", "label", "server_errors"), [("HttpApi", "ApiId", "5xx"), ("Api", "ApiName", "5XXError")]
)
def test_apis_have_metrics(cloud_account: CloudAccount, kind: str, label: str, server_errors: str) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": "def handler(e, c): return {'statusCode': 503}"})
    given = deploy(cloud_account, "s", application(code, {"A": ("get", "/a")}, kind=kind))
    for _ in range(3):
        assert request(given["Address"] + "a").status == 503
    api_id = given["Address"].removeprefix(f"{cloud_account.endpoint}/_aws/execute-api/").split("/")[0]
    name = (
        api_id if kind == "HttpApi" else cloud_account.client("apigateway", REGION).get_rest_apis()["items"][0]["name"]
    )
    stage = "$default" if kind == "HttpApi" else "Prod"
    for dimensions in ({label: name}, {label: name, "Stage": stage}):
        assert metric_sum(cloud_account, "AWS/ApiGateway", "Count", dimensions) == 3
        assert metric_sum(cloud_account, "AWS/ApiGateway", server_errors, dimensions) == 3
        assert metric_sum(cloud_account, "AWS/ApiGateway", "Latency", dimensions, stat="SampleCount") == 3


def test_an_exported_address_works_in_the_stack_that_imports_it(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    given = deploy(cloud_account, "s", application(code, {"A": ("get", "/a")}))
    parameter = {"Type": "String", "Name": "/address", "Value": {"Fn::ImportValue": "exported-address"}}
    deploy(
        cloud_account,
        "importer",
        json.dumps({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": parameter}}}),
    )
    found = cloud_account.client("ssm", REGION).get_parameter(Name="/address")["Parameter"]["Value"]
    assert found == given["Address"]


def test_an_api_definition_may_lie_in_a_bucket(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    body = json.loads(application(code, {"A": ("get", "/a")}))["Resources"]["ServerlessHttpApi"]["Properties"]["Body"]
    bucket = code.split("/")[2]
    text = json.dumps(body).replace("${AWS::Partition}", "aws").replace("${AWS::Region}", REGION)
    cloud_account.client("s3", REGION).put_object(Bucket=bucket, Key="api.json", Body=text.encode())
    properties = {"BodyS3Location": {"Bucket": bucket, "Key": "api.json"}}
    resources = {"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": properties}}
    deploy(cloud_account, "s", json.dumps({"Resources": resources}))
    client = cloud_account.client("apigatewayv2", REGION)
    api = client.get_apis()["Items"][0]
    assert [route["RouteKey"] for route in client.get_routes(ApiId=api["ApiId"])["Items"]] == ["GET /a"]


def test_a_function_reaches_the_api_that_its_environment_names(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": ECHO})
    given = deploy(cloud_account, "s", application(code, {"A": ("get", "/a")}))
    api_id = given["Address"].split("/execute-api/")[1].split("/")[0]
    caller = """
import os, urllib.request
def handler(event, context): return urllib.request.urlopen(os.environ["BASE"] + "/a").status
"""
    variables = {"BASE": f"https://{api_id}.execute-api.{REGION}.amazonaws.com"}
    client = function(cloud_account, "caller", caller, Environment={"Variables": variables}, Timeout=20)
    assert invoke(client, "caller") == 200
    assert client.get_function_configuration(FunctionName="caller")["Environment"]["Variables"] == variables


QUEUE_API = """
Resources:
  Inbox: {Type: AWS::SQS::Queue, Properties: {QueueName: inbox}}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: inbox
      Body:
        openapi: "3.0.1"
        info: {title: inbox, version: "1"}
        paths:
          /inbox:
            post:
              x-amazon-apigateway-integration:
                type: aws
                httpMethod: POST
                uri: !Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:sqs:path/${AWS::AccountId}/${Inbox.QueueName}
                requestTemplates: {application/json: 'Action=SendMessage&MessageBody={"wrapped":$input.body}'}
                responses:
                  default: {statusCode: 202, responseTemplates: {application/json: '{"taken":true}'}}
            options:
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses:
                  default:
                    statusCode: 200
                    responseParameters: {method.response.header.Access-Control-Allow-Origin: "'*'"}
  Deployment: {Type: AWS::ApiGateway::Deployment, Properties: {RestApiId: !Ref Api, StageName: prod}}
Outputs:
  Address: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod/inbox"}
  Queue: {Value: !Ref Inbox}
"""


def test_a_rest_api_speaks_to_a_queue_and_to_browsers_by_itself(cloud_account: CloudAccount) -> None:
    deploy(cloud_account, "inbox", QUEUE_API)
    out = outputs(cloud_account, "inbox")
    posted = request(out["Address"], "POST", b'{"castle": 1}', {"content-type": "application/json"})
    assert (posted.status, posted.json()) == (202, {"taken": True})
    [message] = cloud_account.client("sqs", REGION).receive_message(QueueUrl=out["Queue"])["Messages"]
    assert json.loads(message["Body"]) == {"wrapped": {"castle": 1}}
    assert request(out["Address"], "OPTIONS").headers["access-control-allow-origin"] == "*"
