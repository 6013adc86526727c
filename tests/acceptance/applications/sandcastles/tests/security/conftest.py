import os

import boto3
import pytest


@pytest.fixture(scope="session")
def outputs():
    [stack] = boto3.client("cloudformation").describe_stacks(StackName=os.environ["AWS_SAM_STACK_NAME"])["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
