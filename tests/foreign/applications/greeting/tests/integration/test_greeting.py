"""The application's own suite, as such suites are written: a stack's name, its outputs, an HTTPS address."""

import json
import os
from urllib.request import urlopen

import boto3


def test_it_greets():
    stacks = boto3.client("cloudformation").describe_stacks(StackName=os.environ["AWS_SAM_STACK_NAME"])["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    with urlopen(outputs["GreetingApi"]) as answer:
        assert answer.status == 200
        assert "edition" in json.load(answer)
