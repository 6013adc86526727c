import json
import os

import boto3


def handler(event, context):
    answer = boto3.client("lambda").invoke(FunctionName=os.environ["TOLLS"], Payload=b"{}")
    return json.loads(answer["Payload"].read())
