"""The deployment mechanism end to end: stage pinned, shift, take back, finish; no drift; the earlier template again."""

import copy
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cloud.support import REGION, deploy, eventually, metric_sum, request, settled, translated, upload
from shoreward.testing.cloud import CloudAccount

STACK = "beach"
CAPABILITIES = ["CAPABILITY_IAM"]


def template(account: CloudAccount, number: int, region: str = REGION) -> dict[str, Any]:
    source = f"def handler(event, context): return {{'statusCode': 200, 'body': 'v{number}'}}"
    code = upload(account, f"{number}.zip", {"index.py": source}, region)
    properties = {
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "CodeUri": code,
        "AutoPublishAlias": "live",
        "DeploymentPreference": {"Type": "Canary10Percent5Minutes"},
        "Events": {"A": {"Type": "HttpApi", "Properties": {"Path": "/a", "Method": "get"}}},
    }
    resources = {"F": {"Type": "AWS::Serverless::Function", "Properties": properties}}
    outputs = {
        "Address": {"Value": {"Fn::Sub": "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com/a"}},
        "Name": {"Value": {"Ref": "F"}},
    }
    return json.loads(translated(resources, Outputs=outputs))


def pinned(full: dict[str, Any], version: str) -> dict[str, Any]:
    """The template with every alias at the version that serves now."""
    staged = copy.deepcopy(full)
    for resource in staged["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Alias":
            resource["Properties"]["FunctionVersion"] = version
    return staged


def change(
    account: CloudAccount, body: dict[str, Any], name: str, *, region: str = REGION, create: bool = False
) -> str:
    client = account.client("cloudformation", region)
    made = client.create_change_set(
        StackName=STACK,
        ChangeSetName=name,
        ChangeSetType="CREATE" if create else "UPDATE",
        TemplateBody=json.dumps(body),
        Capabilities=CAPABILITIES,
        Tags=[{"Key": "release", "Value": name}],
    )
    ready = eventually(
        lambda: (
            (d := client.describe_change_set(ChangeSetName=made["Id"]))["Status"] in ("CREATE_COMPLETE", "FAILED") and d
        )
    )
    assert ready["Status"] == "CREATE_COMPLETE", ready.get("StatusReason")
    client.execute_change_set(ChangeSetName=made["Id"])
    eventually(lambda: client.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] != "REVIEW_IN_PROGRESS")
    return settled(account, STACK, region)


def drift(account: CloudAccount, region: str = REGION) -> str:
    client = account.client("cloudformation", region)
    detection = client.detect_stack_drift(StackName=STACK)["StackDriftDetectionId"]

    def finished() -> str:
        found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        return found["StackDriftStatus"] if found["DetectionStatus"] == "DETECTION_COMPLETE" else ""

    return eventually(finished)


def versions(account: CloudAccount, name: str, region: str = REGION) -> list[str]:
    listed = account.client("lambda", region).list_versions_by_function(FunctionName=name)["Versions"]
    return [one["Version"] for one in listed if one["Version"] != "$LATEST"]


def test_a_release_from_stage_to_finish_and_back(cloud_account: CloudAccount) -> None:
    lambdas = cloud_account.client("lambda", REGION)
    formation = cloud_account.client("cloudformation", REGION)
    first, second, third = (template(cloud_account, number) for number in (1, 2, 3))

    # The first deployment serves version 1.
    assert change(cloud_account, first, "r1", create=True) == "CREATE_COMPLETE"
    described = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    given = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}
    name, address = given["Name"], given["Address"]
    assert described["Tags"] == [{"Key": "release", "Value": "r1"}]
    assert request(address).body == b"v1"

    # Staged: version 2 is there, the alias still serves 1, nothing is DRIFTED.
    assert change(cloud_account, pinned(second, "1"), "r2-stage") == "UPDATE_COMPLETE"
    assert versions(cloud_account, name) == ["1", "2"]
    assert {request(address).body for _ in range(10)} == {b"v1"}
    assert lambdas.invoke(FunctionName=name, Qualifier="2")["ExecutedVersion"] == "2"
    assert drift(cloud_account) == "IN_SYNC"

    # Shifted: both serve, metrics tell them apart. The template says nothing of a routing, so nothing drifts.
    lambdas.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.4}})
    served = Counter(request(address).body for _ in range(60))
    assert served.keys() == {b"v1", b"v2"}
    dimensions = {"FunctionName": name, "Resource": f"{name}:live"}
    for version, body in (("2", b"v2"),):
        assert (
            metric_sum(cloud_account, "AWS/Lambda", "Invocations", {**dimensions, "ExecutedVersion": version})
            == served[body]
        )
    assert drift(cloud_account) == "IN_SYNC"

    # Taken back at once, then given all, then finished by the stack's own template.
    lambdas.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert {request(address).body for _ in range(10)} == {b"v1"}
    lambdas.update_alias(
        FunctionName=name, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert change(cloud_account, second, "r2") == "UPDATE_COMPLETE"
    assert {request(address).body for _ in range(10)} == {b"v2"}
    assert drift(cloud_account) == "IN_SYNC"
    original = formation.get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
    assert original == second

    # A third revision is staged and abandoned: the earlier template publishes the old code under a new number.
    assert change(cloud_account, pinned(third, "2"), "r3-stage") == "UPDATE_COMPLETE"
    assert change(cloud_account, second, "r3-back") == "UPDATE_COMPLETE"
    assert versions(cloud_account, name) == ["1", "2", "3", "4"]
    digests = {
        one["Version"]: one["CodeSha256"] for one in lambdas.list_versions_by_function(FunctionName=name)["Versions"]
    }
    assert digests["4"] == digests["2"] != digests["3"]
    assert lambdas.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "4"
    assert request(address).body == b"v2"
    kinds = {one["ResourceType"]: one for one in formation.describe_stack_resources(StackName=STACK)["StackResources"]}
    assert kinds["AWS::Lambda::Function"]["PhysicalResourceId"] == name
    assert kinds["AWS::Lambda::Alias"]["ResourceStatus"].endswith("_COMPLETE")


def test_a_change_set_tells_what_is_replaced_from_what_is_not(cloud_account: CloudAccount) -> None:
    def with_bucket(number: int, name: str) -> str:
        full = template(cloud_account, number)
        notified = {"Event": "s3:ObjectCreated:*", "Function": {"Ref": "FAliaslive"}}
        properties = {"BucketName": name, "NotificationConfiguration": {"LambdaConfigurations": [notified]}}
        full["Resources"]["Bucket"] = {"Type": "AWS::S3::Bucket", "Properties": properties}
        return json.dumps(full)

    name = f"uploads-{cloud_account.account_id}"
    deploy(cloud_account, "s", with_bucket(1, name))
    client = cloud_account.client("cloudformation", REGION)

    def fate(body: str, change_set: str) -> dict[str, str]:
        options = {"TemplateBody": body, "Capabilities": ["CAPABILITY_IAM"]}
        made = client.create_change_set(StackName="s", ChangeSetName=change_set, ChangeSetType="UPDATE", **options)
        eventually(lambda: client.describe_change_set(ChangeSetName=made["Id"])["Status"] == "CREATE_COMPLETE")
        changes = [one["ResourceChange"] for one in client.describe_change_set(ChangeSetName=made["Id"])["Changes"]]
        return {one["LogicalResourceId"]: one.get("Replacement", "") for one in changes}

    assert "Bucket" not in fate(with_bucket(2, name), "new-code")
    assert fate(with_bucket(1, f"{name}-2"), "new-name")["Bucket"] == "True"


def test_an_alias_moved_away_from_its_template_is_drift_until_the_template_follows(cloud_account: CloudAccount) -> None:
    change(cloud_account, template(cloud_account, 1), "r1", create=True)
    second = template(cloud_account, 2)
    change(cloud_account, pinned(second, "1"), "r2-stage")
    formation = cloud_account.client("cloudformation", REGION)
    detail = formation.describe_stack_resource(StackName=STACK, LogicalResourceId="F")["StackResourceDetail"]
    client = cloud_account.client("lambda", REGION)
    client.update_alias(FunctionName=detail["PhysicalResourceId"], Name="live", FunctionVersion="2")
    assert drift(cloud_account) == "DRIFTED"
    found = formation.describe_stack_resource_drifts(StackName=STACK, StackResourceDriftStatusFilters=["MODIFIED"])
    (drifted,) = found["StackResourceDrifts"]
    assert drifted["ResourceType"] == "AWS::Lambda::Alias"
    assert [one["PropertyPath"] for one in drifted["PropertyDifferences"]] == ["/FunctionVersion"]
    change(cloud_account, second, "r2")
    assert drift(cloud_account) == "IN_SYNC"


def test_many_regions_and_accounts_at_once_stay_apart(cloud_account: CloudAccount) -> None:
    regions = ("us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2")
    other = CloudAccount(cloud_account.endpoint, str(int(cloud_account.account_id) + 400_000_000))
    targets = [(account, region) for account in (cloud_account, other) for region in regions]

    def carry(numbered: tuple[int, tuple[CloudAccount, str]]) -> tuple[bytes, str]:
        number, (account, region) = numbered
        status = change(account, template(account, number, region), f"r{number}", region=region, create=True)
        assert status == "CREATE_COMPLETE"
        described = account.client("cloudformation", region).describe_stacks(StackName=STACK)["Stacks"][0]
        assert described["StackId"].split(":")[3:5] == [region, account.account_id]
        address = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}["Address"]
        return request(address).body, described["Tags"][0]["Value"]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(carry, enumerate(targets)))
    assert answers == [(f"v{number}".encode(), f"r{number}") for number in range(len(targets))]
