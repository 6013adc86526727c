import base64
import json
import os

import boto3

EDITION = "first"


def handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["LATEST"])
    for record in event["Records"]:
        reading = json.loads(base64.b64decode(record["kinesis"]["data"]))
        table.put_item(Item={"id": reading["id"], "edition": EDITION})
