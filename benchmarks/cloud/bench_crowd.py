"""What customers notice while functions start everywhere at once: ``python benchmarks/cloud/bench_crowd.py [RATE]``.

Eight regions of an application like sandcastles, each with as many customers as in the demo. They come while no
function runs yet, and stay while all of them are replaced. Prints how their requests ended; nothing is asserted.
"""

import json
import sys
import time
from collections import Counter
from typing import Any

from shoreward.cloud import EmbeddedCloud
from shoreward.testing.cloud import CloudAccount, account_of, archive
from shoreward.testing.customers import Beach, Customers, Visit

REGIONS = (
    *("eu-north-1", "eu-west-1", "eu-central-1", "us-east-1", "us-east-2"),
    *("us-west-2", "ap-northeast-1", "sa-east-1"),
)
RATE = float(sys.argv[1]) if len(sys.argv) > 1 else 72.0
"""Requests per second in each region."""
SECONDS = 15.0
VISITS = (Visit("GET", "/tides/brighton", weight=9.0), Visit("GET", "/castles/camelot", weight=1.0))
TIDES = "def handler(event, context): return {'statusCode': 200, 'body': 'WORD'}"
CASTLES = """
import os
import boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
queue = boto3.resource("sqs")
def handler(event, context):
    table.get_item(Key={"id": "camelot"})
    return {"statusCode": 200, "body": "WORD"}
"""
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def template(bucket: str, word: str) -> str:
    resources: dict[str, Any] = {"Table": {"Type": "AWS::Serverless::SimpleTable"}}
    for name in ("tides", "castles"):
        event = {"Type": "HttpApi", "Properties": {"Path": f"/{name}/{{id}}", "Method": "get"}}
        properties = {
            "Handler": "index.handler",
            "Runtime": "python3.11",
            "CodeUri": f"s3://{bucket}/{name}-{word}.zip",
            "AutoPublishAlias": "live",
            "Events": {"E": event},
            "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
            "Policies": [{"DynamoDBReadPolicy": {"TableName": {"Ref": "Table"}}}],
        }
        resources[name.title()] = {"Type": "AWS::Serverless::Function", "Properties": properties}
    address = {"Fn::Sub": "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com"}
    outputs = {"Address": {"Value": address}}
    return json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources, "Outputs": outputs})


def uploaded(account: CloudAccount, region: str, word: str) -> str:
    s3, bucket = account.client("s3", region), f"code-{region}"
    if word == "one":
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **place)
    for name, source in (("tides", TIDES), ("castles", CASTLES)):
        s3.put_object(Bucket=bucket, Key=f"{name}-{word}.zip", Body=archive({"index.py": source.replace("WORD", word)}))
    return bucket


def deploy(account: CloudAccount, region: str, word: str) -> str:
    client, body = account.client("cloudformation", region), template(uploaded(account, region, word), word)
    act = client.create_stack if word == "one" else client.update_stack
    act(StackName="beach", TemplateBody=body, Capabilities=CAPABILITIES)
    while (stack := client.describe_stacks(StackName="beach")["Stacks"][0])["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(0.01)
    assert stack["StackStatus"].endswith("COMPLETE"), stack
    return str(stack["Outputs"][0]["OutputValue"])


def show(name: str, customers: Customers, since: float, until: float) -> None:
    account = customers.account(since=since, until=until)
    how = Counter(account.outcomes)
    slow = max((second.p99 or 0.0 for second in account.seconds), default=0.0)
    ended = ", ".join(f"{outcome} {count:,}" for outcome, count in how.most_common())
    print(f"{name:34} {account.requests:7,} requests  failed {account.failed:6,}  worst p99 {slow:8.0f} ms  {ended}")


def main() -> None:
    with EmbeddedCloud() as cloud:
        account = account_of(cloud, "123456789012")
        addresses = {region: deploy(account, region, "one") for region in REGIONS}
        with Customers([Beach(region, url, RATE) for region, url in addresses.items()], VISITS, seed=7) as customers:
            begun = time.time()
            time.sleep(SECONDS)
            replaced = time.time()
            for region in REGIONS:
                deploy(account, region, "two")
            time.sleep(SECONDS)
            ended = time.time() - 6
        show("nothing runs yet", customers, begun, replaced - 6)
        show("everything is replaced", customers, replaced - 6, ended)


if __name__ == "__main__":
    main()
