"""What the embedded cloud costs: ``python benchmarks/cloud/bench_cloud.py``. Prints a table; nothing is asserted.

CPU is that of the cloud's process and of all function processes together, from ``/proc``.
"""

import functools
import json
import os
import statistics
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shoreward.cloud import EmbeddedCloud
from shoreward.testing.cloud import CloudAccount, account_of, archive

REGION = "eu-west-1"
HANDLER = "def handler(event, context): return {'statusCode': 200, 'body': 'ok'}"
WHO = """
import os
def handler(event, context):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {name.lower(): os.environ[name] for name in names}
"""
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """CPU used so far by a process and its children."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            columns = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry.parent.name) == root or int(columns[1]) == root:
            total += int(columns[11]) + int(columns[12])
    return total / TICKS


def measure(name: str, cloud: EmbeddedCloud, count: int, act: Callable[[], object]) -> None:
    for _ in range(min(count, 20)):
        act()
    cpu, begun, took = cpu_seconds(cloud.pid), time.perf_counter(), list[float]()
    for _ in range(count):
        at = time.perf_counter()
        act()
        took.append((time.perf_counter() - at) * 1000)
    elapsed, used = time.perf_counter() - begun, cpu_seconds(cloud.pid) - cpu
    quantiles = statistics.quantiles(took, n=100)
    print(
        f"{name:42} {count / elapsed:8.0f}/s  cpu {used * 1000 / count:6.2f} ms  "
        f"p50 {quantiles[49]:7.2f} ms  p99 {quantiles[98]:7.2f} ms"
    )


def template(account: CloudAccount) -> str:
    s3 = account.client("s3", REGION)
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="code", Key="1.zip", Body=archive({"index.py": HANDLER}))
    resources: dict[str, Any] = {"Q": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::Serverless::SimpleTable"}}
    for name in ("A", "B", "C"):
        event = {"Type": "HttpApi", "Properties": {"Path": f"/{name}/{{id}}", "Method": "get"}}
        properties = {
            "Handler": "index.handler",
            "Runtime": "python3.11",
            "CodeUri": "s3://code/1.zip",
            "AutoPublishAlias": "live",
            "Events": {"E": event},
        }
        resources[name] = {"Type": "AWS::Serverless::Function", "Properties": properties}
    address = {"Fn::Sub": "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com/A/7"}
    outputs = {"Address": {"Value": address}, "Name": {"Value": {"Ref": "A"}}}
    return json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources, "Outputs": outputs})


def create(account: CloudAccount, name: str, body: str) -> dict[str, str]:
    client = account.client("cloudformation", REGION)
    client.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
    while (stack := client.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(0.005)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def fill(account: CloudAccount, seconds: int) -> float:
    """Ten datapoints a second for some minutes, as a canary and a baseline have."""
    start = (time.time() // 60 - 30) * 60
    client = account.client("cloudwatch", REGION)
    for offset in range(0, seconds, 200):
        data = [
            {"MetricName": "latency", "Timestamp": start + at, "Values": [float(at % 7 + n) for n in range(10)]}
            for at in range(offset, min(offset + 200, seconds))
        ]
        client.put_metric_data(Namespace="Bench", MetricData=data)
    return start


def batch(start: float, period: int) -> dict[str, Any]:
    metric = {"Namespace": "Bench", "MetricName": "latency", "Dimensions": []}
    stat = {"Metric": metric, "Period": period, "Stat": "p99"}
    queries = [{"Id": f"m{number}", "MetricStat": stat} for number in range(64)]
    return {"StartTime": start, "EndTime": start + 600, "MetricDataQueries": queries}


def credentials(account: CloudAccount) -> dict[str, str]:
    """What a function signs with, whose role may do with tables what SAM's policy for that allows."""
    iam, client = account.client("iam", REGION), account.client("lambda", REGION)
    role = iam.create_role(RoleName="who", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    actions = [f"dynamodb:{verb}Item" for verb in ("Get", "Delete", "Put", "Update", "BatchGet", "BatchWrite")]
    tables = [f"arn:aws:dynamodb:{REGION}:{account.account_id}:table/bench", "arn:aws:dynamodb:*:*:table/other/index/*"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": tables}
    iam.put_role_policy(RoleName="who", PolicyName="own", PolicyDocument=json.dumps({"Statement": [statement]}))
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName="who", PolicyArn=basic)
    code = {"ZipFile": archive({"index.py": WHO})}
    client.create_function(FunctionName="who", Runtime="python3.11", Handler="index.handler", Role=role, Code=code)
    found: dict[str, str] = json.load(client.invoke(FunctionName="who")["Payload"])
    return found


def ask_a_table(cloud: EmbeddedCloud, account: CloudAccount) -> None:
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    types = [{"AttributeName": "id", "AttributeType": "S"}]
    tables = account.client("dynamodb", REGION)
    tables.create_table(TableName="bench", KeySchema=key, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST")
    make: Any = account.session(REGION).client
    functions = make("dynamodb", endpoint_url=cloud.endpoint, **credentials(account))
    for who, client in (("an account", tables), ("a function", functions)):
        ask = functools.partial(client.get_item, TableName="bench", Key={"id": {"S": "1"}})
        measure(f"GetItem by {who}", cloud, 500, ask)


def main() -> None:
    begun = time.perf_counter()
    with EmbeddedCloud() as cloud:
        print(f"{'start':42} {(time.perf_counter() - begun) * 1000:8.0f} ms")
        account = account_of(cloud, "123456789012")
        body = template(account)
        create(account, "warm-up", body)
        begun = time.perf_counter()
        given = create(account, "bench", body)
        print(f"{'create: 3 functions, HTTP API, table, queue':42} {(time.perf_counter() - begun) * 1000:8.0f} ms")
        parts = urlsplit(given["Address"])
        assert parts.hostname is not None
        connection = HTTPConnection(parts.hostname, parts.port)

        def get() -> None:
            connection.request("GET", parts.path)
            assert connection.getresponse().read() == b"ok"

        begun = time.perf_counter()
        get()
        print(f"{'first request (cold start)':42} {(time.perf_counter() - begun) * 1000:8.1f} ms")
        measure("GET, HTTP API to a Python function", cloud, 3000, get)
        client = account.client("lambda", REGION)
        measure(
            "Invoke by boto3",
            cloud,
            500,
            lambda: client.invoke(FunctionName=given["Name"], Qualifier="live")["Payload"].read(),
        )
        ask_a_table(cloud, account)
        start = fill(account, 600)
        watch = account.client("cloudwatch", REGION)
        for period in (60, 10, 1):
            ask = functools.partial(watch.get_metric_data, **batch(start, period))
            measure(f"GetMetricData, 64 x 600 s, period {period}", cloud, 10, ask)


if __name__ == "__main__":
    main()
