import json

EDITION = "first"


def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"edition": EDITION})}
