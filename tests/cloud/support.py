"""What the tests of the embedded cloud share: templates as SAM writes them, waiting, requests as a customer makes."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import urlsplit

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from shoreward.testing.cloud import CloudAccount, archive, isolated_session

REGION = "eu-west-1"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        return json.loads(self.body)


def request(
    url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One unsigned request, as a customer makes it."""
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1"
    connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.read(), {k.lower(): v for k, v in response.getheaders()})
    finally:
        connection.close()


def eventually(probe: Callable[[], T], *, within: float = 20.0) -> T:
    """The first truthy answer of the probe; fails with the last one when none came in time."""
    deadline = time.monotonic() + within
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"never happened; last seen: {found!r}"
        time.sleep(0.02)


def translated(resources: dict[str, Any], **sections: Any) -> str:
    """A SAM template as CloudFormation sees it."""
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources, **sections}
    translator = Translator({}, Parser(), boto_session=isolated_session("000000000000", REGION))
    return json.dumps(translator.translate(template, {}))


def outputs(account: CloudAccount, stack: str, region: str = REGION) -> dict[str, str]:
    described = account.client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"][0]
    return {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}


def settled(account: CloudAccount, stack: str, region: str = REGION) -> str:
    """The status of a stack once nothing is in progress any more."""
    client = account.client("cloudformation", region)

    def status() -> str:
        found: str = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        return "" if found.endswith("_IN_PROGRESS") else found

    return eventually(status)


def reasons(account: CloudAccount, stack: str, region: str = REGION) -> list[str]:
    """Why resources of a stack failed."""
    events = account.client("cloudformation", region).describe_stack_events(StackName=stack)["StackEvents"]
    return [e.get("ResourceStatusReason", "") for e in events if e["ResourceStatus"].endswith("FAILED")]


def deploy(account: CloudAccount, stack: str, template: str, region: str = REGION, **more: Any) -> dict[str, str]:
    """Create or update a stack and give its outputs; fails with the reasons when it fails."""
    client = account.client("cloudformation", region)
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    names = [
        s["StackName"]
        for s in client.list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])["StackSummaries"]
    ]
    act = client.update_stack if stack in names else client.create_stack
    act(StackName=stack, TemplateBody=template, Capabilities=capabilities, **more)
    status = settled(account, stack, region)
    assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), reasons(account, stack, region)
    return outputs(account, stack, region)


def upload(account: CloudAccount, key: str, files: Mapping[str, str | bytes], region: str = REGION) -> str:
    """Put a code archive into the account's artifact bucket; the address for ``CodeUri``."""
    s3 = account.client("s3", region)
    bucket = f"artifacts-{account.account_id}-{region}"
    if bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **place)
    s3.put_object(Bucket=bucket, Key=key, Body=archive(files))
    return f"s3://{bucket}/{key}"


def function(account: CloudAccount, name: str, source: str, *, region: str = REGION, **more: Any) -> Any:
    """Create a Python function of one file, ``index.py`` with ``handler``; the Lambda client."""
    client = account.client("lambda", region)
    given: dict[str, Any] = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": f"arn:aws:iam::{account.account_id}:role/r",
        "Code": {"ZipFile": archive({"index.py": source})},
        **more,
    }
    client.create_function(FunctionName=name, **given)
    return client


def invoke(client: Any, name: str, event: object = None, **more: Any) -> Any:
    """The payload of a synchronous invocation, parsed."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event or {}).encode(), **more)
    return json.loads(answer["Payload"].read())


def versioned(account: CloudAccount, name: str, sources: list[str], *, region: str = REGION, **more: Any) -> Any:
    """A function with one published version per source, and the alias ``live`` at version 1."""
    client = function(account, name, sources[0], region=region, **more)
    client.publish_version(FunctionName=name)
    for source in sources[1:]:
        client.update_function_code(FunctionName=name, ZipFile=archive({"index.py": source}))
        client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return client


def metric_sum(
    account: CloudAccount,
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    *,
    stat: str = "Sum",
    region: str = REGION,
) -> float:
    """One statistic over the last hour."""
    now = time.time()
    answer = account.client("cloudwatch", region).get_metric_data(
        StartTime=now - 1800,
        EndTime=now + 60,
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": name,
                        "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
                    },
                    "Period": 3600,
                    "Stat": stat,
                },
            }
        ],
    )
    values = answer["MetricDataResults"][0]["Values"]
    return sum(values)
