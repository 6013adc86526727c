"""What rendering does to a template that is right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.domain import BUCKET, canonical

from .support import codes, digest, of_type, rendered, resource, versions

HELLO = """
Globals:
  Function: {Runtime: python3.12, Timeout: 3, Architectures: [arm64]}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello/
      Handler: app.handler
      Policies: [AmazonDynamoDBReadOnlyAccess, AWSLambdaBasicExecutionRole]
      Events: {Get: {Type: Api, Properties: {Path: /hello, Method: get}}}
  Bye:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: bye, Handler: app.handler, MemorySize: 256}
Outputs:
  Address: {Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/hello/"}
"""


def test_every_function_gets_a_live_alias_with_a_version_and_it_is_said() -> None:
    made = rendered(HELLO)
    assert [(function.logical_id, function.alias, function.alias_id) for function in made.functions] == [
        ("Bye", "live", "ByeAliaslive"),
        ("Hello", "live", "HelloAliaslive"),
    ]
    for function in made.functions:
        assert resource(made, function.alias_id)["FunctionVersion"] == {"Fn::GetAtt": [function.version_id, "Version"]}
        assert made.template["Resources"][function.version_id]["DeletionPolicy"] == "Retain"
    assert codes(made) == [("ALIAS_ADDED", "Hello"), ("ALIAS_ADDED", "Bye")]


def test_requests_go_to_the_alias() -> None:
    body = resource(rendered(HELLO), "ServerlessRestApi")["Body"]
    uri = body["paths"]["/hello"]["get"]["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    assert "${HelloAliaslive}" in uri


def test_code_is_at_the_artifact_bucket_of_whichever_target() -> None:
    made = rendered(HELLO, code={"Hello": "v1"})
    assert resource(made, "Hello")["Code"] == {"S3Bucket": BUCKET, "S3Key": f"{digest('v1')}.zip"}
    assert [(asset.logical_id, asset.source, asset.architecture) for asset in made.assets] == [
        ("Hello", "app/hello", "arm64"),
        ("Bye", "app/bye", "arm64"),
    ]


def test_a_function_without_a_code_uri_is_made_of_the_templates_folder() -> None:
    hello = "{Type: AWS::Serverless::Function, Properties: {Handler: src/app.handler, Runtime: nodejs20.x}}"
    assert [asset.source for asset in rendered(f"Resources: {{Hello: {hello}}}").assets] == ["app"]


def test_nothing_of_sam_remains() -> None:
    made = rendered(HELLO)
    assert "Transform" not in made.template
    assert not [one for one in made.template["Resources"].values() if one["Type"].startswith("AWS::Serverless::")]


def test_managed_policies_are_good_for_every_partition_and_region() -> None:
    made = rendered(HELLO)
    arn = "arn:${AWS::Partition}:iam::aws:policy"
    assert resource(made, "HelloRole")["ManagedPolicyArns"] == [
        {"Fn::Sub": f"{arn}/service-role/AWSLambdaBasicExecutionRole"},
        {"Fn::Sub": f"{arn}/AmazonDynamoDBReadOnlyAccess"},
    ]
    text = canonical(made.template).decode()
    assert "arn:aws:" not in text
    assert "us-east-1" not in text


def test_an_arn_that_a_person_wrote_stays_as_written() -> None:
    made = rendered("""
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      {InlineCode: "x", Handler: index.h, Runtime: python3.12, Policies: ["arn:aws:iam::123456789012:policy/mine"]}
""")
    assert "arn:aws:iam::123456789012:policy/mine" in resource(made, "FRole")["ManagedPolicyArns"]


def test_twice_the_same_is_the_same_byte_for_byte() -> None:
    assert canonical(rendered(HELLO).template) == canonical(rendered(HELLO).template)


def test_machines_regions_and_hash_seeds_do_not_show(tmp_path: Path) -> None:
    script = tmp_path / "render.py"
    script.write_text(
        "import sys; from tests_template.support import rendered; from tests_template.test_rendering import HELLO\n"
        "from shoreward.domain import canonical\n"
        "sys.stdout.buffer.write(canonical(rendered(HELLO).template))\n"
    )
    (tmp_path / "tests_template").symlink_to(Path(__file__).parent)
    outputs = set[bytes]()
    for seed, region in (("1", {"AWS_REGION": "cn-north-1", "AWS_DEFAULT_REGION": "cn-north-1"}), ("2", {})):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = kept | region | {"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([sys.executable, str(script)], env=environment, check=True, capture_output=True)
        assert done.stderr == b""
        outputs.add(done.stdout)
    assert outputs == {canonical(rendered(HELLO).template)}


def test_new_code_of_one_function_gives_that_function_a_new_version() -> None:
    before = versions(rendered(HELLO, code={"Hello": "v1", "Bye": "v1"}))
    after = versions(rendered(HELLO, code={"Hello": "v2", "Bye": "v1"}))
    assert before["Hello"] != after["Hello"]
    assert before["Bye"] == after["Bye"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("MemorySize: 256", "MemorySize: 512"),
        ("MemorySize: 256", "MemorySize: 256, Environment: {Variables: {A: b}}"),
        ("CodeUri: bye", "CodeUri: bye, Timeout: 9"),
        ("CodeUri: bye", "CodeUri: bye, Runtime: python3.13"),
        ("CodeUri: bye", "CodeUri: bye, Description: other"),
    ],
)
def test_a_new_configuration_is_a_new_version_of_that_function_only(old: str, new: str) -> None:
    before, after = versions(rendered(HELLO)), versions(rendered(HELLO.replace(old, new)))
    assert before["Bye"] != after["Bye"]
    assert before["Hello"] == after["Hello"]


@pytest.mark.parametrize("more", ["Tags: {team: sea}", "ReservedConcurrentExecutions: 3", "AutoPublishCodeSha256: abc"])
def test_what_a_version_does_not_hold_makes_none(more: str) -> None:
    assert versions(rendered(HELLO)) == versions(rendered(HELLO.replace("CodeUri: bye", f"CodeUri: bye, {more}")))


def test_a_new_version_always_has_something_to_publish() -> None:
    made = rendered(HELLO.replace("CodeUri: bye", "CodeUri: bye, Description: Says goodbye"))
    (version,) = (function.version_id for function in made.functions if function.logical_id == "Bye")
    assert resource(made, "Bye")["Description"] == f"Says goodbye (revision {version.removeprefix('ByeVersion')})"
    assert (
        len(resource(rendered(HELLO.replace("Timeout: 3", f"Description: {'x' * 256}")), "Bye")["Description"]) == 256
    )


LAYERED = """
Parameters:
  Greeting: {Type: String, Default: hi}
  Unused: {Type: String, Default: "1"}
Conditions:
  Loud: !Equals [!Ref Greeting, HI]
Mappings:
  Words: {english: {bye: bye}}
Resources:
  Tools:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: tools, CompatibleRuntimes: [python3.12]}
  Old:
    Type: AWS::Lambda::LayerVersion
    Properties: {Content: old}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: f
      Handler: a.b
      Runtime: python3.12
      Layers: [!Ref Tools, !Ref Old]
      Environment:
        Variables:
          A: !If [Loud, 1, 2]
          B: !FindInMap [Words, english, bye]
  Plain:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: f, Handler: a.b, Runtime: python3.12}
"""


@pytest.mark.parametrize(
    "change",
    [
        {"code": {"Tools": "v2"}},
        {"code": {"Old": "v2"}},
        {"parameters": [{"Greeting": "HI"}]},
        {"parameters": [{}, {"Greeting": "HI"}]},
        {"text": LAYERED.replace("bye: bye", "bye: ta-ta")},
        {"text": LAYERED.replace("Greeting, HI", "Greeting, HO")},
    ],
    ids=["layer", "plain layer", "parameter", "one target's parameter", "mapping", "condition"],
)
def test_versions_follow_layers_parameters_conditions_and_mappings(change: dict[str, object]) -> None:
    before = versions(rendered(LAYERED))
    after = versions(rendered(**({"text": LAYERED} | change)))  # type: ignore[arg-type]
    assert before["F"] != after["F"]
    assert before["Plain"] == after["Plain"]


def test_a_parameter_that_no_function_uses_changes_no_version() -> None:
    assert versions(rendered(LAYERED)) == versions(rendered(LAYERED, parameters=[{"Unused": "2"}]))


def test_a_parameter_that_differs_between_targets_stays_a_reference() -> None:
    text = """
Parameters: {Name: {Type: String}}
Resources:
  F: {Type: "AWS::Serverless::Function", Properties: {InlineCode: x, Handler: index.h, Runtime: python3.12}}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: {Domain: {DomainName: !Ref Name, CertificateArn: !Ref Name}}
"""
    one = of_type(rendered(text, parameters=[{"Name": "a"}, {"Name": "a"}]), "AWS::ApiGatewayV2::DomainName")
    both = of_type(rendered(text, parameters=[{"Name": "a"}, {"Name": "b"}]), "AWS::ApiGatewayV2::DomainName")
    assert [found["DomainName"] for found in one.values()] == ["a"]
    assert [found["DomainName"] for found in both.values()] == [{"Ref": "Name"}]


def test_an_alias_that_the_template_names_is_kept_from_globals_too() -> None:
    made = rendered(HELLO.replace("Timeout: 3", "AutoPublishAlias: serving"))
    assert {function.alias for function in made.functions} == {"serving"}
    assert codes(made) == []


def test_codedeploy_is_replaced_and_it_is_said() -> None:
    text = HELLO.replace("Timeout: 3", "DeploymentPreference: {Type: Canary10Percent5Minutes}")
    made = rendered(text.replace("CodeUri: bye", "CodeUri: bye, DeploymentPreference: {Enabled: false}"))
    assert [code for code in codes(made) if code[0] == "CODEDEPLOY_REPLACED"] == [("CODEDEPLOY_REPLACED", "Hello")]
    assert "CodeDeploy" not in canonical(made.template).decode()


def test_a_function_url_that_moves_to_the_alias_is_said() -> None:
    made = rendered(HELLO.replace("CodeUri: bye", "CodeUri: bye, FunctionUrlConfig: {AuthType: NONE}"))
    assert ("FUNCTION_URL_MOVES", "Bye") in codes(made)


def test_plain_cloudformation_is_deployed_and_functions_without_alias_are_said_to_change_at_once() -> None:
    made = rendered(
        """
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties: {Code: src, Handler: app.h, Runtime: python3.12, Role: !GetAtt R.Arn}
  G:
    Type: AWS::Lambda::Function
    Properties: {Code: {ZipFile: x}, Handler: app.h, Runtime: python3.12, Role: !GetAtt R.Arn}
  GV1: {Type: "AWS::Lambda::Version", Properties: {FunctionName: !Ref G}}
  GLive:
    Type: AWS::Lambda::Alias
    Properties: {Name: prod, FunctionName: !Ref G, FunctionVersion: !GetAtt GV1.Version}
  R: {Type: "AWS::IAM::Role", Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}}}
""",
        head="",
        code={"F": "v1"},
    )
    assert resource(made, "F")["Code"] == {"S3Bucket": BUCKET, "S3Key": f"{digest('v1')}.zip"}
    assert [(f.logical_id, f.alias, f.alias_id, f.version_id) for f in made.functions] == [
        ("G", "prod", "GLive", "GV1")
    ]
    assert codes(made) == [("NOT_SPLIT", "F"), ("VERSION_BY_TEMPLATE", "G")]


def test_definitions_in_files_come_into_the_template() -> None:
    made = rendered(
        """
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: v1, DefinitionUri: ../api.yaml}
  Other:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody: {"Fn::Transform": {Name: AWS::Include, Parameters: {Location: api.json}}}
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: flow.asl.json, Role: "arn:aws:iam::123456789012:role/x"}
""",
        files={
            "api.yaml": 'swagger: "2.0"\npaths: {/a: {get: {responses: {200: {description: fine}}}}}\n',
            "app/api.json": '{"openapi": "3.0.1", "paths": {"/b": {}}}',
            "app/flow.asl.json": '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
        },
    )
    assert resource(made, "Api")["Body"]["paths"]["/a"]["get"]["responses"] == {"200": {"description": "fine"}}
    assert list(resource(made, "Other")["Body"]["paths"]) == ["/b"]
    assert "StartAt" in canonical(resource(made, "Flow")).decode()


def test_code_that_the_revision_does_not_hold_is_said() -> None:
    made = rendered(HELLO.replace("CodeUri: bye", "CodeUri: s3://elsewhere/code.zip"))
    assert ("CODE_NOT_HELD", "Bye") in codes(made)


@settings(deadline=None)
@given(st.permutations(["MemorySize: 512", "Timeout: 9", "Runtime: python3.12", "Handler: a.b", "CodeUri: x"]))
def test_the_order_in_which_a_person_writes_does_not_matter(lines: list[str]) -> None:
    def text(properties: list[str]) -> str:
        return f"Resources: {{F: {{Type: 'AWS::Serverless::Function', Properties: {{{', '.join(properties)}}}}}}}"

    assert canonical(rendered(text(lines)).template) == canonical(rendered(text(sorted(lines))).template)
