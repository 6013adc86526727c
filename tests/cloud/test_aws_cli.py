"""The AWS CLI, as people use it, against the embedded cloud: it signs, pages and parses in its own way."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cloud.support import REGION, eventually
from shoreward.testing.cloud import CloudAccount

TOOL = Path(__file__).parents[2] / ".tools" / "aws" / "bin" / "aws"
HANDLER = """\
def handler(event, context):
    print('heard', event['word'])
    return {'say': 'WORD', 'heard': event['word']}
"""


@dataclass(frozen=True, slots=True)
class Cli:
    """The tool, with an account's credentials, in a folder that is also its home."""

    account: CloudAccount
    folder: Path

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run it; its exit code is for the caller to look at."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": self.account.account_id,
            "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "2",
        }
        command = [str(TOOL), "--endpoint-url", self.account.endpoint, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    def says(self, *arguments: str) -> str:
        """What it prints; fails when the tool does."""
        told = self.run(*arguments)
        assert told.returncode == 0, told.stderr
        return told.stdout

    def json(self, *arguments: str) -> Any:
        """What it prints, as JSON."""
        return json.loads(self.says(*arguments, "--output", "json"))


@pytest.fixture
def aws(cloud_account: CloudAccount, tmp_path: Path) -> Cli:
    assert TOOL.exists(), (
        f"The AWS CLI is not at {TOOL}; `make test` installs it, `make .tools/aws/.installed` it alone."
    )
    return Cli(cloud_account, tmp_path)


def template(word: str) -> str:
    """An application of one function with the alias `live`; each word gets a version of its own."""
    version = f"Version{word.capitalize()}"
    resources: Mapping[str, Any] = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Hello": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "hello",
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": HANDLER.replace("WORD", word)},
            },
        },
        version: {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": "Hello"}},
        },
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "Hello"},
                "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
            },
        },
    }
    return json.dumps({"Resources": resources, "Outputs": {"Name": {"Value": {"Ref": "Hello"}}}})


def deploy(aws: Cli, word: str) -> str:
    second = int(time.time())
    while int(time.time()) == second:  # the tool names change sets by the second
        time.sleep(0.02)
    (aws.folder / "template.json").write_text(template(word))
    return aws.says(
        "cloudformation", "deploy", "--stack-name", "kiosk", "--template-file", "template.json",
        "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset",
    )  # fmt: skip


def invoke(aws: Cli, word: str) -> tuple[Any, Any]:
    """What the tool says of an invocation of `live`, and what the function answers."""
    payload = json.dumps({"word": word})
    told = aws.json(
        "lambda", "invoke", "--function-name", "hello", "--qualifier", "live", "--payload", payload, "answer.json"
    )
    return told, json.loads((aws.folder / "answer.json").read_text())


def test_it_knows_who_it_is(aws: Cli) -> None:
    assert aws.json("sts", "get-caller-identity")["Account"] == aws.account.account_id


def test_an_application_is_deployed_called_and_watched(aws: Cli) -> None:
    # Given an application that was deployed twice
    begun = time.time()
    assert "Successfully created/updated stack - kiosk" in deploy(aws, "hello")
    stack = aws.json("cloudformation", "describe-stacks", "--stack-name", "kiosk")["Stacks"][0]
    assert (stack["StackStatus"], stack["Outputs"][0]["OutputValue"]) == ("CREATE_COMPLETE", "hello")
    assert "No changes to deploy" in deploy(aws, "hello")
    assert "Successfully created/updated stack - kiosk" in deploy(aws, "ahoy")

    # When its alias is called
    told, answer = invoke(aws, "tide")

    # Then the new version answers
    assert (told["StatusCode"], told["ExecutedVersion"], answer) == (200, "2", {"say": "ahoy", "heard": "tide"})

    # And the call is in the metrics and in the log
    def counted() -> float:
        found = aws.json(
            "cloudwatch", "get-metric-statistics", "--namespace", "AWS/Lambda", "--metric-name", "Invocations",
            "--dimensions", "Name=FunctionName,Value=hello", "Name=Resource,Value=hello:live",
            "--start-time", instant(begun - 60), "--end-time", instant(time.time() + 60),
            "--period", "3600", "--statistics", "Sum",
        )  # fmt: skip
        return sum(point["Sum"] for point in found["Datapoints"])

    assert eventually(counted) == 1.0
    group = "/aws/lambda/hello"
    events = aws.json("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "heard")["events"]
    assert [event["message"].strip() for event in events] == ["heard tide"]


def instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def test_a_table_keeps_an_item(aws: Cli) -> None:
    aws.account.client("dynamodb", REGION).create_table(
        TableName="guests",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
    )
    item = {"name": {"S": "Ada"}, "shells": {"N": "7"}}
    aws.says("dynamodb", "put-item", "--table-name", "guests", "--item", json.dumps(item))
    assert aws.json("dynamodb", "scan", "--table-name", "guests")["Items"] == [item]


def test_a_bucket_keeps_a_file(aws: Cli) -> None:
    client, bucket = aws.account.client("s3", REGION), f"photos-{aws.account.account_id}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    (aws.folder / "sea.txt").write_text("blue")
    aws.says("s3", "cp", "sea.txt", f"s3://{bucket}/2024/sea.txt")
    assert aws.says("s3", "ls", f"s3://{bucket}/2024/").split()[-2:] == ["4", "sea.txt"]
    assert client.get_object(Bucket=bucket, Key="2024/sea.txt")["Body"].read() == b"blue"


def test_a_queue_hands_over_a_message(aws: Cli) -> None:
    url = aws.account.client("sqs", REGION).create_queue(QueueName="jobs")["QueueUrl"]
    sent = aws.json("sqs", "send-message", "--queue-url", url, "--message-body", "rake the sand")
    (received,) = aws.json("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "5")["Messages"]
    assert (received["Body"], received["MessageId"]) == ("rake the sand", sent["MessageId"])


def test_a_refusal_is_told_with_awss_code(aws: Cli) -> None:
    told = aws.run("lambda", "invoke", "--function-name", "nobody", "answer.json")
    assert told.returncode == 255
    assert "ResourceNotFoundException" in told.stderr
