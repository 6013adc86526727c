import os

import boto3

EDITION = "first"


def handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["LISTED"])
    for record in event.get("Records", []):
        table.put_item(Item={"id": record["s3"]["object"]["key"], "edition": EDITION})
