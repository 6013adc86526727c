"""A boat arrives, by the real state machine; its entry stays, for others to read."""

import json
import os
import time
import uuid

import boto3


def arrive(boat):
    machine = boto3.client("stepfunctions")
    arn = machine.start_execution(stateMachineArn=os.environ["ArrivalMachineArn"], input=json.dumps(boat))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = machine.describe_execution(executionArn=arn["executionArn"])
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.1)
    raise AssertionError(f"it still runs: {found}")


def test_a_boat_gets_a_berth_and_is_written_down():
    name = f"boat-{uuid.uuid4().hex[:8]}"
    found = arrive({"boat": name, "length": 12})
    assert found["status"] == "SUCCEEDED", found.get("cause", found)
    table = boto3.resource("dynamodb").Table(os.environ["BoatsTableName"])
    assert table.get_item(Key={"boat": name})["Item"]["berth"] == 6


def test_boats_that_are_too_long_are_sent_away():
    for length in range(262, 270):
        found = arrive({"boat": "Titanic", "length": length})
        assert found["status"] == "FAILED"
        assert found["error"] == "HarbourFull"
