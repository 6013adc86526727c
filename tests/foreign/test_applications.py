"""Applications as other people write them go to production and back, and nobody edits them for it.

Each was written in our own words in the shape of a published sample; docs/applications.md says how the samples went.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from urllib.request import urlopen
from uuid import uuid4

import pytest

from .support import Foreign, eventually


def edition_of_an_api(application: Foreign) -> str:
    [address] = [value for name, value in application.outputs.items() if name.endswith("Api")]
    with urlopen(address) as answer:
        return json.load(answer)["edition"]


def edition_of_orders(application: Foreign) -> str:
    """An order goes into the queue, through a table and its stream, and comes out in the ledger."""
    order = uuid4().hex
    message = json.dumps({"id": order})
    application.client("sqs").send_message(QueueUrl=application.outputs["Incoming"], MessageBody=message)
    return entered(application, application.outputs["Ledger"], order)


def edition_of_uploads(application: Foreign) -> str:
    """An object is put into the bucket, and appears in the list."""
    key = f"{uuid4().hex}.json"
    application.client("s3").put_object(Bucket=application.outputs["Uploads"], Key=key, Body=b"{}")
    return entered(application, application.outputs["Listed"], key)


def edition_of_meters(application: Foreign) -> str:
    """A reading goes into the stream, and appears in the table."""
    reading = uuid4().hex
    data = json.dumps({"id": reading}).encode()
    application.client("kinesis").put_record(StreamName=application.outputs["Readings"], Data=data, PartitionKey="1")
    return entered(application, application.outputs["Latest"], reading)


def edition_of_rounds(application: Foreign) -> str:
    """The state machine makes a round and tells what it found."""
    client = application.client("stepfunctions")
    arn = client.start_execution(stateMachineArn=application.outputs["Rounds"])["executionArn"]

    def ended() -> str:
        found = client.describe_execution(executionArn=arn)
        return "" if found["status"] == "RUNNING" else found.get("output", found["status"])

    return json.loads(eventually(ended))["edition"]


def entered(application: Foreign, table: str, key: str) -> str:
    """The edition that wrote an entry of a table, once it is there."""
    client = application.client("dynamodb")
    item = eventually(lambda: client.get_item(TableName=table, Key={"id": {"S": key}}).get("Item"))
    return item["edition"]["S"]


NOTHING = {"Records": []}


@pytest.mark.parametrize(
    ("name", "changed", "event", "edition"),
    [
        ("greeting", ["greeting/app.py"], {"httpMethod": "GET"}, edition_of_an_api),
        ("salute", ["salute/app.mjs"], {"rawPath": "/salute"}, edition_of_an_api),
        ("orders", ["functions/take/app.py", "functions/keep/app.py"], NOTHING, edition_of_orders),
        ("uploads", ["src/handlers/list.py"], NOTHING, edition_of_uploads),
        ("meters", ["record.py"], NOTHING, edition_of_meters),
        ("rounds", ["functions/look/app.py", "functions/log/app.js"], NOTHING, edition_of_rounds),
    ],
)
def test_it_goes_to_production_is_changed_and_goes_back(
    foreign: Callable[[str], Foreign],
    name: str,
    changed: list[str],
    event: object,
    edition: Callable[[Foreign], str],
) -> None:
    application = foreign(name)
    application.adopt()
    application.release()
    first = application.serving()
    assert edition(application) == "first"

    application.change(*changed)
    with application.customers(event):
        application.release()
    second = application.serving()
    assert edition(application) == "second"
    assert all(second[function].code != first[function].code for function in first)
    assert application.drift() == "IN_SYNC"

    application.roll_back()
    assert edition(application) == "first"
    assert application.serving() == first
    assert not any(serving.weights for serving in first.values())
    assert application.drift() == "IN_SYNC"


def test_its_own_integration_tests_pass_unchanged(foreign: Callable[[str], Foreign]) -> None:
    application = foreign("greeting")
    application.adopt()
    application.release()
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", "tests/integration"]
    environment = os.environ | {"AWS_SAM_STACK_NAME": application.name, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=application.root, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout
