"""Everything here talks to a stack that is deployed; its name is in AWS_SAM_STACK_NAME."""

import os

import boto3
import pytest


@pytest.fixture(scope="session")
def outputs():
    """The stack's outputs by key."""
    name = os.environ.get("AWS_SAM_STACK_NAME")
    if not name:
        raise RuntimeError("set AWS_SAM_STACK_NAME to the name of the stack to test")
    [stack] = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
