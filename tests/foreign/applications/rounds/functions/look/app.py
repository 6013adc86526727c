import os

import boto3

EDITION = "first"


def handler(event, context):
    boto3.client("sns").publish(TopicArn=os.environ["FOUND"], Message=EDITION)
    return {"found": 1, "edition": EDITION}
