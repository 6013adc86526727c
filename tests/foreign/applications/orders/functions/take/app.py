import json

import shared


def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])
        shared.put("ORDERS", {"id": order["id"]})
    return {"batchItemFailures": []}
